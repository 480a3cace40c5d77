import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/install.mjs'
import { installPeers } from '../installPeers.mjs'

export const peersFolder = join(root, '.cache/data-peers')

/** Installs the packages that are measured beside Agorai's index. */
export const installIndexPeers = () => installPeers(fileURLToPath(new URL('.', import.meta.url)), peersFolder)
