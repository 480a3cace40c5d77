import { randomBytes } from 'node:crypto'
import {
  AgoraiError,
  addressSchema,
  bytes32Schema,
  cidSchema,
  hexSchema,
  type KeptSecrets,
  parseStrictJson,
  parseWith,
  partitionsMax,
  sealedSecretsSchema,
} from '@agorai/core'
import { bytesToHex, hexToBytes } from 'viem'
import { z } from 'zod'
import type { Erasure, KeptKey, KeyFacts } from '../../ports/keyStore.js'
import { decrypt, encrypt } from './aead.js'
import type { MasterKeys } from './masterKeys.js'

const erasureSchema = z.strictObject({
  partition: z.number().int().min(0).nullable(),
  erasedAt: z.number().int(),
  signature: hexSchema,
})

/** A kept key as it lies in a file, a table or a backup. */
const documentSchema = z.strictObject({
  agorai: z.literal('key/1'),
  commitment: bytes32Schema,
  manifestDigest: bytes32Schema,
  cid: cidSchema,
  bytes: z.number().int(),
  account: addressSchema,
  partitions: z.number().int().min(1).max(partitionsMax),
  erasures: z.array(erasureSchema),
  /** The secrets of the partitions that are left, under a key of this document alone; null once none is. */
  sealed: z.strictObject({ masterKey: hexSchema, wrappedKey: hexSchema, secrets: sealedSecretsSchema }).nullable(),
})

export type KeyDocument = z.infer<typeof documentSchema>

const wordBytes = 32
const documentBytesMax = 512 * 1024

/** Closes a key. Each document has a key of its own, so that one that is destroyed opens with no other. */
export function closeKey(masterKeys: MasterKeys, key: KeptKey): KeyDocument {
  const { commitment, manifestDigest, cid, bytes, account, secrets, erasures } = key
  const document = {
    agorai: 'key/1' as const,
    ...{ commitment, manifestDigest, cid, bytes, account },
    partitions: secrets.length,
    erasures: [...erasures],
  }
  const left = secrets.filter((each) => each !== null)
  if (left.length === 0) return { ...document, sealed: null }
  const dataKey = randomBytes(32)
  const plaintext = Buffer.concat(left.flatMap(({ contentKey, saltSeed }) => [contentKey, saltSeed]))
  const purpose = purposeOf(document)
  const wrapped = masterKeys.wrap(dataKey, purpose)
  return { ...document, sealed: { ...wrapped, secrets: bytesToHex(encrypt(dataKey, plaintext, purpose)) } }
}

/** @throws AgoraiError `key_store_damaged` */
export function openKey(masterKeys: MasterKeys, document: KeyDocument): KeptKey {
  const { commitment, manifestDigest, cid, bytes, account, partitions, erasures, sealed } = document
  const facts = { commitment, manifestDigest, cid, bytes, account, erasures }
  if (sealed === null) return { ...facts, secrets: Array.from({ length: partitions }, () => null) }
  const purpose = purposeOf(document)
  const dataKey = masterKeys.unwrap(sealed, purpose)
  const plaintext = decrypt(dataKey, hexToBytes(sealed.secrets), purpose)
  if (plaintext === undefined) throw damaged(commitment)
  const gone = goneOf(partitions, erasures)
  const left = gone.filter((isGone) => !isGone).length
  if (plaintext.length !== 2 * wordBytes * left) throw damaged(commitment)
  let next = 0
  const word = (): Uint8Array => {
    const at = wordBytes * next++
    return new Uint8Array(plaintext.subarray(at, at + wordBytes))
  }
  const secrets: KeptSecrets = gone.map((isGone) => (isGone ? null : { contentKey: word(), saltSeed: word() }))
  return { ...facts, secrets }
}

/** A document without what an erasure takes; undefined when it is without it already. */
export function eraseFrom(masterKeys: MasterKeys, document: KeyDocument, erasure: Erasure): KeyDocument | undefined {
  const { partition } = erasure
  if (document.sealed === null) return undefined
  const erasures = [...document.erasures, erasure]
  // What is to be gone as a whole need not be opened, so damage does not keep it.
  if (partition === null) return { ...document, erasures, sealed: null }
  if (document.erasures.some((each) => each.partition === partition)) return undefined
  const key = openKey(masterKeys, document)
  const secrets = key.secrets.map((each, place) => (place === partition ? null : each))
  return closeKey(masterKeys, { ...key, secrets, erasures })
}

/** @throws AgoraiError `key_store_damaged` */
export function parseDocument(bytes: Uint8Array, name: string): KeyDocument {
  try {
    return parseWith(documentSchema, parseStrictJson(bytes, { bytesMax: documentBytesMax }))
  } catch (cause) {
    throw new AgoraiError('key_store_damaged', `${name} is not a kept key.`, { cause })
  }
}

export const encodeDocument = (document: KeyDocument): Uint8Array => Buffer.from(`${JSON.stringify(document)}\n`)

const goneOf = (partitions: number, erasures: readonly Erasure[]): boolean[] =>
  Array.from({ length: partitions }, (_, place) =>
    erasures.some(({ partition }) => partition === null || partition === place),
  )

/** What a sealed key is bound to: facts of another version, or erasures taken back, open nothing. */
const purposeOf = (document: KeyFacts & { partitions: number; erasures: readonly Erasure[] }): string =>
  JSON.stringify([
    'agorai/key/1',
    document.commitment,
    document.manifestDigest,
    document.cid,
    document.bytes,
    document.account.toLowerCase(),
    goneOf(document.partitions, document.erasures),
  ])

const damaged = (commitment: string): AgoraiError =>
  new AgoraiError('key_store_damaged', `The key of ${commitment} was altered.`)
