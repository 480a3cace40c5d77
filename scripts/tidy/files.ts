import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** `path` is relative to the repository, with forward slashes. */
export type SourceFile = { path: string; text: string }

/** One rule of the house. `find` names every breach; each of `bad` is a breach that it must find. */
export type Rule = {
  name: string
  find: (files: readonly SourceFile[]) => string[]
  bad: Record<string, readonly SourceFile[]>
}

const skipped = new Set(['node_modules', 'dist', 'out', 'cache', 'coverage', 'generated'])
const measured = /^examples\/[^/]+\/data$/
const readable = /\.(ts|tsx|mjs|js|json|sol|md|css|html|toml|tree|yml)$|^\.npmrc$|^run$/

/** Everything that people wrote: no dependencies, nothing built, generated or measured. */
export function readRepository(root: string): SourceFile[] {
  const files: SourceFile[] = []
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const hidden = entry.name.startsWith('.') && entry.name !== '.ci' && entry.name !== '.npmrc'
      if (hidden || skipped.has(entry.name)) continue
      const full = join(folder, entry.name)
      const path = relative(root, full).split(sep).join('/')
      if (measured.test(path)) continue
      if (entry.isDirectory()) folders.push(full)
      else if (readable.test(entry.name)) files.push({ path, text: readFileSync(full, 'utf8') })
    }
  }
  return files.sort((left, right) => (left.path < right.path ? -1 : 1))
}

export const isCode = (path: string) => /\.(ts|tsx|mjs|js)$/.test(path)
/** Tests, and what only tests use. */
export const isTest = (path: string) =>
  /\.test\.tsx?$/.test(path) || /^(e2e|bench|packages\/[^/]+\/test)\//.test(path) || /\/test[A-Z]\w*\.tsx?$/.test(path)
/** Code that is shipped: what stands in a package's `src` and is no test. */
export const isProduct = (path: string) => /^packages\/[^/]+\/src\//.test(path) && isCode(path) && !isTest(path)
/** The rules themselves speak of what they forbid. */
export const isRule = (path: string) => path.startsWith('scripts/tidy')

/** The code without its comments, with the same lines. */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ')
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/[^\n]*/g, blank)
}

/** `path:line` of every match in the files. */
export function findMatches(
  files: readonly SourceFile[],
  pattern: RegExp,
  say: (match: RegExpMatchArray) => string,
): string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map((match) => `${path}:${lineOf(text, match.index)} ${say(match)}`),
  )
}

export const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length
