import { join } from 'node:path'
import { type ChannelStore, createTurns, parseKeptChannel } from '@agorai/sdk'
import { readState, withLock, writeState } from './stateFile.js'

/** Channels in a folder, a file each. */
export function openChannelFiles(folder: string): ChannelStore {
  const pathOf = (name: string): string => join(folder, `${name}.json`)
  // A lock is of a process: within one, work takes turns before it.
  const inTurn = createTurns()
  return {
    get: (channel) => readState(pathOf(channel), parseKeptChannel),
    set: (channel, kept) => writeState(pathOf(channel), kept),
    exclusive: (name, work) => inTurn(name, () => withLock(pathOf(name), work)),
  }
}
