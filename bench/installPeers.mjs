// Installs what is measured beside Agorai.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../scripts/install.mjs'
import { runProgram } from '../scripts/steps.mjs'

/**
 * Installs the packages of a bench's lockfile, apart from all else and once for each lockfile, in a folder that git ignores,
 * running nothing of theirs.
 *
 * @param from The folder of `package.json`, `package-lock.json` and `.npmrc`.
 * @param to Where they are installed.
 */
export async function installPeers(from, to) {
  const locked = createHash('sha256')
    .update(readFileSync(join(from, 'package-lock.json')))
    .digest('hex')
  const stamp = join(to, '.stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === locked) return 'installed before'
  mkdirSync(to, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(from, file), join(to, file))
  await runProgram('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: to,
    remedy: 'Check the network and the registry (`npm ping`), then start again.',
  })
  writeFileSync(stamp, locked)
  return `installed from ${relative(root, from)}/package-lock.json`
}
