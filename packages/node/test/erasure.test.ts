import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { erasureListSchema, hashMessageOf } from '@agorai/core'
import { depositAad, sealTo } from '@agorai/sdk'
import { type Hex, recoverAddress } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFileJournal } from '../src/adapters/journal/fileJournal.js'
import type { JournalRecord } from '../src/ports/journal.js'
import {
  commitmentOf,
  deliveryBody,
  erase,
  grantOf,
  isKeyGone,
  newFolder,
  postDelivery,
  problemOf,
  removeFolder,
  type SealedAsset,
  sealAsset,
  sell,
  startTestNode,
  type TestNode,
  untilKeyGone,
  uploadAll,
  uploadKey,
} from './support.js'

let folder: string
let node: TestNode
beforeEach(async () => {
  folder = await newFolder()
  node = await startTestNode({ dataFolder: folder })
})
afterEach(async () => {
  await node?.stop()
  await removeFolder(folder)
})

const erasuresOf = async ({ digest }: SealedAsset) =>
  erasureListSchema.parse(await (await fetch(`${node.url}/api/v1/erasures/${digest}`)).json()).erasures

describe('the owner erases a version', { timeout: 60_000 }, () => {
  test('and its key is destroyed, with a certificate that the operator signed', async () => {
    const { asset, sold } = await sell(node, new Uint8Array(100).fill(3))
    const { asset: other, sold: otherSold } = await sell(node, new Uint8Array(101).fill(4))
    const body = await deliveryBody(node, sold)
    await grantOf(await postDelivery(node, body))
    expect(await erasuresOf(asset)).toEqual([])
    await erase(node, sold)
    await untilKeyGone(folder, asset)

    const [erasure, ...more] = await erasuresOf(asset)
    if (erasure === undefined) throw new Error('there is no certificate')
    expect(more).toEqual([])
    const { commitment, manifestDigest, erasedAt, operator, signature } = erasure
    expect({ commitment, manifestDigest }).toEqual({ commitment: commitmentOf(asset), manifestDigest: asset.digest })
    const domain = { chainId: 31_337, assetRegistry: node.info.chain.addresses.assetRegistry }
    const message = { commitment, manifestDigest, partition: -1n, erasedAt: BigInt(erasedAt), operator }
    const hash = hashMessageOf(domain, 'ErasureCertificate', message)
    expect(await recoverAddress({ hash, signature })).toBe(node.info.operator.address)

    // The same request again was a grant; now nobody has what it was a grant of.
    expect(await problemOf(await postDelivery(node, body))).toMatchObject({ code: 'version_erased' })
    expect(await problemOf(await uploadKey(node, asset))).toMatchObject({ code: 'version_erased' })
    expect(await isKeyGone(folder, other)).toBe(false)
    await grantOf(await postDelivery(node, await deliveryBody(node, otherSold)))
    expect(node.warnings).toEqual([])
  })

  test('and an older copy of the key store loses the key again at the next start', async () => {
    const { asset, sold } = await sell(node, new Uint8Array(100).fill(3))
    await node.stop()
    const copy = join(folder, 'copy')
    for (const part of ['keystore', 'journal']) await cp(join(folder, part), join(copy, part), { recursive: true })
    node = await startTestNode({ dataFolder: folder })
    await erase(node, sold)
    await untilKeyGone(folder, asset)
    const [certificate] = await erasuresOf(asset)

    for (const parts of [['keystore'], ['keystore', 'journal']]) {
      await node.stop()
      for (const part of parts) {
        await rm(join(folder, part), { recursive: true })
        await cp(join(copy, part), join(folder, part), { recursive: true })
      }
      expect(await isKeyGone(folder, asset)).toBe(false)
      node = await startTestNode({ dataFolder: folder })
      await untilKeyGone(folder, asset)
      const [again] = await erasuresOf(asset)
      // What the journal remembers is said again; what nobody remembers but the chain is signed anew.
      if (parts.length === 1) expect(again).toEqual(certificate)
      else expect(again?.commitment).toBe(certificate?.commitment)
    }
    expect(node.warnings).toEqual([])
  })
})

describe('a journal of an older release', { timeout: 60_000 }, () => {
  test('gives its keys to the key store, and keeps none', async () => {
    const { asset, sold } = await sell(node, new Uint8Array(50).fill(9))
    const waiting = await sealAsset(new Uint8Array(10))
    await uploadAll(node, waiting)
    const body = await deliveryBody(node, sold)
    const grant = await grantOf(await postDelivery(node, body))
    const { encryptionKey } = node.info.operator
    await node.stop()

    const path = join(folder, 'journal', 'journal.log')
    const records = await readJournal(path)
    await rm(path)
    await rm(join(folder, 'keystore'), { recursive: true })
    await rm(join(folder, 'keys', 'master.json'))
    const old = await openFileJournal(path)
    const sealed: Hex[] = []
    for (const record of records) {
      if (record.kind === 'key-deposited') {
        const { secrets } = record.manifestDigest === asset.digest ? asset : waiting
        const sealedKey = await sealTo(encryptionKey, secrets, depositAad(record.manifestDigest))
        sealed.push(sealedKey)
        await old.append({ ...record, sealedKey } as JournalRecord)
      } else if (record.kind === 'delivery-granted') {
        const { commitment: _, ...rest } = record
        await old.append({ ...rest, grant } as unknown as JournalRecord)
      }
    }
    await old.close()

    node = await startTestNode({ dataFolder: folder })
    expect(await grantOf(await postDelivery(node, body))).toEqual(grant)
    await grantOf(await postDelivery(node, await deliveryBody(node, sold)))
    expect(await isKeyGone(folder, waiting)).toBe(false)
    const text = await readFile(path, 'utf8')
    for (const each of [...sealed, grant.sealedKey]) expect(text).not.toContain(each)
    await node.stop()
    const kept = await readJournal(path)
    expect(kept.slice(0, records.length)).toEqual(records)
    node = await startTestNode({ dataFolder: folder })
    expect(await readJournal(path)).toEqual(kept)
  })
})

async function readJournal(path: string): Promise<JournalRecord[]> {
  const journal = await openFileJournal(path)
  const records: JournalRecord[] = []
  for await (const record of journal.replay()) records.push(record)
  await journal.close()
  return records
}
