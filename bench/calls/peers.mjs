// Installs the official middleware by its lockfile in the repository's cache, once, with our server of it beside.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/install.mjs'
import { runProgram } from '../../scripts/steps.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = join(root, '.cache/calls-peers')
/** The server runs from there, where its packages are. */
export const officialServer = join(folder, 'officialServer.mjs')

export async function installPeers() {
  mkdirSync(folder, { recursive: true })
  cpSync(join(here, 'officialServer.mjs'), officialServer)
  const locked = createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex')
  const stamp = join(folder, '.stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === locked) return 'installed before'
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(here, file), join(folder, file))
  await runProgram('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    remedy: 'Check the network and the registry (`npm ping`), then start again.',
  })
  writeFileSync(stamp, locked)
  return 'installed from bench/calls/package-lock.json'
}
