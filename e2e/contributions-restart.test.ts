import { join } from 'node:path'
import { erasureListSchema, hashMessageOf, toTypedData } from '@agorai/core'
import {
  appendSegment,
  approveApplication,
  assembleContributions,
  buyOffer,
  consentToContribute,
  fetchDelivery,
  followFeed,
  getContributions,
  giveContribution,
  listContributions,
  publishAsset,
} from '@agorai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFileJournal } from '../packages/node/src/adapters/journal/fileJournal.js'
import type { JournalRecord } from '../packages/node/src/ports/journal.js'
import { newFolder, removeFolder } from '../packages/node/test/support.js'
import { type Marketplace, startMarketplace } from './marketplace.js'
import { rowsBy } from './rowsSource.js'

/** What was given, appended and taken back is there after a restart; what a stop cut short is carried through. */

let folder: string
let market: Marketplace

beforeAll(async () => {
  folder = await newFolder()
  market = await startMarketplace({ dataFolder: folder })
}, 120_000)
afterAll(async () => {
  await market?.node.stop()
  await removeFolder(folder)
})

const statement = {
  description: 'For a test.',
  tags: [],
  licence: { spdx: 'CC0-1.0', source: 'e2e', attribution: 'nobody' },
  provenance: { description: 'Made for a test.' },
  terms: { royaltyBps: 0 },
  contributors: { bps: 0, leaves: [] },
  metrics: [],
}

async function restart(between: () => Promise<void> = async () => {}): Promise<void> {
  await market.node.stop()
  await between()
  market = await startMarketplace({ dataFolder: folder })
}

async function recordsIn(path: string): Promise<JournalRecord[]> {
  const journal = await openFileJournal(path)
  const records: JournalRecord[] = []
  for await (const record of journal.replay()) records.push(record)
  await journal.close()
  return records
}

test('contributions and segments outlive the node, and a withdrawal that was cut short is carried through', async () => {
  const { token, addressOf } = market
  const { asset, offers } = await publishAsset(market.ada, {
    ...statement,
    kind: 'dataset',
    name: 'Lines',
    content: rowsBy('Ada', 3),
    rowFormat: 'jsonl',
    offers: [{ token, price: 0n, usage: 'train' }],
  })
  const approval = await approveApplication(market.ada, {
    asset,
    application: addressOf(market.boole),
    purpose: 'Training',
  })
  for (const [client, name] of [
    [market.alpha, 'Alpha'],
    [market.beta, 'Beta'],
  ] as const) {
    const rows = rowsBy(name, 4)
    const consent = await consentToContribute(client, { approval, rows, label: name })
    await giveContribution(market.boole, { approval, consent, rows })
  }
  const assembled = await assembleContributions(market.ada, { asset, contributorBps: 1_000 })
  await buyOffer(market.byron, { offer: offers[0] ?? 0n, amountMax: 0n })
  const feed = await publishAsset(market.ada, {
    ...statement,
    kind: 'feed',
    name: 'Calls',
    feed: { fields: [{ name: 'row', type: 'integer' }] },
  })
  await appendSegment(market.ada, { version: feed.version, rows: rowsBy('Ada', 2) })

  await restart()
  expect(await getContributions(market.curie, { asset })).toMatchObject({ accepted: 2, rows: 8, withdrawals: 0 })
  await appendSegment(market.ada, { version: feed.version, rows: rowsBy('Ada', 1) })
  const sequences: number[] = []
  for await (const { segment } of followFeed(market.ada, { version: feed.version })) sequences.push(segment.sequence)
  expect(sequences).toEqual([0, 1])

  const { id: chainId, addresses } = market.beta.info.chain
  const domain = { chainId, assetRegistry: addresses.assetRegistry }
  const message = { asset, contributor: addressOf(market.beta), nonce: `0x${'42'.repeat(32)}`, expiry: 1n } as const
  const document = toTypedData(domain, 'Withdrawal', message)
  const signature = await market.beta.wallet?.signTypedData({
    account: market.beta.wallet.account,
    ...document,
  } as never)
  // The record was written, and the node was stopped before anything was destroyed.
  await restart(async () => {
    const path = join(folder, 'journal', 'journal.log')
    const deposited = (await recordsIn(path)).find(
      (record) => record.kind === 'key-deposited' && record.manifestDigest === assembled.manifestDigest,
    )
    if (deposited?.kind !== 'key-deposited') throw new Error('The version has no key.')
    const { commitment, manifestDigest } = deposited
    const journal = await openFileJournal(path)
    await journal.append({
      kind: 'contributions-withdrawn',
      id: hashMessageOf(domain, 'Withdrawal', message),
      withdrawal: {
        withdrawal: { ...message, asset: String(asset), expiry: '1' },
        signature: signature ?? '0x',
      },
      recordedAt: Math.floor(Date.now() / 1000),
      partitions: [{ commitment, manifestDigest, partition: 2, cover: [] }],
    })
    await journal.close()
  })
  expect(await getContributions(market.curie, { asset })).toMatchObject({ accepted: 1, withdrawals: 1 })
  const { contributions } = await listContributions(market.ada, { asset })
  expect(contributions.map(({ state, sealedKey }) => [state, sealedKey === null])).toEqual([
    ['accepted', false],
    ['withdrawn', true],
  ])
  const delivered = await fetchDelivery(market.byron, { version: assembled.version })
  expect(delivered.secrets.map((each) => each === null)).toEqual([false, false, true])
  const certificates = await fetch(`${market.node.url}/api/v1/erasures/${assembled.manifestDigest}`)
  expect(erasureListSchema.parse(await certificates.json()).erasures).toMatchObject([{ partition: 2 }])
  expect(market.node.warnings).toEqual([])
}, 300_000)
