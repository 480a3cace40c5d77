import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AgoraiError } from '@agorai/core'
import { makeFolder, removeQuietly, syncFolder, writeFileAtomic } from '../folder/atomicFiles.js'
import { toStorageError } from '../folder/fileErrors.js'

/** Saved states of the local chain, each a gzip file, numbered upwards. The two newest are kept. */
export type ChainDumps = {
  /** The newest state that is whole; undefined on a first start. `fellBack` tells that a newer one was damaged. */
  load(): Promise<{ state: Uint8Array; fellBack: boolean } | undefined>
  /** Saves a state; durable when the promise resolves. */
  save(state: Uint8Array): Promise<void>
}

const generationsKept = 2
const namePattern = /^state-(\d{1,15})\.json\.gz$/

/** @throws AgoraiError `folder_read_only`, `storage_full` */
export async function openChainDumps(folder: string): Promise<ChainDumps> {
  try {
    await makeFolder(folder)
    for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await removeQuietly(join(folder, name))
  } catch (error) {
    throw toStorageError(error)
  }
  const fileOf = (generation: number) => join(folder, `state-${generation}.json.gz`)
  let last = (await generations(folder))[0] ?? 0

  return {
    async load() {
      const found = await generations(folder)
      if (found.length === 0) return undefined
      for (const [index, generation] of found.entries()) {
        const state = await readFile(fileOf(generation))
        // The checksum and length that end a gzip file tell whether it is whole.
        if (!(await isGzip(state))) continue
        // What was damaged is kept for whoever wants to look, under a name that the next damage replaces.
        for (const damaged of found.slice(0, index)) await rename(fileOf(damaged), join(folder, 'damaged.json.gz'))
        return { state, fellBack: index > 0 }
      }
      throw new AgoraiError('chain_damaged', `No saved state in ${folder} can be read.`)
    },
    async save(state) {
      try {
        await writeFileAtomic(fileOf(last + 1), state)
        last += 1
        for (const old of (await generations(folder)).slice(generationsKept)) await rm(fileOf(old), { force: true })
        await syncFolder(folder)
      } catch (error) {
        throw toStorageError(error)
      }
    },
  }
}

/** Numbers of the saved states, newest first. */
async function generations(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).flatMap((name) => namePattern.exec(name)?.[1] ?? []).map(Number)
  return numbers.sort((a, b) => b - a)
}

async function isGzip(bytes: Uint8Array): Promise<boolean> {
  try {
    await promisify(gunzip)(bytes)
    return true
  } catch {
    return false
  }
}
