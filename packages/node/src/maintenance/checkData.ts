import {
  AgoraiError,
  type ContentManifest,
  chunkBytes,
  digestOfCid,
  hasContent,
  importContentKey,
  isAgoraiError,
  type Manifest,
  openContent,
  parseManifest,
  partitionsOf,
  type Segment,
  sealedBytes,
} from '@agorai/core'
import type { Hex } from 'viem'
import { assertContent, assertDigest } from '../adapters/storage/assertObject.js'
import type { JournalRecord } from '../ports/journal.js'
import type { KeptKey, KeyStore } from '../ports/keyStore.js'
import type { Storage } from '../ports/storage.js'
import { checkCharges } from './chargeFiles.js'
import type { Finding } from './finding.js'

export type CheckDataOptions = {
  storage: Storage
  keyStore: KeyStore
  journal(): AsyncIterable<JournalRecord>
  /** Folder of the charge log. */
  charges: string
  /** Whether to open all of every content, not its beginning. */
  deep: boolean
}

const remedies = {
  restore: 'Restore it from a backup by agorai-node restore into another folder, and copy it from there.',
  keys: 'Bring it back by agorai-node restore-keys; without a backup ask the publisher to deposit it again.',
  gc: 'Remove it by agorai-node gc --delete when nobody needs it.',
} as const

/** Reads a node's data and compares every part with what the others say of it. */
export async function checkData(options: CheckDataOptions) {
  const { storage, keyStore } = options
  const findings: Finding[] = []
  const lose = (part: Finding['part'], name: string, problem: string, remedy: string) =>
    findings.push({ part, name, problem, remedy, isLoss: true })

  const { records, deposited, segments } = await checkJournal(options, lose)
  const charges = await checkCharges(options.charges, findings)
  const manifests = new Map<string, Manifest>()
  for await (const { name } of storage.list('manifests')) {
    const digest = name as Hex
    const bytes = (await storage.getManifest(digest)) ?? new Uint8Array()
    try {
      assertDigest(digest, bytes)
      manifests.set(digest, parseManifest(bytes))
    } catch (error) {
      lose('manifest', name, `It is damaged (${messageOf(error)}).`, remedies.restore)
    }
  }
  const contents = new Set<string>()
  for await (const { name, bytes } of storage.list('content')) {
    contents.add(name)
    try {
      await assertContent(name, bytes, storage.readContent(name))
    } catch (error) {
      lose('content', name, `It is damaged (${messageOf(error)}).`, remedies.restore)
    }
  }
  const used = new Set<string>()
  let keys = 0
  for await (const commitment of keyStore.list()) {
    keys += 1
    deposited.delete(commitment)
    let key: KeptKey | undefined
    try {
      key = await keyStore.get(commitment)
    } catch (error) {
      lose('key', commitment, `It is damaged (${messageOf(error)}).`, remedies.keys)
    }
    if (key === undefined || key.secrets.every((each) => each === null)) continue
    // The master key of a feed has no content of its own; it is named by its manifest.
    if (digestOfCid(key.cid) === key.manifestDigest) continue
    used.add(key.cid)
    if (!contents.has(key.cid)) lose('content', key.cid, `The key ${commitment} has no content.`, remedies.restore)
    else await checkKey(options, key, manifests.get(key.manifestDigest), lose)
  }
  for (const { cid, version, sequence } of segments) {
    used.add(cid)
    if (!contents.has(cid))
      lose('content', cid, `Segment ${sequence} of feed ${version} has no content.`, remedies.restore)
  }
  for (const commitment of deposited) lose('key', commitment, 'It was deposited and is not here.', remedies.keys)
  for (const name of contents)
    if (!used.has(name))
      findings.push({ part: 'content', name, problem: 'No key here opens it.', remedy: remedies.gc, isLoss: false })
  return { findings, checked: { records, charges, content: contents.size, manifests: manifests.size, keys } }
}

type Lose = (part: Finding['part'], name: string, problem: string, remedy: string) => void

async function checkJournal({ journal }: CheckDataOptions, lose: Lose) {
  const deposited = new Set<Hex>()
  const segments: Segment[] = []
  let records = 0
  try {
    for await (const record of journal()) {
      records += 1
      if (record.kind === 'key-deposited') deposited.add(record.commitment)
      if (record.kind === 'segment-appended') segments.push(record.signed.segment)
    }
  } catch (error) {
    if (!isAgoraiError(error, 'journal_damaged')) throw error
    lose('journal', 'journal.log', error.shortMessage, remedies.restore)
  }
  return { records, deposited, segments }
}

/** Whether a key opens its content: the beginning of each partition that it has, or all of them. */
async function checkKey(
  { storage, deep }: CheckDataOptions,
  key: KeptKey,
  manifest: Manifest | undefined,
  lose: Lose,
): Promise<void> {
  // What a contributor gave has no manifest of its own.
  if (manifest === undefined || !hasContent(manifest)) return
  try {
    await openEach(storage, key, manifest, deep)
  } catch (error) {
    const problem = `It does not open its content ${key.cid} (${messageOf(error)}).`
    lose('key', key.commitment, problem, remedies.keys)
  }
}

async function openEach(storage: Storage, key: KeptKey, { contentId, content }: ContentManifest, deep: boolean) {
  const partitions = partitionsOf(content)
  if (partitions.length !== key.secrets.length)
    throw new AgoraiError('key_invalid', `It has ${key.secrets.length} of ${partitions.length} partitions.`)
  let start = 0
  for (const [partition, { bytes }] of partitions.entries()) {
    const end = start + sealedBytes(bytes) - 1
    const secrets = key.secrets[partition]
    if (secrets) {
      // One byte of the next chunk tells that the first is not the last.
      const last = deep ? end : Math.min(end, start + sealedBytes(chunkBytes))
      const ciphertext = storage.readContent(key.cid, { start, end: last })
      const opened = openContent({ key: await importContentKey(secrets.contentKey), contentId, partition, ciphertext })
      for await (const _ of opened) if (!deep) break
    }
    start = end + 1
  }
}

const messageOf = (error: unknown): string => (isAgoraiError(error) ? error.shortMessage : String(error))
