import { posix } from 'node:path'
import { isCode, isProduct, isTest, lineOf, type Rule, type SourceFile, withoutComments } from './files.js'

type Import = { from: string; line: number; specifier: string; typeOnly: boolean; target: string | undefined }

const importPattern =
  /\b(?:import|export)\s+(type\s+)?(?:[\w$*{][^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g

const codeExtension = /\.(js|ts|tsx|mjs)$/

/** Every import of a file. `target` is the path that a relative specifier names, without its extension. */
function importsOf({ path, text }: SourceFile): Import[] {
  return [...withoutComments(text).matchAll(importPattern)].map((match) => {
    const specifier = (match[2] ?? match[3]) as string
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    return {
      from: path,
      line: lineOf(text, match.index),
      specifier,
      typeOnly: match[1] !== undefined,
      target: target?.replace(codeExtension, ''),
    }
  })
}

const say = ({ from, line, specifier }: Import, why: string) => `${from}:${line} imports ${specifier}: ${why}`
const packageName = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
const codeOf = (files: readonly SourceFile[]) => files.filter(({ path }) => isCode(path))

/** Which packages of ours each package may import. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  sdk: ['@agorai/core'],
  node: ['@agorai/core', '@agorai/sdk'],
  cli: ['@agorai/core', '@agorai/sdk'],
  web: ['@agorai/core', '@agorai/sdk'],
}

const packageArrows: Rule = {
  name: 'packages import along the arrows core ← sdk ← { node, cli, web } only',
  find: (files) =>
    codeOf(files).flatMap((file) => {
      const [, own] = /^packages\/([^/]+)\//.exec(file.path) ?? []
      if (own === undefined) return []
      return importsOf(file).flatMap((found) => {
        const { specifier, target } = found
        if (target !== undefined)
          return target.startsWith(`packages/${own}/`) ? [] : [say(found, 'it leaves its package')]
        if (!specifier.startsWith('@agorai/') || isTest(file.path)) return []
        return (arrows[own] ?? []).includes(packageName(specifier)) ? [] : [say(found, `${own} may not know it`)]
      })
    }),
  bad: {
    'core imports sdk': [{ path: 'packages/core/src/a.ts', text: `import { a } from '@agorai/sdk'` }],
    'sdk imports node': [{ path: 'packages/sdk/src/a.ts', text: `export { a } from '@agorai/node'` }],
    'cli imports node': [{ path: 'packages/cli/src/a.ts', text: `const a = await import('@agorai/node')` }],
    'a path out of the package': [
      { path: 'packages/web/src/a.ts', text: `import {\n  a,\n} from '../../core/src/index.js'` },
    ],
  },
}

const coreImports = ['zod', '@noble/hashes', 'hash-wasm', 'multiformats', 'canonicalize', 'viem']

const coreAllowList: Rule = {
  name: 'core imports nothing but small pure packages',
  find: (files) =>
    files
      .filter(({ path }) => isProduct(path) && path.startsWith('packages/core/'))
      .flatMap(importsOf)
      .flatMap((found) => {
        const { specifier, target, typeOnly } = found
        if (target !== undefined) return []
        if (!coreImports.includes(packageName(specifier))) return [say(found, 'it is not on the list')]
        // Of viem only the pure functions; its root also holds clients, which may be named as types.
        const pure = packageName(specifier) !== 'viem' || specifier === 'viem/utils' || typeOnly
        return pure ? [] : [say(found, 'import the type, or viem/utils')]
      }),
  bad: {
    'a framework': [{ path: 'packages/core/src/a.ts', text: `import { Hono } from 'hono'` }],
    'a client of viem': [{ path: 'packages/core/src/a.ts', text: `import { createPublicClient } from 'viem'` }],
  },
}

/** The part of the SDK that needs Node. */
const ingestRoom = 'packages/sdk/src/ingest/'

const noNodeModules: Rule = {
  name: 'core, web, and sdk but for its room ingest run in a browser: no node: modules',
  find: (files) =>
    files
      .filter(({ path }) => isProduct(path) && /^packages\/(core|sdk|web)\//.test(path))
      .filter(({ path }) => !path.startsWith(ingestRoom))
      .flatMap(importsOf)
      .filter(({ specifier }) => specifier.startsWith('node:'))
      .map((found) => say(found, 'a browser has no such module')),
  bad: { 'a file system': [{ path: 'packages/sdk/src/a.ts', text: `import { readFileSync } from 'node:fs'` }] },
}

const ingestApart: Rule = {
  name: 'what runs in a browser does not import @agorai/sdk/ingest',
  find: (files) =>
    files
      .filter(({ path }) => isProduct(path) && /^packages\/(core|sdk|web)\//.test(path))
      .filter(({ path }) => !path.startsWith(ingestRoom))
      .flatMap(importsOf)
      .filter(({ specifier, target }) => specifier === '@agorai/sdk/ingest' || target?.startsWith(ingestRoom))
      .map((found) => say(found, 'it needs Node')),
  bad: {
    'the page reads files': [{ path: 'packages/web/src/a.ts', text: `import { a } from '@agorai/sdk/ingest'` }],
    'the SDK leads there': [{ path: 'packages/sdk/src/index.ts', text: `export * from './ingest/index.js'` }],
  },
}

const rooms = ['gateway', 'indexer', 'worker']
const nodeRoot = 'packages/node/src/'

/** What puts a node together, or works on its data while it does not run. */
const composers = ['main.ts', 'agoraiNode.ts', 'compose', 'maintenance']

const nodeRooms: Rule = {
  name: 'inside node the rooms never import one another, and only what composes them knows the adapters',
  find: (files) =>
    codeOf(files)
      .filter(({ path }) => path.startsWith(nodeRoot))
      .flatMap((file) => {
        const [room = ''] = file.path.slice(nodeRoot.length).split('/')
        if (composers.includes(room)) return []
        return importsOf(file).flatMap((found) => {
          if (!found.target?.startsWith(nodeRoot)) return []
          const [other = ''] = found.target.slice(nodeRoot.length).split('/')
          if (isTest(file.path) || other === room) return []
          if (rooms.includes(other) && other !== room) return [say(found, `${room} and ${other} meet in ports/ only`)]
          if (other === 'adapters') return [say(found, 'compose/ composes the adapters')]
          if (other === 'main') return [say(found, 'main.ts is imported by agoraiNode.ts alone')]
          if (room === 'ports') return [say(found, 'a port imports nothing of the node but ports')]
          return []
        })
      }),
  bad: {
    'gateway imports indexer': [
      { path: 'packages/node/src/gateway/a.ts', text: `import { a } from '../indexer/a.js'` },
    ],
    'indexer imports an adapter': [
      { path: 'packages/node/src/indexer/a.ts', text: `import { a } from '../adapters/database/a.js'` },
    ],
    'a port imports a query': [{ path: 'packages/node/src/ports/a.ts', text: `import { a } from '../queries/a.js'` }],
  },
}

const declared: Rule = {
  name: 'what a package imports, its package.json declares',
  find: (files) => {
    const dependenciesOf = new Map<string, Set<string>>()
    for (const { path, text } of files) {
      if (!path.endsWith('package.json')) continue
      const { name, dependencies } = JSON.parse(text) as { name: string; dependencies?: Record<string, string> }
      dependenciesOf.set(posix.dirname(path), new Set([name, ...Object.keys(dependencies ?? {})]))
    }
    return files
      .filter(({ path }) => isProduct(path))
      .flatMap(importsOf)
      .filter(({ from, specifier, target }) => {
        const folder = from.split('/').slice(0, 2).join('/')
        const external = target === undefined && !/^(node:|virtual:)/.test(specifier)
        return external && !dependenciesOf.get(folder)?.has(packageName(specifier))
      })
      .map((found) => say(found, 'it is not among the dependencies'))
  },
  bad: {
    'an undeclared package': [
      { path: 'packages/sdk/package.json', text: '{ "name": "@agorai/sdk", "dependencies": { "viem": "2.0.0" } }' },
      { path: 'packages/sdk/src/a.ts', text: `import { a } from 'left-pad'` },
    ],
  },
}

const withoutExtension = (path: string) => path.replace(codeExtension, '')

/** The chains of imports that lead back to where they began, one for each arrow that closes one. */
function circlesOf(files: readonly SourceFile[]): string[][] {
  const imported = new Map(
    codeOf(files).map((file) => [withoutExtension(file.path), importsOf(file).map(({ target }) => target)]),
  )
  const circles: string[][] = []
  const done = new Set<string>()
  const follow = (path: string, trail: readonly string[]): void => {
    const begun = trail.indexOf(path)
    if (begun >= 0) circles.push([...trail.slice(begun), path])
    if (begun >= 0 || done.has(path)) return
    for (const target of imported.get(path) ?? []) if (target !== undefined) follow(target, [...trail, path])
    done.add(path)
  }
  for (const path of imported.keys()) follow(path, [])
  return circles
}

const noCircles: Rule = {
  name: 'no file imports itself through others, not even for a type',
  find: (files) => circlesOf(files).map((circle) => circle.join(' → ')),
  bad: {
    'two files that need one another': [
      { path: 'packages/sdk/src/a.ts', text: `import { b } from './b/b.js'` },
      { path: 'packages/sdk/src/b/b.ts', text: `import type { A } from '../a.js'` },
    ],
    'three, one of them by a name that it hands on': [
      { path: 'scripts/a.mjs', text: `export * from './b.mjs'` },
      { path: 'scripts/b.mjs', text: `const c = await import('./c.mjs')` },
      { path: 'scripts/c.mjs', text: `import './d.mjs'\nimport { a } from './a.mjs'` },
      { path: 'scripts/d.mjs', text: 'export const d = 1' },
    ],
  },
}

export const importRules = [packageArrows, coreAllowList, noNodeModules, ingestApart, nodeRooms, declared, noCircles]
