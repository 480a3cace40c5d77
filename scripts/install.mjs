// Plain Node: this runs before anything is installed.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runProgram, StepError } from './steps.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
const pathOf = (name) => `${root}${name}`
const stampFile = pathOf('node_modules/.agorai-stamp')

/** Whether a version of Node is one that the lockfile's packages run on: ^20.19 || ^22.12 || >=24. */
export function isNodeSupported(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24
}

/** @throws StepError when this machine cannot run what would be installed. */
export function checkMachine(version = process.version, platform = `${process.platform}-${process.arch}`) {
  if (!isNodeSupported(version))
    throw new StepError(
      `Node ${version} is not supported.`,
      'Install Node 24 (20.19 and 22.12 or later work too) from https://nodejs.org.',
    )
  if (platform !== 'linux-x64')
    throw new StepError(
      `${platform} is not supported yet.`,
      'Use Linux on x64, in a virtual machine or a container if need be.',
    )
}

const readOptional = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const lockfileHash = () =>
  createHash('sha256')
    .update(readFileSync(pathOf('package-lock.json')))
    .digest('hex')

/**
 * Whether what npm wrote down as installed is what the lockfile asks for. Optional packages may be missing (most are for
 * other machines), but not those that the repository itself names.
 */
export function matchesLockfile(lockfile, installed) {
  const named = Object.keys(lockfile.packages['']?.optionalDependencies ?? {}).map((name) => `node_modules/${name}`)
  return Object.entries(lockfile.packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.link) return true
    const found = installed.packages[path]
    return found === undefined ? wanted.optional === true && !named.includes(path) : found.version === wanted.version
  })
}

/** Whether node_modules is what the lockfile asks for: by our own mark, or, where npm was run by hand, by npm's. */
export function isInstalled() {
  const installed = readOptional(pathOf('node_modules/.package-lock.json'))
  if (installed === undefined) return false
  if (readOptional(stampFile) === lockfileHash()) return true
  return matchesLockfile(JSON.parse(readFileSync(pathOf('package-lock.json'), 'utf8')), JSON.parse(installed))
}

/** Installs the locked packages when they are not those that are installed. Says what it did. */
export async function install() {
  const needed = !isInstalled()
  if (needed) {
    // Under `npm start` npm names itself; otherwise the one on the path.
    const npm = process.env.npm_execpath?.endsWith('.js')
      ? { program: process.execPath, args: [process.env.npm_execpath] }
      : { program: 'npm', args: [] }
    await runProgram(npm.program, [...npm.args, 'ci', '--no-audit', '--no-fund'], {
      cwd: root,
      remedy: 'Check the network and the registry (`npm ping`), then start again.',
    })
  }
  writeFileSync(stampFile, lockfileHash())
  return needed ? 'installed from the lockfile' : 'up to date'
}
