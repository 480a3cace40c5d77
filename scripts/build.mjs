// Builds what changed. Run with `npm run build`; `start` and `test` call the same functions.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './install.mjs'
import { runProgram, runStep } from './steps.mjs'

const cache = join(root, '.cache')
const webStamp = join(cache, 'web-build')
/** Where the built page is. */
export const webFolder = join(root, 'packages/web/dist')
const webSources = ['packages/web', 'packages/core/src', 'packages/sdk/src']

/** Compiles the given projects and what they refer to; the compiler itself knows what changed. */
export async function buildTypes(projects = ['packages/node', 'packages/cli']) {
  await runProgram(process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...projects], { cwd: root })
  return 'built'
}

/** Bundles the page when any source of it changed since the last time. What is served is a whole build at any moment. */
export async function buildWeb() {
  const hash = hashFiles(webSources)
  const built = existsSync(join(webFolder, 'index.html'))
  if (built && existsSync(webStamp) && readFileSync(webStamp, 'utf8') === hash) return 'up to date'
  mkdirSync(cache, { recursive: true })
  const draft = mkdtempSync(join(cache, 'web-'))
  const fresh = join(draft, 'dist')
  try {
    await runProgram(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', fresh], {
      cwd: join(root, 'packages/web'),
      // Test runners set another, with which React would be the one for development.
      env: { ...process.env, NODE_ENV: 'production' },
    })
    rmSync(webFolder, { recursive: true, force: true })
    renameSync(fresh, webFolder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  writeFileSync(webStamp, hash)
  return 'built'
}

function hashFiles(paths) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap((path) => listFiles(join(root, path))).sort())
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

function listFiles(path) {
  if (!existsSync(path)) return []
  const entries = readdirSync(path, { withFileTypes: true, recursive: false })
  return entries.flatMap((entry) => {
    if (entry.name === 'dist' || entry.name === 'node_modules' || entry.name.endsWith('.tsbuildinfo')) return []
    const full = join(path, entry.name)
    return entry.isDirectory() ? listFiles(full) : [full]
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runStep('packages', () => buildTypes())
  await runStep('web page', buildWeb)
}
