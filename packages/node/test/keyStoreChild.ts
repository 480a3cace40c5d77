import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { isAgoraiError } from '@agorai/core'
import { createKeyStore } from '../src/adapters/keys/createKeyStore.js'
import { openFileKeyDocuments } from '../src/adapters/keys/fileKeyDocuments.js'
import { openMasterKeys } from '../src/adapters/keys/masterKeys.js'
import type { KeyStore } from '../src/ports/keyStore.js'

/** One change of a key store in a process that is killed in it. Says `done` once it is acknowledged. */
export const commitmentOf = (byte: string) => `0x${byte.repeat(32)}` as const

export const secretsFor = (byte: number, partitions: number) =>
  Array.from({ length: partitions }, (_, partition) => ({
    contentKey: new Uint8Array(32).fill(byte + partition),
    saltSeed: new Uint8Array(32).fill(byte + partition + 100),
  }))

export const put = (keys: KeyStore, byte: string, partitions: number) =>
  keys.put({
    commitment: commitmentOf(byte),
    manifestDigest: commitmentOf('dd'),
    cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    bytes: 100,
    account: '0x976EA74026E726554dB657fA54763abd0C3a0aa9',
    secrets: secretsFor(Number.parseInt(byte, 16), partitions),
  })

export async function openKeys(folder: string) {
  const protection = { by: 'file' } as const
  const masterKeys = await openMasterKeys(join(folder, 'keys', 'master.json'), { protection, isFirstStart: true })
  const keys = createKeyStore(await openFileKeyDocuments(join(folder, 'keystore')), masterKeys)
  return { keys, masterKeys, protection }
}

const erasure = (partition: number | null) => ({ partition, erasedAt: 1, signature: '0x01' }) as const

export const works = {
  put: async ({ keys }: Opened) => void (await put(keys, '33', 2)),
  'destroy a part': async ({ keys }: Opened) => void (await keys.destroy(commitmentOf('11'), erasure(1))),
  'destroy all': async ({ keys }: Opened) => void (await keys.destroy(commitmentOf('11'), erasure(null))),
  rotate: async ({ keys, masterKeys, protection }: Opened) => {
    await masterKeys.rotate(protection)
    await keys.rewrap()
    await masterKeys.prune(protection)
  },
}
type Opened = Awaited<ReturnType<typeof openKeys>>
export type Work = keyof typeof works

const [, , folder, work] = process.argv
if (folder !== undefined && work !== undefined && work in works)
  try {
    await works[work as Work](await openKeys(folder))
    writeSync(1, 'done')
  } catch (error) {
    writeSync(1, isAgoraiError(error) ? error.code : String(error))
  }
