import {
  type ConsentedRows,
  canonicalRow,
  type Problem,
  type RowProof,
  type SignedApproval,
  toRevocationMessage,
  toTypedData,
} from '@agorai/core'
import {
  type AgoraiClient,
  approveApplication,
  assembleContributions,
  buyOffer,
  collectRevenue,
  consentToContribute,
  createChainClient,
  fetchDelivery,
  getContributions,
  getRevenue,
  giveContribution,
  listContributions,
  proveRow,
  publishAsset,
  revokeApplication,
  verifyDelivery,
  verifyRowProof,
  withdrawContributions,
} from '@agorai/sdk'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { isAddressEqual } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Marketplace, startMarketplace } from './marketplace.js'
import { rowsSource } from './rowsSource.js'

/**
 * Three people give rows to a dataset through an application that its owner approved; it is assembled and sold, their
 * shares reach them, one takes everything back, and the next version goes out without it.
 */

let market: Marketplace
let asset: bigint
let offer: bigint
let approval: SignedApproval
const price = 10_000_000n
const purpose = 'Training of models that read handwriting'

/** Rows of a contributor, each with a text that stands nowhere else. */
const rowsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, row) => ({ by: name, row, text: `${name} wrote line ${row}` }))

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function give(contributor: AgoraiClient, name: string, count: number) {
  const rows = rowsSource(rowsOf(name, count))
  const consent = await consentToContribute(contributor, { approval, rows, label: name })
  return { consent, ...(await giveContribution(market.boole, { approval, consent, rows })) }
}

beforeAll(async () => {
  market = await startMarketplace()
  const published = await publishAsset(market.ada, {
    kind: 'dataset',
    name: 'Lines',
    description: 'Lines that people wrote.',
    tags: ['text'],
    licence: { spdx: 'CC-BY-4.0', source: 'e2e', attribution: 'Its contributors' },
    provenance: { description: 'Given by people.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    content: rowsSource(rowsOf('Ada', 5)),
    rowFormat: 'jsonl',
    offers: [{ token: market.token, price, usage: 'train' }],
  })
  asset = published.asset
  offer = published.offers[0] ?? 0n
  approval = await approveApplication(market.ada, { asset, application: market.addressOf(market.boole), purpose })
  await market.mint(market.byron, 1_000_000_000n)
}, 120_000)
afterAll(() => market?.stop())

describe('giving', () => {
  test('is counted in public and told to the owner alone', async () => {
    const { alpha, beta, gamma, ada, boole, curie } = market
    for (const [client, name, count] of [
      [alpha, 'Alpha', 40],
      [beta, 'Beta', 24],
      [gamma, 'Gamma', 16],
    ] as const)
      expect(await give(client, name, count)).toMatchObject({ rows: count })
    expect(await getContributions(curie, { asset })).toEqual({
      asset: String(asset),
      accepted: 3,
      rows: 80,
      contributors: 3,
      withdrawals: 0,
    })
    const { contributions } = await listContributions(ada, { asset })
    expect(contributions.map(({ consent: { consent }, state }) => [consent.label, consent.purpose, state])).toEqual([
      ['Alpha', purpose, 'accepted'],
      ['Beta', purpose, 'accepted'],
      ['Gamma', purpose, 'accepted'],
    ])
    expect(await textOf(contributions[1]?.rows?.() ?? (async function* () {})())).toContain('Beta wrote line 23')
    await expect(listContributions(boole, { asset })).rejects.toMatchObject({ code: 'not_owner' })
  })

  test('again changes nothing; other rows under the same consent are refused', async () => {
    const { alpha, boole } = market
    const rows = rowsSource(rowsOf('Alpha', 40))
    const consent = await consentToContribute(alpha, { approval, rows, label: 'Alpha' })
    const other = rowsSource(rowsOf('Mallory', 40))
    await expect(giveContribution(boole, { approval, consent, rows: other })).rejects.toMatchObject({
      code: 'digest_mismatch',
    })
    expect(await getContributions(market.curie, { asset })).toMatchObject({ accepted: 3 })
  })

  test('needs the approved application, the same purpose, signatures of both, and a consent that holds', async () => {
    const { alpha, boole, curie, ada } = market
    const rows = rowsSource(rowsOf('Alpha', 2))
    const consent = await consentToContribute(alpha, { approval, rows, label: 'Alpha' })
    const refused = async (client: AgoraiClient, wrong: { approval?: SignedApproval; consent?: ConsentedRows }) => {
      const error: unknown = await giveContribution(client, { approval, consent, rows, ...wrong }).catch(
        (cause: unknown) => cause,
      )
      return (error as Problem).code
    }
    const changed = (fields: Partial<ConsentedRows['consent']>): ConsentedRows => ({
      ...consent,
      consent: { ...consent.consent, ...fields },
    })
    expect(await refused(curie, {})).toBe('contribution_refused')
    expect(await refused(boole, { consent: changed({ purpose: 'Advertising' }) })).toBe('contribution_refused')
    expect(await refused(boole, { consent: changed({ label: 'Somebody else' }) })).toBe('signature_invalid')
    expect(await refused(boole, { consent: changed({ expiry: '1' }) })).toBe('request_expired')
    expect(await refused(boole, { consent: changed({ grantedAt: '9999999999' }) })).toBe('request_expired')
    const stranger = await approveApplication(curie, { asset, application: market.addressOf(boole), purpose })
    expect(await refused(boole, { approval: stranger })).toBe('not_owner')
    const old = await approveApplication(ada, {
      asset,
      application: market.addressOf(boole),
      purpose,
      validForSeconds: -1,
    })
    expect(await refused(boole, { approval: old })).toBe('request_expired')
    expect(await getContributions(curie, { asset })).toMatchObject({ accepted: 3 })
  })
})

test('a content of a hundred partitions is deposited and delivered', async () => {
  const { ada, alpha, addressOf, settle } = market
  const parts = Array.from({ length: 100 }, (_, part) => `${JSON.stringify({ part })}\n`)
  const bytes = new TextEncoder().encode(parts.join(''))
  const { version } = await publishAsset(ada, {
    kind: 'dataset',
    name: 'Many',
    description: 'Parts of many.',
    tags: [],
    licence: { spdx: 'CC-BY-4.0', source: 'e2e', attribution: 'Its contributors' },
    provenance: { description: 'Given by people.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 1, leaves: [{ account: addressOf(alpha), weight: '1', label: 'Alpha' }] },
    metrics: [],
    content: {
      fileName: 'rows.jsonl',
      mediaType: 'application/jsonl',
      bytes: bytes.length,
      async *stream() {
        yield bytes
      },
    },
    rowFormat: 'jsonl',
    partitions: parts.map((part) => ({ contributor: 0, bytes: part.length })),
  })
  await settle()
  const delivered = await fetchDelivery(ada, { version })
  expect(delivered.secrets).toHaveLength(100)
  await verifyDelivery(ada, delivered)
})

test('rows of tables are proven as well', async () => {
  const { ada, settle } = market
  const csv = new TextEncoder().encode('at,price\n1,10\n2,20\n3,30\n')
  const parquet = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: 'price', data: [10, 20, 30], type: 'INT32' }] }),
  )
  for (const [rowFormat, bytes, row] of [
    ['csv', csv, { at: '2', price: '20' }],
    ['parquet', parquet, { price: 20 }],
  ] as const) {
    const { version } = await publishAsset(ada, {
      kind: 'dataset',
      name: 'Prices',
      description: 'A table.',
      tags: [],
      licence: { spdx: 'CC-BY-4.0', source: 'e2e', attribution: 'Ada' },
      provenance: { description: 'Made for a test.' },
      terms: { royaltyBps: 0 },
      contributors: { bps: 0, leaves: [] },
      metrics: [],
      content: {
        fileName: `prices.${rowFormat}`,
        mediaType: 'application/octet-stream',
        bytes: bytes.length,
        read: async (start: number, end: number) => bytes.subarray(start, end),
        async *stream() {
          yield bytes
        },
      },
      rowFormat,
    })
    await settle()
    const proof = await proveRow(ada, { version, row })
    expect(proof).toMatchObject({ index: 1, rows: 3 })
    expect(await verifyRowProof(ada, { proof, row, onChain: true })).toMatchObject({ contributor: null })
  }
})

describe('assembling', () => {
  let version: bigint
  let proof: RowProof
  const row = rowsOf('Beta', 24)[7] ?? {}

  test('gives each contributor a partition and a weight by rows, and names consents by digest only', async () => {
    const assembled = await assembleContributions(market.ada, { asset, contributorBps: 6_000 })
    await market.settle()
    version = assembled.version
    const { content, contributors, provenance } = assembled.manifest
    expect(content?.partitions?.map(({ contributor, rows }) => [contributor, rows])).toEqual([
      [null, 5],
      [0, 40],
      [1, 24],
      [2, 16],
    ])
    expect(contributors.leaves.map(({ label, weight }) => [label, weight])).toEqual([
      ['Alpha', '40'],
      ['Beta', '24'],
      ['Gamma', '16'],
    ])
    expect(provenance.consents).toHaveLength(3)
    expect(JSON.stringify(assembled.manifest)).not.toContain(purpose)
    expect(assembled.leftOut).toEqual([])
  })

  test('its sale reaches all of them', async () => {
    const { byron, ada, alpha, beta, gamma, token, addressOf } = market
    await buyOffer(byron, { offer, amountMax: price })
    await market.settle()
    const { entitlements } = await getRevenue(ada, { version, token })
    const entitled = (client: AgoraiClient) =>
      entitlements.find(({ account, role }) => role === 'contributor' && isAddressEqual(account, addressOf(client)))
        ?.entitled
    // 99 % is left of the fee, of which 60 % goes by 40, 24 and 16 of 80.
    expect([alpha, beta, gamma].map(entitled)).toEqual(['2970000', '1782000', '1188000'])
    const before = await market.balanceOf(beta)
    await collectRevenue(beta, { version, token })
    expect((await market.balanceOf(beta)) - before).toBe(1_782_000n)
  })

  test('a contributor proves an own row without a pass, and nobody learns of others that way', async () => {
    const { beta, alpha, byron, curie } = market
    proof = await proveRow(beta, { version, row })
    expect(proof.index).toBe(5 + 40 + 7)
    // No other row is in the proof, nor its hash without salt.
    expect(JSON.stringify(proof)).not.toContain('wrote')
    await expect(proveRow(alpha, { version, row })).rejects.toMatchObject({ code: 'row_missing' })
    await expect(proveRow(curie, { version, row })).rejects.toMatchObject({ code: 'entitlement_missing' })
    expect(await proveRow(byron, { version, row })).toMatchObject({ index: proof.index })
    await expect(proveRow(byron, { version, row: { ...row, row: 8 } })).rejects.toMatchObject({ code: 'row_missing' })
  })

  test('the proof is checked with the manifest and the chain alone', async () => {
    const { byron, node } = market
    const { manifestBytes } = await fetchDelivery(byron, { version })
    const chain = await createChainClient({ rpcUrl: node.rpcUrl })
    expect(await verifyRowProof(chain, { proof, row, manifestBytes, onChain: true })).toMatchObject({
      index: proof.index,
      rows: 85,
      contributor: { account: market.addressOf(market.beta), label: 'Beta' },
    })
    const wrong = [
      { proof, row: { ...row, row: 8 } },
      { proof: { ...proof, index: proof.index + 1 }, row },
      { proof: { ...proof, salt: proof.root }, row },
      { proof: { ...proof, version: '1' }, row },
      { proof: { ...proof, proof: proof.proof.slice(1) }, row },
      { proof: { ...proof, publisher: market.addressOf(byron) }, row },
    ]
    for (const each of wrong)
      await expect(verifyRowProof(chain, { ...each, manifestBytes })).rejects.toMatchObject({
        code: 'integrity_failed',
      })
    expect(canonicalRow(row).length).toBeGreaterThan(10)
  })

  test('who takes the rows back is told where they were, and they are gone from there', async () => {
    const { beta, ada, byron, curie } = market
    const child = await publishAsset(curie, {
      kind: 'collection',
      name: 'Shelf',
      description: 'Datasets of lines.',
      tags: [],
      licence: { spdx: 'CC0-1.0', source: 'e2e', attribution: 'nobody' },
      provenance: { description: 'Gathered.' },
      terms: { royaltyBps: 0 },
      contributors: { bps: 10_000, leaves: [] },
      members: [{ version: String(version), weight: '1' }],
      metrics: [],
    })
    await market.settle()
    const receipt = await withdrawContributions(beta, { asset })
    expect(receipt).toMatchObject({ versions: [String(version)], erased: [{ partition: 2 }] })
    expect(receipt.contributions).toHaveLength(1)
    expect(receipt.descendants).toEqual([{ version: String(child.version), asset: String(child.asset), name: 'Shelf' }])
    await expect(withdrawContributions(market.treasury, { asset })).rejects.toMatchObject({ code: 'not_found' })

    const delivered = await fetchDelivery(byron, { version })
    expect(delivered.secrets.map((each) => each === null)).toEqual([false, false, true, false])
    const text = await textOf(delivered.plaintext())
    expect(text).toContain('Alpha wrote line 39')
    expect(text).toContain('Gamma wrote line 15')
    expect(text).not.toContain('Beta')
    await verifyDelivery(byron, delivered)
    const { contributions, withdrawals } = await listContributions(ada, { asset })
    expect(contributions.map(({ state, rows }) => [state, rows === undefined])).toEqual([
      ['accepted', false],
      ['withdrawn', true],
      ['accepted', false],
    ])
    expect(withdrawals).toMatchObject([{ contributor: market.addressOf(beta) }])
  })

  test('the rows of others are still proven in the old version; those that are gone only by who has a proof', async () => {
    const { alpha, gamma, beta, byron } = market
    expect(await proveRow(alpha, { version, row: rowsOf('Alpha', 40)[39] ?? {} })).toMatchObject({ index: 44 })
    expect(await proveRow(gamma, { version, row: rowsOf('Gamma', 16)[0] ?? {} })).toMatchObject({ index: 69 })
    expect(await proveRow(byron, { version, row: rowsOf('Ada', 5)[4] ?? {} })).toMatchObject({ index: 4 })
    await expect(proveRow(beta, { version, row })).rejects.toMatchObject({ code: 'version_erased' })
    expect(await verifyRowProof(byron, { proof, row })).toMatchObject({ index: proof.index })
  })

  test('the next version is without them, and the same consent does not bring them back', async () => {
    const { ada, byron, boole, beta } = market
    const next = await assembleContributions(ada, { asset })
    await market.settle()
    expect(next.contributors.map(({ label, rows }) => [label, rows])).toEqual([
      ['Alpha', 40],
      ['Gamma', 16],
    ])
    expect(next.leftOut).toMatchObject([{ state: 'withdrawn' }])
    const delivered = await fetchDelivery(byron, { version: next.version })
    const text = await textOf(delivered.plaintext())
    expect(text.split('\n')).toHaveLength(5 + 40 + 16 + 1)
    expect(text).not.toContain('Beta')
    await verifyDelivery(byron, delivered)

    const rows = rowsSource(rowsOf('Beta', 24))
    const later = await consentToContribute(beta, { approval, rows, label: 'Beta' })
    const early = { ...later, consent: { ...later.consent, grantedAt: '1' } }
    await expect(giveContribution(boole, { approval, consent: early, rows })).rejects.toMatchObject({
      code: 'signature_invalid',
    })
    expect(await getContributions(boole, { asset })).toMatchObject({ accepted: 2, withdrawals: 1 })
  })
})

describe('revoking', () => {
  test('ends what the application was approved for, keeps what it handed in, and is undone by a newer approval', async () => {
    const { ada, alpha, boole, curie } = market
    const application = market.addressOf(boole)
    await expect(revokeApplication(curie, { asset, application })).rejects.toMatchObject({ code: 'not_owner' })
    const other = await approveApplication(ada, { asset, application: market.addressOf(curie), purpose })
    const { kept, recordedAt, ...receipt } = await revokeApplication(ada, { asset, application })
    expect(receipt).toMatchObject({ asset: String(asset), application })
    // Alpha's and Gamma's; Beta took back hers.
    expect(kept).toHaveLength(2)
    expect(await getContributions(curie, { asset })).toMatchObject({ accepted: 2 })
    expect((await listContributions(ada, { asset })).revocations).toEqual([{ application, recordedAt }])

    const rows = rowsSource(rowsOf('Alpha', 3))
    const handIn = async (by: AgoraiClient, signed: SignedApproval) => {
      const consent = await consentToContribute(alpha, { approval: signed, rows, label: 'Alpha' })
      return giveContribution(by, { approval: signed, consent, rows })
    }
    await expect(handIn(boole, approval)).rejects.toMatchObject({ code: 'approval_revoked' })
    const backdated = { ...approval, approval: { ...approval.approval, grantedAt: '9999999999' } }
    await expect(handIn(boole, backdated)).rejects.toMatchObject({ code: 'request_expired' })
    expect(await handIn(curie, other)).toMatchObject({ rows: 3 })
    await expect
      .poll(() => Math.floor(Date.now() / 1000), { timeout: 5_000, interval: 100 })
      .toBeGreaterThan(Number(recordedAt))
    const anew = await approveApplication(ada, { asset, application, purpose })
    expect(await handIn(boole, anew)).toMatchObject({ rows: 3 })
    expect(await getContributions(curie, { asset })).toMatchObject({ accepted: 4 })
  })

  test('is the same when it is handed in again, and counts for nobody but who signed it', async () => {
    const { ada, boole, node } = market
    const revocation = {
      ...{ asset: String(asset), owner: market.addressOf(ada), application: market.addressOf(boole) },
      ...{ nonce: `0x${'17'.repeat(32)}` as const, expiry: String(Math.floor(Date.now() / 1000) + 600) },
    } as const
    const { id: chainId, addresses } = ada.info.chain
    const domain = { chainId, assetRegistry: addresses.assetRegistry }
    const document = toTypedData(domain, 'ApprovalRevocation', toRevocationMessage(revocation))
    const signature = await ada.wallet?.signTypedData({ account: ada.wallet.account, ...document } as never)
    const post = async (body: object) => {
      const response = await fetch(`${node.url}/api/v1/revocations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return response.json()
    }
    const first = await post({ revocation, signature })
    expect(first).toMatchObject({ application: revocation.application })
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(await post({ revocation, signature })).toEqual(first)
    expect(await post({ revocation: { ...revocation, nonce: `0x${'18'.repeat(32)}` }, signature })).toMatchObject({
      code: 'signature_invalid',
    })
    expect((await listContributions(ada, { asset })).revocations).toHaveLength(2)
  })
})
