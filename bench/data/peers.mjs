// The packages that are measured beside Agorai's index, installed apart from the lockfile beside this file, in a folder
// that git ignores, running nothing of theirs.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/install.mjs'
import { runProgram } from '../../scripts/steps.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
export const peersFolder = join(root, '.cache/data-peers')

export async function installPeers() {
  const locked = createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex')
  const stamp = join(peersFolder, '.stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === locked) return 'installed before'
  mkdirSync(peersFolder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(here, file), join(peersFolder, file))
  await runProgram('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: peersFolder,
    remedy: 'Check the network and the registry (`npm ping`), then start again.',
  })
  writeFileSync(stamp, locked)
  return 'installed from bench/data/package-lock.json'
}
