import {
  assetDetailSchema,
  assetListSchema,
  lineageSchema,
  type Offer,
  offerListSchema,
  versionListSchema,
} from '@agorai/core'
import { getAddress } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { testEngines } from '../adapters/database/testDatabases.js'
import { addManifest } from '../indexer/manifests.js'
import { rollBack } from '../indexer/store.js'
import { type TestEvent, testHash, testHeader } from '../indexer/testRanges.js'
import {
  ada,
  boole,
  byron,
  dataset,
  granted,
  listed,
  minted,
  model,
  published,
  sold,
  token,
  transferred,
  twoAssets,
  useCatalogue,
} from './testCatalogue.js'
import { testManifest } from './testManifest.js'

for (const engine of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(engine.missing !== undefined)(`the catalogue on ${engine.name}`, () => {
    const { database, catalogue, append, addManifests } = useCatalogue(engine)
    const find = async (query: string) =>
      (await catalogue().searchAssets({ query, limit: 100 })).assets.map(({ id }) => id)

    test('an empty index answers', async () => {
      expect(await catalogue().indexedBlock()).toBe(-1)
      expect(await catalogue().searchAssets({ limit: 20 })).toEqual({ assets: [], nextCursor: null })
      expect(await catalogue().getPasses({ holder: byron, limit: 20 })).toEqual({ passes: [], nextCursor: null })
      expect(await catalogue().getManifest(1n)).toBeUndefined()
      await expect(catalogue().getAsset(1n)).rejects.toMatchObject({ code: 'not_found' })
      await expect(catalogue().getLineage(1n)).rejects.toMatchObject({ code: 'not_found' })
      await expect(catalogue().getRevenue({ version: 1n, token })).rejects.toMatchObject({ code: 'not_found' })
      expect((await catalogue().getRevenue({ account: ada, token })).entitlements).toEqual([])
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
      await append(...twoAssets, ...[3, 4, 5].flatMap((id) => [minted(id, ada), ...published(id, dataset)]))
      const first = await catalogue().searchAssets({ kind: 'dataset', limit: 2 })
      expect(first.assets.map(({ id }) => id)).toEqual(['5', '4'])
      expect(first.nextCursor).toBe('4')
      const second = await catalogue().searchAssets({ kind: 'dataset', limit: 2, cursor: '4' })
      expect(second.assets.map(({ id }) => id)).toEqual(['3', '1'])
      expect(second.nextCursor).toBeNull()
      expect((await catalogue().searchAssets({ kind: 'machine', limit: 2 })).assets).toEqual([])
    })

    test('search filters by who, what, terms and origin', async () => {
      const sampled = { ...model, name: 'Sampled' }
      await append(...twoAssets, minted(3, boole), ...published(3, sampled), transferred(3, boole, ada))
      await append(
        minted(4, boole),
        ...published(
          4,
          { ...model, name: 'Grandchild' },
          {},
          {
            parents: ['2'],
            royalties: [
              { ancestor: '2', bps: 1 },
              { ancestor: '1', bps: 1_000 },
            ],
          },
        ),
      )
      await append(listed(1, 0, '500'), listed(2, 0, '20'), listed(2, 1, '900', { usage: 2 }), listed(3, 0, '700'))
      await append({ table: 'offer_closed', values: { offer: `${2 << 16}`, asset: '2' } })
      await addManifests(dataset, model)
      await database().query(
        `INSERT INTO manifests SELECT v.manifest_digest, name, description, '["onnx","tiny"]', licence, m.contributor_root,
           document || '{"sample":{}}', search FROM manifests m, version_published v WHERE v.version = 3 AND m.name = $1::text`,
        [model.name],
      )
      type Wanted = Omit<Parameters<ReturnType<typeof catalogue>['searchAssets']>[0], 'limit'>
      const ids = async (wanted: Wanted) =>
        (await catalogue().searchAssets({ limit: 10, ...wanted })).assets.map(({ id }) => Number(id))
      const cases: [Wanted, number[]][] = [
        [{ owner: getAddress(ada) }, [3, 1]],
        [{ publisher: getAddress(boole) }, [2]],
        [{ tag: 'tiny' }, [3]],
        [{ tag: '%' }, []],
        [{ licence: dataset.licence.spdx, kind: 'dataset' }, [1]],
        [{ hasSample: true }, [3]],
        [{ hasSample: false, kind: 'model' }, [4, 2]],
        [{ builtFrom: 1n }, [4, 2]],
        [{ builtFrom: 2n }, [4]],
        [{ offer: { token: getAddress(token) } }, [3, 2, 1]],
        [{ offer: { token: getAddress(token), priceMax: 600n } }, [1]],
        [{ offer: { token: getAddress(token), priceMin: 500n, priceMax: 700n } }, [3, 1]],
        [{ offer: { usage: 'internal' } }, [2]],
        [{ offer: { token: ada } }, []],
        [{ sort: 'price', offer: { token: getAddress(token) } }, [1, 3, 2]],
        [{ query: 'classifier', sort: 'relevance' }, [3, 2]],
      ]
      for (const [wanted, found] of cases) expect(await ids(wanted), String(Object.keys(wanted))).toEqual(found)
    })

    test('pages are whole in any order, whatever is equal', async () => {
      const all = Array.from({ length: 9 }, (_, index) => index + 1)
      await append(
        ...all.flatMap((id) => [minted(id, ada), ...published(id, dataset), listed(id, 0, `${(id % 3) + 1}`)]),
      )
      await append(...all.flatMap((id) => Array.from({ length: id % 4 }, () => granted(id, 0, boole))))
      await addManifests(dataset)
      for (const sort of ['newest', 'price', 'sales', 'relevance'] as const) {
        const wanted = { sort, ...(sort === 'relevance' ? { query: 'digits' } : {}) }
        const whole = (await catalogue().searchAssets({ ...wanted, limit: 100 })).assets.map(({ id }) => id)
        expect(whole.toSorted(), sort).toEqual(all.map(String))
        for (const limit of [1, 2, 4]) {
          const found: string[] = []
          for (let cursor: string | undefined; ; ) {
            const page = assetListSchema.parse(
              await catalogue().searchAssets({ ...wanted, limit, ...(cursor === undefined ? {} : { cursor }) }),
            )
            found.push(...page.assets.map(({ id }) => id))
            if (page.nextCursor === null) break
            cursor = page.nextCursor
          }
          expect(found, `${sort} by ${limit}`).toEqual(whole)
        }
      }
      const byPrice = await catalogue().searchAssets({ sort: 'price', limit: 9 })
      expect(byPrice.assets.map(({ offers }) => offers[0]?.price).join('')).toBe('111222333')
      const bySales = await catalogue().searchAssets({ sort: 'sales', limit: 9 })
      expect(bySales.assets.map(({ sales }) => sales).join('')).toBe('332211100')
    })

    test('an asset has its versions, offers, sales and manifest', async () => {
      await append(...twoAssets, listed(2, 0, '10000000'), listed(2, 1, `${2n ** 128n}`))
      await append({ table: 'offer_closed', values: { offer: `${(2 << 16) + 1}`, asset: '2' } })
      await append(granted(2, 0, byron, { amount: '10000000' }))
      const before = await catalogue().getAsset(2n)
      expect(before).toMatchObject({ name: null, manifest: null, tags: [], licence: null, sales: 1 })
      expect(before.offers[0]?.token).toMatchObject({ address: getAddress(token), decimals: 0 })

      await addManifests(model)
      await database().query("INSERT INTO tokens VALUES ($1::text, 'tUSD', 6)", [token])
      const better = { ...model, name: 'Better classifier' }
      await append(...published(3, better, { asset: '2' }, { parents: ['1', '2'] }), transferred(2, boole, ada))
      const asset = assetDetailSchema.parse(await catalogue().getAsset(2n))
      expect(asset).toMatchObject({ id: '2', kind: 'model', owner: getAddress(ada), name: null, version: { id: '3' } })
      expect(asset.versions.map(({ id, block, publishedAt }) => [id, block, publishedAt])).toEqual([
        ['3', 4, 1_700_000_004],
        ['2', 1, 1_700_000_001],
      ])
      expect(asset.versions.map(({ parents, edges }) => [parents, edges])).toEqual([
        [['1', '2'], []],
        [['1'], [{ ancestor: '1', bps: 1_000 }]],
      ])
      expect(asset.offers.map(({ id, price, open, usage }) => [id, price, open, usage])).toEqual([
        ['131072', '10000000', true, 'personal'],
        ['131073', `${2n ** 128n}`, false, 'personal'],
      ])
      expect(asset.offers[0]?.token).toEqual({ address: getAddress(token), symbol: 'tUSD', decimals: 6 })
      expect(await catalogue().getManifest(2n)).toEqual(model)
      expect(await catalogue().getManifest(3n)).toBeUndefined()
      await addManifests(better)
      expect(await catalogue().getAsset(2n)).toMatchObject({ name: 'Better classifier', licence: 'CC-BY-SA-3.0' })
      assetListSchema.parse(await catalogue().searchAssets({ limit: 5 }))
    })

    test('versions and offers come in pages that leave nothing out, and the asset has the first of them', async () => {
      const ids = Array.from({ length: 45 }, (_, index) => index + 1)
      await append(minted(1, ada), ...ids.flatMap((id) => published(id, dataset, { asset: '1' })))
      await append(...ids.map((_, index) => listed(1, index, '5')), minted(99, boole), ...published(99, model))
      await append(listed(99, 0, '7'))
      const closed = (index: number) => ({
        table: 'offer_closed' as const,
        values: { offer: `${65_536 + index}`, asset: '1' },
      })
      const [shut, open] = [ids.filter((id) => id % 3 === 0), ids.filter((id) => id % 3 !== 0)]
      await append(...shut.map((id) => closed(id - 1)))
      const asset = assetDetailSchema.parse(await catalogue().getAsset(1n))
      const descending = ids.toReversed().map(String)
      expect(asset.versions.map(({ id }) => id)).toEqual(descending.slice(0, 20))
      expect(asset).toMatchObject({ versionCount: 45, versionsCursor: '26' })
      const offerIds = [...open, ...shut].map((id) => `${65_536 + id - 1}`)
      expect(asset.offers.map(({ id }) => id)).toEqual(offerIds.slice(0, 20))
      const { assets } = assetListSchema.parse(await catalogue().searchAssets({ limit: 2 }))
      expect(assets.map(({ offers, offersCursor }) => [offers.length, offersCursor])).toEqual([
        [1, null],
        [20, asset.offersCursor],
      ])

      const versionsFrom = async (limit: number, from?: string) => {
        const found: string[] = []
        for (let cursor: string | null | undefined = from; cursor !== null; ) {
          const more: { cursor?: string } = cursor === undefined ? {} : { cursor }
          const page = versionListSchema.parse(await catalogue().getVersions({ asset: 1n, limit, ...more }))
          found.push(...page.versions.map(({ id }) => id))
          cursor = page.nextCursor
        }
        return found
      }
      const offersFrom = async (limit: number, from?: string, between = async () => {}) => {
        const found: Offer[] = []
        for (let cursor: string | null | undefined = from; cursor !== null; await between()) {
          const more: { cursor?: string } = cursor === undefined ? {} : { cursor }
          const page = offerListSchema.parse(await catalogue().getOffers({ asset: 1n, limit, ...more }))
          found.push(...page.offers)
          cursor = page.nextCursor
        }
        return found
      }
      for (const limit of [1, 7, 30, 45, 100]) {
        expect(await versionsFrom(limit), `${limit}`).toEqual(descending)
        expect(
          (await offersFrom(limit)).map(({ id }) => id),
          `${limit}`,
        ).toEqual(offerIds)
      }
      expect(await versionsFrom(50, asset.versionsCursor ?? '')).toEqual(descending.slice(20))
      expect((await offersFrom(50, asset.offersCursor ?? '')).map(({ id }) => id)).toEqual(offerIds.slice(20))

      // While pages are read the first, the last and one in the middle of the open ones are closed.
      const closing = [0, 43, 21]
      const read = await offersFrom(7, undefined, async () => {
        const index = closing.shift()
        if (index !== undefined) await append(closed(index))
      })
      const last = new Map(read.map((offer) => [offer.id, offer.open]))
      expect([...last.keys()].toSorted()).toEqual(offerIds.toSorted())
      expect([...last.values()].filter((isOpen) => isOpen)).toHaveLength(open.length - 3)

      for (const ask of [catalogue().getVersions, catalogue().getOffers])
        await expect(ask({ asset: 7n, limit: 1 })).rejects.toMatchObject({ code: 'not_found' })
    })

    test('offers say on what terms they are sold', async () => {
      const gate = testHash('gate')
      await append(
        ...twoAssets,
        listed(1, 0, '500', { flags: 1, brackets: [{ fromDay: 30, bps: 8_000 }] }),
        listed(1, 1, '600', { flags: 2, refund_hours: 48 }),
        listed(1, 2, '700', { gate }),
        listed(1, 3, '800', { usage: 6 }),
      )
      const { offers } = assetDetailSchema.parse(await catalogue().getAsset(1n))
      const usual = { timed: false, transferable: false, refundHours: 0, gate: null, brackets: [], listedAt: null }
      const said = offers.map(({ timed, transferable, refundHours, gate: root, brackets, listedAt }) => ({
        timed,
        transferable,
        refundHours,
        gate: root,
        brackets,
        listedAt,
      }))
      expect(said).toEqual([
        { ...usual, timed: true, brackets: [{ fromDay: 30, bps: 8_000 }] },
        { ...usual, transferable: true, refundHours: 48 },
        { ...usual, gate },
        { ...usual, listedAt: 1_700_000_001 },
      ])
    })

    test('an asset says what is ended, erased, sold away or free for ever', async () => {
      const flags = (commercial: boolean) => ({ flags: commercial ? 13 : 5 })
      const from = (...parents: string[]) => ({ parents })
      await append(
        minted(1, ada),
        ...published(1, dataset, flags(false)),
        // Of another owner's, of its own, of what is free itself, and of the other owner's after it was bought.
        minted(2, boole),
        ...published(2, model, { publisher: boole, ...flags(true) }, from('1')),
        minted(3, ada),
        ...published(3, model, { publisher: ada, ...flags(true) }, from('1')),
        minted(4, ada),
        ...published(4, model, { publisher: ada, ...flags(true) }, { suppliers: ['2'] }),
        transferred(1, ada, boole),
        minted(5, boole),
        ...published(5, model, { publisher: boole, ...flags(true) }, from('1')),
        transferred(5, boole, ada),
        ...published(6, model, { asset: '5', publisher: ada, ...flags(true) }, from('5')),
      )
      await append(
        { table: 'asset_retired', values: { asset: '3' } },
        { table: 'asset_sold_exclusively', values: { asset: '4' } },
        { table: 'version_erased', values: { version: '6', asset: '5' } },
      )
      const { assets } = assetListSchema.parse(await catalogue().searchAssets({ limit: 10 }))
      const said = assets.map(({ id, freeOnly, retired, soldExclusively, version }) =>
        [id, { freeOnly, retired, soldExclusively, erased: version.erased }].flatMap((part) =>
          typeof part === 'string' ? [part] : Object.keys(part).filter((key) => part[key as keyof typeof part]),
        ),
      )
      expect(said).toEqual([
        ['5', 'erased'],
        ['4', 'freeOnly', 'soldExclusively'],
        ['3', 'retired'],
        ['2', 'freeOnly'],
        ['1'],
      ])
      expect((await catalogue().getAsset(5n)).versions.map(({ id, erased }) => [id, erased])).toEqual([
        ['6', true],
        ['5', false],
      ])
      expect((await catalogue().getAsset(1n)).version.terms).toEqual({
        derivatives: true,
        royaltyBps: 0,
        serveBps: 0,
        consent: false,
        attribution: true,
        commercial: false,
      })
    })

    test('an asset has the bundles that its owner sells it in', async () => {
      const bundle = (word: string, owner: string, offers: readonly number[]): TestEvent => ({
        table: 'bundle_listed',
        values: { bundle: testHash(word), owner, offers: offers.map(String), discount_bps: 500 },
      })
      const closed = (word: string): TestEvent => ({ table: 'bundle_closed', values: { bundle: testHash(word) } })
      const both = [1 << 16, 2 << 16]
      await append(...twoAssets, transferred(2, boole, ada), listed(1, 0, '5'), listed(2, 0, '5'))
      await append(
        bundle('both', ada, both),
        bundle('closed', ada, both),
        closed('closed'),
        bundle('other', boole, both),
      )
      const shown = async (asset: bigint) => (await catalogue().getAsset(asset)).bundles
      const one = { id: testHash('both'), owner: getAddress(ada), offers: both.map(String), discountBps: 500 }
      expect(await shown(1n)).toEqual([one])
      expect(await shown(2n)).toEqual([one])
      await append(closed('both'))
      expect(await shown(1n)).toEqual([])
      await append(bundle('both', ada, both))
      expect(await shown(1n)).toEqual([one])
      await append(transferred(1, ada, byron))
      expect(await shown(1n)).toEqual([])
    })

    test('lineage reaches every ancestor and every descendant, once each', async () => {
      // 1 ← 2 ← 4, 1 ← 3 ← 4, 4 ← 5; 6 stands alone; 7 owes 5 by an edge alone; 8 sells the work of 7; 9 gathers 6 and 2.
      const child = (id: number, parents: number[], royalties: readonly object[] = []) => [
        minted(id, boole),
        ...published(id, model, {}, { parents: parents.map(String), royalties }),
      ]
      const service = testManifest({ kind: 'service', suppliers: ['7'] })
      const members = [
        { version: '2', weight: '3' },
        { version: '6', weight: '1' },
      ]
      const collection = testManifest({ kind: 'collection', contributorBps: 10_000, members })
      await append(minted(1, ada), ...published(1, dataset), ...child(2, [1]), ...child(3, [1]), ...child(4, [2, 3]))
      await append(...child(5, [4]), ...child(6, []), ...child(7, [], [{ ancestor: '5', bps: 100 }]))
      const supplies = [{ supplier: '7', bps: 6_000 }]
      await append(minted(8, ada), ...published(8, service, {}, { suppliers: ['7'], supplies }))
      await append(minted(9, ada), ...published(9, collection))
      await addManifests(dataset, collection)
      const reached = async (version: bigint) =>
        (await catalogue().getLineage(version)).vertices.map((vertex) => vertex.version).join()
      expect(await reached(4n)).toBe('1,2,3,4,5,7,8')
      expect(await reached(2n)).toBe('1,2,4,5,7,8,9')
      expect(await reached(6n)).toBe('6,9')
      expect(await reached(7n)).toBe('1,2,3,4,5,7,8')
      expect(await reached(9n)).toBe('1,2,6,9')
      const { vertices } = lineageSchema.parse(await catalogue().getLineage(4n))
      expect(vertices[0]).toMatchObject({
        name: 'Handwritten digits',
        contributors: [{ label: 'Alpha', weight: '4000' }, { label: 'Beta' }, { label: 'Gamma' }],
        members: [],
      })
      expect(vertices[1]).toMatchObject({ name: null, contributors: [], parents: ['1'] })
      expect(vertices.at(-1)).toMatchObject({ kind: 'service', suppliers: ['7'], supplies })
      expect((await catalogue().getLineage(9n)).vertices.at(-1)).toMatchObject({ contributors: [], members })
      await expect(catalogue().getLineage(10n)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('a rollback takes state, search and revenue back with the events', async () => {
      await addManifests(dataset, model)
      await append(minted(1, ada), ...published(1, dataset))
      await append(sold(1, '1000'))
      const before = await Promise.all([catalogue().getAsset(1n), catalogue().getRevenue({ version: 1n, token })])
      await append(
        transferred(1, ada, byron),
        ...published(2, model, { asset: '1' }),
        sold(1, '500'),
        listed(1, 0, '5'),
        { table: 'asset_retired', values: { asset: '1' } },
        granted(1, 0, byron),
      )
      expect(await find('classifier')).toEqual(['1'])
      await rollBack(database(), testHeader(3n).hash, testHeader(2n), [])
      expect(await find('classifier')).toEqual([])
      expect(await Promise.all([catalogue().getAsset(1n), catalogue().getRevenue({ version: 1n, token })])).toEqual(
        before,
      )
      expect(await catalogue().getPasses({ holder: byron, limit: 20 })).toEqual({ passes: [], nextCursor: null })
      expect(await catalogue().indexedBlock()).toBe(2)
    })

    test('a manifest is added once, and only if it is one', async () => {
      await addManifests(dataset, dataset)
      expect(await database().query('SELECT count(*) FROM manifests')).toEqual([{ count: 1n }])
      expect(await database().query('SELECT count(*) FROM manifest_contributors')).toEqual([{ count: 3n }])
      await expect(addManifest(database(), new TextEncoder().encode('{}'))).rejects.toMatchObject({
        code: 'manifest_invalid',
      })
      expect(await database().query('SELECT count(*) FROM manifests')).toEqual([{ count: 1n }])
    })
  })
