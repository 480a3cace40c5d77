import { type Entitlement, passSchema, revenueSchema } from '@agorai/core'
import { zeroAddress, zeroHash } from 'viem'
import { getAddress } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { testEngines } from '../adapters/database/testDatabases.js'
import { type TestEvent, testAddress } from '../indexer/testRanges.js'
import {
  ada,
  alpha,
  beta,
  boole,
  byron,
  collected,
  contributed,
  dataset,
  granted,
  listed,
  minted,
  model,
  published,
  pulled,
  sold,
  token,
  treasury,
  twoAssets,
  useCatalogue,
} from './testCatalogue.js'
import { testManifest } from './testManifest.js'

const amounts = (entries: readonly Entitlement[]) =>
  entries.map(({ version, role, label, entitled, collected: paid }) => [version, role, label, entitled, paid])
const owners = (entries: readonly Entitlement[]) =>
  Object.fromEntries(
    entries.flatMap(({ version, role, entitled }) => (role === 'contributor' ? [] : [[version, entitled]])),
  )
const event = (table: TestEvent['table'], values: TestEvent['values']): TestEvent => ({ table, values })

for (const engine of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(engine.missing !== undefined)(`revenue and passes on ${engine.name}`, () => {
    const { catalogue, append, addManifests } = useCatalogue(engine)
    const revenueOf = async (version: bigint) => revenueSchema.parse(await catalogue().getRevenue({ version, token }))

    test('one sale reaches everyone, to the unit', async () => {
      await append(...twoAssets, sold(2, '10000000'))
      await addManifests(dataset, model)
      const revenue = await revenueOf(2n)
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
        pulled(2, 1, '1000000'),
        pulled(2, 0, '100000'),
        contributed(1, alpha, '300000', 0, 4_000),
        contributed(1, beta, '180000', 4_000, 2_400),
        collected(2, boole, '8900000'),
        collected(0, treasury, '60000'),
      )
      const later = await revenueOf(2n)
      expect(later).toMatchObject({ received: '10000000', collected: '9440000', collectable: '560000', dust: '0' })
      expect(amounts(later.entitlements)[1]).toEqual(['1', 'contributor', 'Alpha', '300000', '300000'])
      expect(amounts(later.entitlements).at(-1)).toEqual(['0', 'treasury', null, '100000', '60000'])
      expect((await catalogue().getRevenue({ version: 2n, token: testAddress(51) })).received).toBe('0')

      const held = await catalogue().getRevenue({ account: getAddress(beta), token })
      expect(amounts(held.entitlements)).toEqual([['1', 'contributor', 'Beta', '180000', '180000']])
      expect(held).toMatchObject({ received: '180000', collected: '180000', collectable: '0', dust: '0' })
      expect(amounts((await catalogue().getRevenue({ account: treasury, token })).entitlements)).toEqual([
        ['0', 'treasury', null, '100000', '60000'],
      ])
      expect((await catalogue().getRevenue({ account: byron, token })).entitlements).toEqual([])
    })

    test('what came in is collected, collectable or dust, whoever else sells', async () => {
      const royalties = [{ ancestor: '1', bps: 1_000 }]
      await append(...twoAssets, minted(3, byron), ...published(3, model, {}, { parents: ['1'], royalties }))
      await append(sold(1, '7'), sold(2, '9999999'), sold(3, '1000003'), sold(2, '13'))
      await addManifests(dataset, model)
      for (const version of [1n, 2n, 3n]) {
        const revenue = await revenueOf(version)
        const parts = [revenue.collected, revenue.collectable, revenue.dust].map(BigInt)
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(BigInt(revenue.received))
        const terms = revenue.entitlements.length + 4
        expect(BigInt(revenue.dust)).toBeGreaterThanOrEqual(0n)
        expect(BigInt(revenue.dust)).toBeLessThanOrEqual(BigInt(terms))
      }
      const whole = await revenueOf(1n)
      // Dataset: 7 of its own, 10 % of both models' sales, and every fee.
      const fees = [7n, 10_000_012n, 1_000_003n].map((sales) => sales / 100n).reduce((sum, fee) => sum + fee)
      expect(BigInt(whole.received)).toBe(7n - 7n / 100n + 1_000_001n + 100_000n + fees)
    })

    test('a service pays what it sells, and that pays on', async () => {
      const service = testManifest({ kind: 'service', suppliers: ['2'] })
      await append(
        ...twoAssets,
        minted(3, byron),
        ...published(
          3,
          service,
          { publisher: byron, fee_bps: 40 },
          {
            suppliers: ['2'],
            supplies: [{ supplier: '2', bps: 6_000 }],
          },
        ),
        sold(3, '10000000'),
      )
      const expected = { '0': '100000', '1': '600000', '2': '5340000', '3': '3960000' }
      const check = async () => {
        const revenue = await revenueOf(3n)
        expect(owners(revenue.entitlements)).toEqual({ ...expected, '1': '240000' })
        expect(revenue).toMatchObject({ received: '10000000', collectable: '10000000', dust: '0' })
      }
      await addManifests(dataset)
      await check()
      // Pulled by halves, of which only the service's has happened: nothing changes, and more sales add to it.
      await append(
        pulled(3, 0, '40000'),
        event('supply_pulled', { version: '3', supplier: '2', token, amount: '6000000' }),
      )
      await check()
      await append(sold(2, '100'), pulled(2, 1, '600010'), pulled(2, 0, '60001'))
      expect(owners((await revenueOf(2n)).entitlements)).toMatchObject({ '2': '5340089' })
    })

    test('a collection pays its members, and its owner the rest', async () => {
      const members = [
        { version: '1', weight: '3' },
        { version: '2', weight: '1' },
      ]
      const collection = testManifest({ kind: 'collection', contributorBps: 8_000, members })
      await append(...twoAssets, minted(3, byron), ...published(3, collection), sold(3, '10000'))
      await addManifests(dataset)
      // Without the manifest nobody knows the members: they stand together.
      const unknown = await revenueOf(3n)
      expect(amounts(unknown.entitlements)).toEqual([
        ['3', 'owner', null, '1980', '0'],
        ['3', 'contributor', null, '7920', '0'],
        ['0', 'treasury', null, '100', '0'],
      ])
      await addManifests(collection)
      expect(owners((await revenueOf(3n)).entitlements)).toMatchObject({ '1': '2376', '2': '1980' })
      await append(event('member_credited', credit(1, 0, 3, '5940')))
      const known = await revenueOf(3n)
      expect(owners(known.entitlements)).toEqual({ '0': '100', '1': '2376', '2': '1980', '3': '1980' })
      expect(known.entitlements.filter(({ version }) => version === '3')).toHaveLength(1)
      // Of 3,564 the dataset's contributors have 1,782, 1,069 and 712.
      expect(known).toMatchObject({ received: '10000', collectable: '9999', collected: '0', dust: '1' })
      const held = await catalogue().getRevenue({ account: boole, token })
      expect(amounts(held.entitlements)).toEqual([['2', 'owner', null, '1980', '0']])
    })

    const credit = (member: number, start: number, weight: number, amount: string) => ({
      version: '3',
      member: `${member}`,
      token,
      weight_start: `${start}`,
      weight: `${weight}`,
      amount,
    })

    test('a member that cannot be credited takes nothing from the others', async () => {
      const members = [
        { version: '1', weight: '1' },
        { version: '9', weight: '1' },
      ]
      const collection = testManifest({ kind: 'collection', contributorBps: 10_000, members })
      await append(
        minted(1, ada),
        ...published(1, model),
        minted(2, byron),
        ...published(2, collection),
        sold(2, '10000'),
      )
      await addManifests(model, collection)
      expect(owners((await revenueOf(2n)).entitlements)).toEqual({ '0': '100', '1': '4950', '2': '0' })
    })

    test('a lien moves its share to the creditor, up to its cap', async () => {
      await append(minted(1, ada), ...published(1, model), minted(2, byron), ...published(2, model), sold(2, '1000'))
      const lien = { version: '2', token, creditor: '1', bps: 5_000, base: '990', cap: '600' }
      await append(event('lien_set', lien), sold(2, '1000'))
      expect(owners((await revenueOf(1n)).entitlements)).toMatchObject({ '1': '495' })
      expect(owners((await revenueOf(2n)).entitlements)).toMatchObject({ '2': '1485' })
      const moved = { version: '2', token, creditor: '1', position: 0, amount: '495' }
      await append(event('lien_moved', moved), collected(2, byron, '1485'), sold(2, '1000'))
      // Of 990 more it would take 495, and has room for 105.
      expect(owners((await revenueOf(1n)).entitlements)).toMatchObject({ '1': '600' })
      const { entitlements, ...debtor } = await revenueOf(2n)
      expect(entitlements[0]).toMatchObject({ entitled: '2370', collected: '1485', collectable: '885' })
      expect(BigInt(debtor.received)).toBe(3_000n - 600n)
      expect(debtor.dust).toBe('0')
    })

    test('contributors that the chain does not prove stand together', async () => {
      const lying = { ...dataset, name: 'Another root' }
      await append(minted(1, ada), ...published(1, lying, { contributor_root: `${zeroHash.slice(0, -4)}1f40` }))
      await append(sold(1, '1000'), contributed(1, alpha, '100', 0, 4_000), contributed(1, beta, '50', 4_000, 2_400))
      const check = async () => {
        const { entitlements } = await catalogue().getRevenue({ version: 1n, token })
        expect(entitlements[1]).toMatchObject({ role: 'contributor', account: zeroAddress, start: null })
        expect(entitlements[1]).toMatchObject({ entitled: '594', collected: '150', collectable: '444' })
        expect((await catalogue().getLineage(1n)).vertices[0]?.contributors).toEqual([])
        expect((await catalogue().getRevenue({ account: alpha, token })).entitlements).toEqual([])
      }
      await check()
      await addManifests(lying)
      await check()
    })

    test('money that is not final waits apart, with the asset that it will enter', async () => {
      const refundable = { amount: '700', refund_until: 1_800_000_000 }
      await append(
        ...twoAssets,
        listed(1, 0, '700', { refund_hours: 9 }),
        listed(1, 1, '10', { flags: 1 }),
        listed(2, 0, '5'),
      )
      await append(
        granted(1, 0, alpha, refundable),
        granted(1, 0, beta, refundable),
        granted(1, 0, byron, refundable),
        granted(1, 1, byron, { amount: '100', expiry: 1_800_000_000 }),
        granted(2, 0, byron, { amount: '5' }),
        sold(2, '5'),
      )
      const waiting = async () => {
        const answers = [
          await revenueOf(1n),
          await revenueOf(2n),
          await catalogue().getRevenue({ account: ada, token }),
          await catalogue().getRevenue({ account: boole, token }),
          await catalogue().getRevenue({ version: 1n, token: testAddress(51) }),
        ]
        return answers.map((answer) => answer.waiting)
      }
      expect(await waiting()).toEqual(['2200', '2200', '2200', '0', '0'])
      const pass = { offer: `${1 << 16}`, asset: '1', amount: '700' }
      await append(
        event('pass_refunded', { ...pass, holder: alpha }),
        event('pass_released', { ...pass, holder: beta, version: '1' }),
        event('pass_refunded', { offer: `${(1 << 16) + 1}`, asset: '1', holder: byron, amount: '30' }),
        event('revenue_accrued', { asset: '1', token, version: '1', day: 20_000, amount: '20' }),
        sold(1, '720'),
      )
      expect(await waiting()).toEqual(['750', '750', '750', '0', '0'])
      // A later version is what it will enter.
      await append(...published(3, model, { asset: '1' }))
      expect((await revenueOf(1n)).waiting).toBe('0')
      expect((await revenueOf(3n)).waiting).toBe('750')
    })

    test('a pass runs, ends, goes back or moves on, and is shown once', async () => {
      const now = 1_700_000_003
      const [handed, kept] = [testAddress(21), testAddress(22)]
      await append(
        ...twoAssets,
        listed(1, 0, '5'),
        listed(1, 1, '5', { flags: 3 }),
        listed(1, 2, '5', { refund_hours: 1 }),
      )
      const moved = (sender: string, recipient: string) =>
        event('pass_transferred', { offer: `${(1 << 16) + 1}`, sender, recipient })
      await append(
        granted(1, 0, byron, { amount: '5', payer: alpha }),
        granted(1, 1, byron, { amount: '5', expiry: now }),
        granted(1, 1, alpha, { amount: '6', expiry: now + 1, payer: beta }),
        moved(alpha, handed),
        granted(1, 2, byron, { amount: '7', refund_until: now + 50 }),
        granted(1, 2, beta, { amount: '7', refund_until: now + 50 }),
      )
      await append(
        moved(handed, kept),
        event('pass_refunded', { offer: `${(1 << 16) + 2}`, asset: '1', holder: beta, amount: '7' }),
      )
      const passes = async (holder: string) =>
        (await catalogue().getPasses({ holder: getAddress(holder), limit: 100 })).passes.map((pass) => {
          const { offer, payer, amount, expiry, refundUntil, state, block } = passSchema.parse(pass)
          return [Number(offer) & 0xffff, payer, amount, expiry, refundUntil, state, block]
        })
      const three = [
        [2, getAddress(testAddress(9)), '7', null, now + 50, 'running', 2],
        [1, getAddress(testAddress(9)), '5', now, null, 'expired', 2],
        [0, getAddress(alpha), '5', null, null, 'running', 2],
      ]
      expect(await passes(byron)).toEqual(three)
      const ofByron = { holder: getAddress(byron), limit: 2 }
      const page = await catalogue().getPasses(ofByron)
      const rest = await catalogue().getPasses({ ...ofByron, cursor: page.nextCursor ?? '' })
      expect([...page.passes, ...rest.passes].map(({ offer }) => Number(offer) & 0xffff)).toEqual([2, 1, 0])
      expect([page.passes.length, rest.nextCursor]).toEqual([2, null])
      expect((await catalogue().getPasses({ ...ofByron, asset: 1n })).nextCursor).not.toBeNull()
      expect(await catalogue().getPasses({ ...ofByron, asset: 2n })).toEqual({ passes: [], nextCursor: null })
      expect(await passes(alpha)).toEqual([[1, getAddress(beta), '6', now + 1, null, 'transferred', 2]])
      expect(await passes(handed)).toEqual([[1, getAddress(beta), '6', now + 1, null, 'transferred', 3]])
      expect(await passes(kept)).toEqual([[1, getAddress(beta), '6', now + 1, null, 'running', 3]])
      expect(await passes(beta)).toEqual([[2, getAddress(testAddress(9)), '7', null, now + 50, 'refunded', 3]])

      // Who handed a pass on and buys another one has that one released, not the first.
      const both = { flags: 2, refund_hours: 1 }
      const third = (1 << 16) + 3
      const until = { amount: '7', refund_until: now + 50 }
      const release = (holder: string) =>
        event('pass_released', { offer: `${third}`, asset: '1', holder, version: '1', amount: '7' })
      const hand = (sender: string, recipient: string) =>
        event('pass_transferred', { offer: `${third}`, sender, recipient })
      const [first, second] = [testAddress(31), testAddress(32)]
      await append(
        listed(1, 3, '7', both),
        granted(1, 3, first, until),
        hand(first, second),
        granted(1, 3, first, until),
      )
      await append(release(first))
      expect((await passes(first)).map(([, , , , refundUntil]) => refundUntil)).toEqual([null])
      expect((await passes(second)).map(([, , , , refundUntil]) => refundUntil)).toEqual([now + 50])
      await append(release(second))
      expect((await passes(second)).map(([, , , , refundUntil]) => refundUntil)).toEqual([null])

      // Released, renewed, bought again after a refund, and old.
      await append(
        event('pass_released', { offer: `${(1 << 16) + 2}`, asset: '1', holder: byron, version: '1', amount: '7' }),
        granted(1, 1, byron, { amount: '9', expiry: now + 9, nonce: 1 }),
        granted(1, 2, beta, { amount: '8', refund_until: now + 60, nonce: 1 }),
      )
      expect(await passes(byron)).toEqual([
        [1, getAddress(testAddress(9)), '9', now + 9, null, 'running', 7],
        [2, getAddress(testAddress(9)), '7', null, null, 'running', 2],
        [0, getAddress(alpha), '5', null, null, 'running', 2],
      ])
      expect(await passes(kept)).toEqual([[1, getAddress(beta), '6', now + 1, null, 'expired', 3]])
      expect(await passes(beta)).toEqual([[2, getAddress(testAddress(9)), '8', null, now + 60, 'running', 7]])
    })
  })
