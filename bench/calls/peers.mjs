// Installs the official middleware, with our server of it beside.
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/install.mjs'
import { installPeers } from '../installPeers.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = join(root, '.cache/calls-peers')
/** The server runs from there, where its packages are. */
export const officialServer = join(folder, 'officialServer.mjs')

export async function installOfficialServer() {
  mkdirSync(folder, { recursive: true })
  cpSync(join(here, 'officialServer.mjs'), officialServer)
  return installPeers(here, folder)
}
