import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, hexSchema, parseStrictJson, parseWith } from '@agorai/core'
import { z } from 'zod'
import { makeFolder, writeFileAtomic } from '../adapters/folder/atomicFiles.js'
import { decrypt, encrypt } from '../adapters/keys/aead.js'
import type { MasterKeys } from '../adapters/keys/masterKeys.js'

/** One line of JSON, and after it all documents of a key store, closed together with their date. */
const headerSchema = z.strictObject({
  agorai: z.literal('key-backup/1'),
  madeAt: z.iso.datetime(),
  masterKey: hexSchema,
  wrappedKey: hexSchema,
})

const namePattern = /^keys-\d{8}T\d{9}Z\.backup$/
const lineFeed = 0x0a
const hourMs = 3_600_000

/** What is closed with the keys: a backup with another date opens nothing. */
const purposeOf = (madeAt: string): string => `agorai/key-backup/1/${madeAt}`

/** Writes all documents into one file, reads it again, and removes the files that may no longer be restored. */
export async function writeKeyBackup(
  folder: string,
  masterKeys: MasterKeys,
  options: { documents: readonly Uint8Array[]; hours: number; now: Date },
): Promise<{ path: string; removed: string[] }> {
  const { documents, hours, now } = options
  const madeAt = now.toISOString()
  const dataKey = randomBytes(32)
  const purpose = purposeOf(madeAt)
  const header = { agorai: 'key-backup/1', madeAt, ...masterKeys.wrap(dataKey, purpose) }
  const sealed = encrypt(dataKey, Buffer.concat(documents), purpose)
  const path = join(folder, `keys-${madeAt.replaceAll(/[-:.]/g, '')}.backup`)
  await makeFolder(folder)
  await writeFileAtomic(path, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), sealed]), { mode: 0o600 })
  const written = await readKeyBackup(path, masterKeys)
  if (written.documents.length !== documents.length)
    throw new AgoraiError('backup_invalid', `${path} was not written as it should be.`)
  const removed: string[] = []
  for (const name of await backupNames(folder)) {
    const { madeAt: old } = await readHeader(join(folder, name))
    if (now.getTime() - Date.parse(old) <= hours * hourMs) continue
    await rm(join(folder, name))
    removed.push(name)
  }
  return { path, removed }
}

/**
 * The documents of the newest backup in a folder.
 *
 * @throws AgoraiError `backup_invalid`, `backup_expired`, `key_store_damaged` for another master key
 */
export async function readNewestBackup(
  folder: string,
  masterKeys: MasterKeys,
  { hours, now }: { hours: number; now: Date },
): Promise<{ madeAt: string; documents: Uint8Array[] }> {
  const newest = (await backupNames(folder)).at(-1)
  if (newest === undefined)
    throw new AgoraiError('backup_invalid', `There is no backup of keys in ${folder}.`, { field: 'folder' })
  const backup = await readKeyBackup(join(folder, newest), masterKeys)
  const age = (now.getTime() - Date.parse(backup.madeAt)) / hourMs
  if (age > hours)
    throw new AgoraiError('backup_expired', `${newest} is ${Math.floor(age)} hours old, more than ${hours}.`, {
      field: 'AGORAI_KEY_BACKUP_HOURS',
    })
  return backup
}

const backupNames = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => namePattern.test(name)).sort()

async function readKeyBackup(path: string, masterKeys: MasterKeys) {
  const { madeAt, wrapped, sealed } = await readHeader(path)
  const purpose = purposeOf(madeAt)
  const opened = decrypt(masterKeys.unwrap(wrapped, purpose), sealed, purpose)
  if (opened === undefined) throw new AgoraiError('backup_invalid', `${path} was altered.`, { field: 'folder' })
  return { madeAt, documents: linesOf(opened) }
}

async function readHeader(path: string) {
  const bytes = await readFile(path)
  const end = bytes.indexOf(lineFeed)
  try {
    const { madeAt, masterKey, wrappedKey } = parseWith(headerSchema, parseStrictJson(bytes.subarray(0, end)))
    return { madeAt, wrapped: { masterKey, wrappedKey }, sealed: bytes.subarray(end + 1) }
  } catch (cause) {
    throw new AgoraiError('backup_invalid', `${path} is not a backup of keys.`, { field: 'folder', cause })
  }
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(lineFeed, at) + 1
    lines.push(bytes.subarray(at, end))
    at = end
  }
  return lines
}
