import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChannelStore, createTurns, type KeptChannel, parseKeptChannel } from '@agorai/sdk'
import type { Hex } from 'viem'
import { readState, withLock, writeState } from './stateFile.js'

/** A store that also tells what it holds. */
export type ChannelFiles = ChannelStore & { list(): Promise<KeptChannel[]> }

/** Channels in a folder, a file each. */
export function openChannelFiles(folder: string): ChannelFiles {
  const pathOf = (name: string): string => join(folder, `${name}.json`)
  const get = (channel: Hex) => readState(pathOf(channel), parseKeptChannel)
  // A lock is of a process: within one, work takes turns before it.
  const inTurn = createTurns()
  return {
    get,
    set: (channel, kept) => writeState(pathOf(channel), kept),
    exclusive: (name, work) => inTurn(name, () => withLock(pathOf(name), work)),
    async list() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => /^0x[0-9a-f]{64}\.json$/.test(name))
      const found = await Promise.all(names.map((name) => get(name.slice(0, -'.json'.length) as Hex)))
      return found.filter((kept) => kept !== undefined)
    },
  }
}
