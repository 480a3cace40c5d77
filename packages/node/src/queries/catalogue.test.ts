import {
  assetDetailSchema,
  assetListSchema,
  contributorRootOf,
  encodeManifest,
  lineageSchema,
  type Manifest,
  manifestDigest,
  passSchema,
  revenueSchema,
} from '@agorai/core'
import { zeroAddress, zeroHash } from 'viem'
import { getAddress } from 'viem/utils'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, testEngines } from '../adapters/database/testDatabases.js'
import { addManifest } from '../indexer/manifests.js'
import { createSchema } from '../indexer/schema.js'
import { commitRange, readCursor, rollBack } from '../indexer/store.js'
import { insertTestDeployment, type TestEvent, testAddress, testBlock, testHeader } from '../indexer/testRanges.js'
import type { Catalogue } from '../ports/catalogue.js'
import type { Database } from '../ports/database.js'
import { createCatalogue } from './createCatalogue.js'
import { testManifest } from './testManifest.js'

const [ada, boole, byron] = [testAddress(1), testAddress(2), testAddress(6)]
const [alpha, beta, gamma] = [testAddress(3), testAddress(4), testAddress(5)]
const treasury = testAddress(8)
const token = testAddress(50)

const dataset = testManifest({
  contributorBps: 6_000,
  leaves: [
    { account: alpha, weight: '4000', label: 'Alpha' },
    { account: beta, weight: '2400', label: 'Beta' },
    { account: gamma, weight: '1600', label: 'Gamma' },
  ],
})
const model = testManifest({ kind: 'model', name: 'Digit classifier', description: 'A small network.', tags: ['onnx'] })

const minted = (asset: number, to: string): TestEvent => ({
  table: 'asset_transferred',
  values: { sender: zeroAddress, recipient: to, asset: `${asset}` },
})
const published = (version: number, manifest: Manifest, values: TestEvent['values'] = {}): TestEvent => ({
  table: 'version_published',
  values: {
    version: `${version}`,
    asset: `${version}`,
    kind: manifest.kind === 'dataset' ? 1 : 2,
    manifest_digest: manifestDigest(encodeManifest(manifest)),
    contributor_root: contributorRootOf(manifest),
    contributor_bps: manifest.contributors.bps,
    ...values,
  },
})
const listed = (asset: number, index: number, price: string): TestEvent => ({
  table: 'offer_listed',
  values: { offer: `${(asset << 16) + index}`, asset: `${asset}`, token, price, usage: 1 },
})
const sold = (version: number, amount: string): TestEvent => ({
  table: 'revenue_received',
  values: { version: `${version}`, token, amount },
})
const collected = (version: number, account: string, amount: string, start = 0, end = 0): TestEvent => ({
  table: 'revenue_collected',
  values: { version: `${version}`, token, account, weight_start: `${start}`, weight_end: `${end}`, amount },
})

/** Dataset 1 asks 10 %; model 2 is built from it. */
const twoAssets = [
  minted(1, ada),
  published(1, dataset, { royalty_bps: 1_000 }),
  minted(2, boole),
  published(2, model, { parents: ['1'], edges: [{ ancestor: '1', bps: 1_000 }], edges_bps: 1_000 }),
]

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`the catalogue on ${name}`, () => {
    let database: Database
    let catalogue: Catalogue
    beforeAll(async () => {
      database = await open()
    })
    beforeEach(async () => {
      await emptyDatabase(database)
      await createSchema(database)
      await insertTestDeployment(database, treasury)
      catalogue = createCatalogue(database)
    })
    afterAll(() => database.close())

    /** The next block. */
    async function append(...events: TestEvent[]): Promise<void> {
      const { tip } = await readCursor(database)
      await commitRange(database, tip?.hash, testBlock((tip?.number ?? 0n) + 1n, events), 0n)
    }
    const addManifests = async (...manifests: Manifest[]) => {
      for (const manifest of manifests) await addManifest(database, encodeManifest(manifest))
    }
    const find = async (query: string) =>
      (await catalogue.searchAssets({ query, limit: 100 })).assets.map(({ id }) => id)

    test('an empty index answers', async () => {
      expect(await catalogue.indexedBlock()).toBe(-1)
      expect(await catalogue.searchAssets({ limit: 20 })).toEqual({ assets: [], nextCursor: null })
      expect(await catalogue.getPasses(byron)).toEqual([])
      await expect(catalogue.getAsset(1n)).rejects.toMatchObject({ code: 'not_found' })
      await expect(catalogue.getLineage(1n)).rejects.toMatchObject({ code: 'not_found' })
      await expect(catalogue.getRevenue({ version: 1n, token })).rejects.toMatchObject({ code: 'not_found' })
      expect((await catalogue.getRevenue({ account: ada, token })).entitlements).toEqual([])
    })

    test('search takes words as words', async () => {
      await append(...twoAssets)
      await addManifests(dataset, model)
      expect(await find('')).toEqual(['2', '1'])
      expect(await find('digits')).toEqual(['2', '1'])
      expect(await find('HANDWRITTEN')).toEqual(['1'])
      expect(await find('hand')).toEqual(['1'])
      expect(await find('networks')).toEqual(['2'])
      expect(await find('onnx classifier')).toEqual(['2'])
      expect(await find('onnx handwritten')).toEqual([])
      // Signs mean nothing: of these only the words `a`, which the model's description has, and `digits` are found.
      const signs: Record<string, string[]> = { '(a+)+$': ['2'], '!digits |': ['2', '1'], "a:* & 'zz": [] }
      for (const query of [`' OR 1=1 --`, `"); DROP TABLE blocks;`, '%', '_', '\u0000', '\\', '<->']) signs[query] = []
      for (const [query, found] of Object.entries(signs)) expect(await find(query), query).toEqual(found)
      expect(await find('x'.repeat(10_000))).toEqual([])
      expect(await find('digits '.repeat(1_000))).toEqual(['2', '1'])
    })

    test('search filters by kind and turns pages', async () => {
      await append(...twoAssets, ...[3, 4, 5].flatMap((id) => [minted(id, ada), published(id, dataset)]))
      const first = await catalogue.searchAssets({ kind: 'dataset', limit: 2 })
      expect(first.assets.map(({ id }) => id)).toEqual(['5', '4'])
      expect(first.nextCursor).toBe('4')
      const second = await catalogue.searchAssets({ kind: 'dataset', limit: 2, cursor: 4n })
      expect(second.assets.map(({ id }) => id)).toEqual(['3', '1'])
      expect(second.nextCursor).toBeNull()
      expect((await catalogue.searchAssets({ kind: 'machine', limit: 2 })).assets).toEqual([])
    })

    test('an asset has its versions, offers, sales and manifest', async () => {
      await append(...twoAssets, listed(2, 0, '10000000'), listed(2, 1, `${2n ** 128n}`))
      await append({ table: 'offer_closed', values: { offer: `${(2 << 16) + 1}`, asset: '2' } })
      await append({
        table: 'pass_granted',
        values: { offer: `${2 << 16}`, asset: '2', version: '2', holder: byron, token, amount: '10000000' },
      })
      const before = await catalogue.getAsset(2n)
      expect(before).toMatchObject({ name: null, manifest: null, tags: [], licence: null, sales: 1 })
      expect(before.offers[0]?.token).toMatchObject({ address: getAddress(token), decimals: 0 })

      await addManifests(model)
      await database.query("INSERT INTO tokens VALUES ($1::text, 'tUSD', 6)", [token])
      const second = published(3, { ...model, name: 'Better classifier' }, { asset: '2', parents: ['1', '2'] })
      await append(second, { table: 'asset_transferred', values: { sender: boole, recipient: ada, asset: '2' } })
      const asset = assetDetailSchema.parse(await catalogue.getAsset(2n))
      expect(asset).toMatchObject({ id: '2', kind: 'model', owner: getAddress(ada), name: null, version: { id: '3' } })
      expect(asset.versions.map(({ id, block, publishedAt }) => [id, block, publishedAt])).toEqual([
        ['2', 1, 1_700_000_001],
        ['3', 4, 1_700_000_004],
      ])
      expect(asset.offers.map(({ id, price, open, usage }) => [id, price, open, usage])).toEqual([
        ['131072', '10000000', true, 'personal'],
        ['131073', `${2n ** 128n}`, false, 'personal'],
      ])
      expect(asset.offers[0]?.token).toEqual({ address: getAddress(token), symbol: 'tUSD', decimals: 6 })
      await addManifests({ ...model, name: 'Better classifier' })
      expect(await catalogue.getAsset(2n)).toMatchObject({ name: 'Better classifier', licence: 'CC-BY-SA-3.0' })
      assetListSchema.parse(await catalogue.searchAssets({ limit: 5 }))
      const passes = await catalogue.getPasses(getAddress(byron))
      expect(passes.map((pass) => passSchema.parse(pass))).toMatchObject([
        { offer: '131072', asset: '2', version: '2', amount: '10000000', block: 3 },
      ])
    })

    test('lineage reaches every ancestor and every descendant, once each', async () => {
      // 1 ← 2 ← 4, 1 ← 3 ← 4, 4 ← 5; 6 stands alone; 7 owes 5 by an edge alone.
      const child = (id: number, parents: number[], edges: TestEvent['values']['edges'] = []) => [
        minted(id, boole),
        published(id, model, { parents: parents.map(String), edges }),
      ]
      await append(minted(1, ada), published(1, dataset), ...child(2, [1]), ...child(3, [1]), ...child(4, [2, 3]))
      await append(...child(5, [4]), ...child(6, []), ...child(7, [], [{ ancestor: '5', bps: 100 }]))
      await addManifests(dataset)
      const reached = async (version: bigint) =>
        (await catalogue.getLineage(version)).vertices.map((vertex) => vertex.version).join()
      expect(await reached(4n)).toBe('1,2,3,4,5,7')
      expect(await reached(2n)).toBe('1,2,4,5,7')
      expect(await reached(6n)).toBe('6')
      expect(await reached(7n)).toBe('1,2,3,4,5,7')
      const { vertices } = lineageSchema.parse(await catalogue.getLineage(4n))
      expect(vertices[0]).toMatchObject({
        name: 'Handwritten digits',
        contributors: [{ label: 'Alpha', weight: '4000' }, { label: 'Beta' }, { label: 'Gamma' }],
      })
      expect(vertices[1]).toMatchObject({ name: null, contributors: [], parents: ['1'] })
      await expect(catalogue.getLineage(8n)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('one sale reaches everyone, to the unit', async () => {
      await append(...twoAssets, sold(2, '10000000'))
      await addManifests(dataset, model)
      const revenue = revenueSchema.parse(await catalogue.getRevenue({ version: 2n, token }))
      const amounts = (entries: typeof revenue.entitlements) =>
        entries.map(({ version, role, label, entitled, collected: paid }) => [version, role, label, entitled, paid])
      expect(amounts(revenue.entitlements)).toEqual([
        ['1', 'owner', null, '400000', '0'],
        ['1', 'contributor', 'Alpha', '300000', '0'],
        ['1', 'contributor', 'Beta', '180000', '0'],
        ['1', 'contributor', 'Gamma', '120000', '0'],
        ['2', 'owner', null, '8900000', '0'],
        ['0', 'treasury', null, '100000', '0'],
      ])
      expect(revenue).toMatchObject({ received: '10000000', collected: '0', collectable: '10000000', dust: '0' })

      await append(
        { table: 'revenue_pulled', values: { version: '2', ancestor: '1', token, edge_index: 0, amount: '1000000' } },
        collected(1, alpha, '300000', 0, 4_000),
        collected(1, beta, '180000', 4_000, 6_400),
        collected(2, boole, '8900000'),
        collected(0, treasury, '60000'),
      )
      const later = await catalogue.getRevenue({ version: 2n, token })
      expect(later).toMatchObject({ received: '10000000', collected: '9440000', collectable: '560000', dust: '0' })
      expect(amounts(later.entitlements)[1]).toEqual(['1', 'contributor', 'Alpha', '300000', '300000'])
      expect(amounts(later.entitlements).at(-1)).toEqual(['0', 'treasury', null, '100000', '60000'])
      expect((await catalogue.getRevenue({ version: 2n, token: testAddress(51) })).received).toBe('0')

      const held = await catalogue.getRevenue({ account: getAddress(beta), token })
      expect(amounts(held.entitlements)).toEqual([['1', 'contributor', 'Beta', '180000', '180000']])
      expect(held).toMatchObject({ received: '180000', collected: '180000', collectable: '0', dust: '0' })
      expect(amounts((await catalogue.getRevenue({ account: treasury, token })).entitlements)).toEqual([
        ['0', 'treasury', null, '100000', '60000'],
      ])
      expect((await catalogue.getRevenue({ account: byron, token })).entitlements).toEqual([])
    })

    test('what came in is collected, collectable or dust, whoever else sells', async () => {
      const edges = [{ ancestor: '1', bps: 1_000 }]
      await append(...twoAssets, minted(3, byron), published(3, model, { parents: ['1'], edges, edges_bps: 1_000 }))
      await append(sold(1, '7'), sold(2, '9999999'), sold(3, '1000003'), sold(2, '13'))
      await addManifests(dataset, model)
      for (const version of [1n, 2n, 3n]) {
        const revenue = await catalogue.getRevenue({ version, token })
        const parts = [revenue.collected, revenue.collectable, revenue.dust].map(BigInt)
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(BigInt(revenue.received))
        const terms = revenue.entitlements.length + 4
        expect(BigInt(revenue.dust)).toBeGreaterThanOrEqual(0n)
        expect(BigInt(revenue.dust)).toBeLessThanOrEqual(BigInt(terms))
      }
      const whole = await catalogue.getRevenue({ version: 1n, token })
      // Dataset: 7 of its own, 10 % of both models' sales, and every fee.
      const fees = [7n, 10_000_012n, 1_000_003n].map((sales) => sales / 100n).reduce((sum, fee) => sum + fee)
      expect(BigInt(whole.received)).toBe(7n - 7n / 100n + 1_000_001n + 100_000n + fees)
    })

    test('contributors that the chain does not prove stand together', async () => {
      const lying = { ...dataset, name: 'Another root' }
      await append(minted(1, ada), published(1, lying, { contributor_root: `${zeroHash.slice(0, -4)}1f40` }))
      await append(sold(1, '1000'), collected(1, alpha, '100', 0, 4_000), collected(1, beta, '50', 4_000, 6_400))
      const check = async () => {
        const { entitlements } = await catalogue.getRevenue({ version: 1n, token })
        expect(entitlements[1]).toMatchObject({ role: 'contributor', account: zeroAddress, start: null })
        expect(entitlements[1]).toMatchObject({ entitled: '594', collected: '150', collectable: '444' })
        expect((await catalogue.getLineage(1n)).vertices[0]?.contributors).toEqual([])
        expect((await catalogue.getRevenue({ account: alpha, token })).entitlements).toEqual([])
      }
      await check()
      await addManifests(lying)
      await check()
    })

    test('a rollback takes state, search and revenue back with the events', async () => {
      await addManifests(dataset, model)
      await append(minted(1, ada), published(1, dataset))
      await append(sold(1, '1000'))
      const before = await Promise.all([catalogue.getAsset(1n), catalogue.getRevenue({ version: 1n, token })])
      await append(
        { table: 'asset_transferred', values: { sender: ada, recipient: byron, asset: '1' } },
        published(2, model, { asset: '1' }),
        sold(1, '500'),
        listed(1, 0, '5'),
      )
      expect(await find('classifier')).toEqual(['1'])
      const fork = testHeader(2n)
      await rollBack(database, testHeader(3n).hash, fork, [])
      expect(await find('classifier')).toEqual([])
      expect(await Promise.all([catalogue.getAsset(1n), catalogue.getRevenue({ version: 1n, token })])).toEqual(before)
      expect(await catalogue.indexedBlock()).toBe(2)
    })

    test('a manifest is added once, and only if it is one', async () => {
      await addManifests(dataset, dataset)
      expect(await database.query('SELECT count(*) FROM manifests')).toEqual([{ count: 1n }])
      expect(await database.query('SELECT count(*) FROM manifest_contributors')).toEqual([{ count: 3n }])
      await expect(addManifest(database, new TextEncoder().encode('{}'))).rejects.toMatchObject({
        code: 'manifest_invalid',
      })
      expect(await database.query('SELECT count(*) FROM manifests')).toEqual([{ count: 1n }])
    })
  })
