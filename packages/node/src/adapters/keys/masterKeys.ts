import { randomBytes } from 'node:crypto'
import { chmod, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgoraiError, hexSchema, parseStrictJson, parseWith } from '@agorai/core'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { z } from 'zod'
import type { Kms } from '../../ports/kms.js'
import { makeFolder, writeFileAtomic } from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'
import { decrypt, encrypt } from './aead.js'

/** How master keys lie on the disk: as they are in a file of this user alone, or closed by a passphrase or a service. */
export type Protection = { by: 'file' } | { by: 'passphrase' | 'kms'; kms: Kms }

type MasterKey = { id: Hex; key: Uint8Array }

/** A key that belongs to one record, closed by a master key. */
export type WrappedKey = { masterKey: Hex; wrappedKey: Hex }

/** The keys that close the keys of records. Several only while records are moved from an old one to a new one. */
export type MasterKeys = {
  /** Whether the master key of this name is here. */
  has(masterKey: Hex): boolean
  wrap(dataKey: Uint8Array, purpose: string): WrappedKey
  /** @throws AgoraiError `key_store_damaged` */
  unwrap(wrapped: WrappedKey, purpose: string): Uint8Array
  /** Adds a fresh one, which closes from now on. */
  rotate(protection: Protection): Promise<void>
  /** Forgets all but the present one: what they closed is closed for ever. */
  prune(protection: Protection): Promise<void>
}

const fileSchema = z.strictObject({
  agorai: z.literal('master-keys/1'),
  protectedBy: z.enum(['file', 'passphrase', 'kms']),
  /** The present one first. */
  keys: z.array(z.strictObject({ id: hexSchema, key: hexSchema })).min(1),
})

/**
 * Reads the master keys from a file that only this user may read, and creates one at the first start.
 *
 * @param options.isFirstStart Whether no record was closed yet. Otherwise none is created: what an old one closed would be
 * lost in silence.
 * @throws AgoraiError `key_store_locked` for another passphrase, service or protection than the file's, `config_invalid`
 * when the file is lost or is not one of master keys; it is never replaced.
 */
export async function openMasterKeys(
  path: string,
  options: { protection: Protection; isFirstStart: boolean },
): Promise<MasterKeys> {
  let keys = (await readKeys(path, options.protection)) ?? (await createKeys(path, options))
  const present = (): MasterKey => keys[0] as MasterKey
  return {
    has: (masterKey) => keys.some(({ id }) => id === masterKey),
    wrap(dataKey, purpose) {
      const { id, key } = present()
      return { masterKey: id, wrappedKey: bytesToHex(encrypt(key, dataKey, purpose)) }
    },
    unwrap({ masterKey, wrappedKey }, purpose) {
      const found = keys.find(({ id }) => id === masterKey)
      if (found === undefined) throw damaged(`The master key ${masterKey} is not here.`)
      const opened = decrypt(found.key, hexToBytes(wrappedKey), purpose)
      if (opened === undefined) throw damaged(`The master key ${masterKey} does not open a record.`)
      return opened
    },
    async rotate(protection) {
      const next = [freshKey(), ...keys]
      await writeKeys(path, next, protection)
      keys = next
    },
    async prune(protection) {
      const next = keys.slice(0, 1)
      await writeKeys(path, next, protection)
      keys = next
    },
  }
}

const freshKey = (): MasterKey => ({ id: bytesToHex(randomBytes(8)), key: randomBytes(32) })

const damaged = (message: string): AgoraiError => new AgoraiError('key_store_damaged', message)

/** What closes the keys of a file, by its own word; undefined when it is not there. */
export const readProtection = async (path: string): Promise<Protection['by'] | undefined> =>
  (await readFileOf(path))?.protectedBy

async function readKeys(path: string, protection: Protection): Promise<MasterKey[] | undefined> {
  const file = await readFileOf(path)
  if (file === undefined) return undefined
  const { protectedBy, keys } = file
  if (protectedBy !== protection.by)
    throw new AgoraiError('key_store_locked', `${path} is closed by ${closedBy[protectedBy]}.`, {
      field: settingOf[protectedBy],
    })
  const open = 'kms' in protection ? protection.kms.unwrap : async (bytes: Uint8Array) => bytes
  const opened: MasterKey[] = []
  for (const { id, key } of keys) opened.push({ id, key: await open(hexToBytes(key)) })
  return opened
}

const closedBy = {
  file: 'nothing but the rights of the file; `agorai-node rotate-key` closes it as the settings say',
  passphrase: 'a passphrase',
  kms: 'a key management service',
} as const
const settingOf = {
  file: 'AGORAI_MASTER_KEYS',
  passphrase: 'AGORAI_KEY_PASSPHRASE',
  kms: 'AGORAI_KMS_URL',
} as const

async function createKeys(
  path: string,
  { protection, isFirstStart }: { protection: Protection; isFirstStart: boolean },
): Promise<MasterKey[]> {
  if (!isFirstStart)
    throw new AgoraiError(
      'config_invalid',
      `${path} is lost, and all keys that were deposited are closed by it. Restore it from a backup.`,
      { field: 'AGORAI_MASTER_KEYS' },
    )
  const keys = [freshKey()]
  await writeKeys(path, keys, protection)
  return keys
}

async function writeKeys(path: string, keys: readonly MasterKey[], protection: Protection): Promise<void> {
  const close = 'kms' in protection ? protection.kms.wrap : async (bytes: Uint8Array) => bytes
  const closed: { id: Hex; key: Hex }[] = []
  for (const { id, key } of keys) closed.push({ id, key: bytesToHex(await close(key)) })
  const document = { agorai: 'master-keys/1', protectedBy: protection.by, keys: closed }
  try {
    await makeFolder(dirname(path))
    await writeFileAtomic(path, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 })
  } catch (error) {
    throw toStorageError(error)
  }
}

async function readFileOf(path: string): Promise<z.output<typeof fileSchema> | undefined> {
  try {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return parseFile(path, await readFile(path))
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw toStorageError(error)
  }
}

function parseFile(path: string, bytes: Uint8Array): z.output<typeof fileSchema> {
  try {
    return parseWith(fileSchema, parseStrictJson(bytes, { bytesMax: 64 * 1024 }))
  } catch {
    // The cause would quote a secret.
    throw new AgoraiError('config_invalid', `${path} is not a file of master keys. Restore it from a backup.`, {
      field: 'AGORAI_MASTER_KEYS',
    })
  }
}
