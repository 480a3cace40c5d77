import {
  accrueRevenue,
  buyBundle,
  buyOffer,
  closeBundle,
  closeOffer,
  getOffer,
  getPass,
  getRevenue,
  listBundle,
  listOffer,
  refundPass,
  releasePasses,
  transferPass,
} from '@agorai/sdk'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** Every kind of offer, from its listing to the ledger, through the SDK on a real chain. */

let market: Marketplace
const day = 86_400

beforeAll(async () => {
  market = await startMarketplace()
  await market.mint(market.byron, 1_000_000_000n)
})
afterAll(() => market?.stop())

/** What the owner of a version has earned by now, and what of its sales is not final yet. */
async function ownerOf(version: bigint): Promise<{ entitled: string; waiting: string }> {
  const { entitlements, waiting } = await getRevenue(market.ada, { version, token: market.token })
  const owner = entitlements.find((each) => each.role === 'owner' && BigInt(each.version) === version)
  return { entitled: owner?.entitled ?? '0', waiting }
}

test('a newcomer without gas publishes and lists in one transaction that another sends', async () => {
  const { curie, token, connect, chain, publishService } = market
  const newcomer = await connect(privateKeyToAccount(generatePrivateKey()))
  const offers = [
    { token, price: 5_000_000n, usage: 'personal' as const },
    { token, price: 1_000_000n, usage: 'inference' as const, timed: true },
  ]
  const published = await publishService(newcomer, { offers, relayer: curie })
  expect(published.offers).toEqual([published.asset << 16n, (published.asset << 16n) + 1n])
  expect(await chain.getBalance({ address: market.addressOf(newcomer) })).toBe(0n)
  expect(await chain.getTransactionReceipt({ hash: published.hash })).toMatchObject({
    from: market.addressOf(curie).toLowerCase(),
  })
  expect(await getOffer(newcomer, { offer: published.offers[1] ?? 0n, days: 3 })).toMatchObject({
    asset: published.asset,
    open: true,
    timed: true,
    priceNow: 3_000_000n,
  })
  // The signature was for one publication: the next one has another nonce.
  await expect(publishService(newcomer, { offers, relayer: curie })).resolves.toMatchObject({
    asset: published.asset + 1n,
  })
})

describe('timed passes', () => {
  let offer: bigint
  let asset: bigint

  beforeAll(async () => {
    const { ada, token, publishService, toNextDay } = market
    const brackets = [
      { fromDay: 7, bps: 9_000 },
      { fromDay: 30, bps: 8_000 },
    ]
    const offers = [{ token, price: 1_000_000n, usage: 'inference' as const, timed: true, brackets }]
    const published = await publishService(ada, { offers })
    asset = published.asset
    offer = published.offers[0] ?? 0n
    await toNextDay()
  })

  test('cost by marginal brackets, are paid by permit, and renewed once however often it is asked', async () => {
    const { byron, balanceOf, addressOf, node } = market
    const before = await balanceOf(byron)
    const bought = await buyOffer(byron, { offer, days: 10, amountMax: 9_700_000n, payment: 'permit' })
    expect(bought).toMatchObject({ amount: 9_700_000n, nonce: 0, refundUntil: null, alreadyHeld: false })
    expect(await balanceOf(byron)).toBe(before - 9_700_000n)
    expect(await balanceOf(node.info.chain.addresses.accessMarket)).toBe(9_700_000n)
    // Without a nonce a running pass is found, not renewed.
    expect(await buyOffer(byron, { offer, days: 10, amountMax: 9_700_000n })).toEqual({ ...bought, alreadyHeld: true })

    const renewal = { offer, days: 2, amountMax: 2_000_000n, nonce: 1 }
    const renewed = await buyOffer(byron, renewal)
    expect(renewed).toMatchObject({ amount: 2_000_000n, nonce: 1, expiry: (bought.expiry ?? 0) + 2 * day })
    expect(await buyOffer(byron, renewal)).toEqual({ ...renewed, alreadyHeld: true })
    expect(await buyOffer(byron, { ...renewal, nonce: 0 })).toEqual({ ...bought, alreadyHeld: true })
    expect(await getPass(byron, { offer })).toMatchObject({ purchases: 2, running: true, holder: addressOf(byron) })
    await expect(buyOffer(byron, { ...renewal, nonce: 5 })).rejects.toMatchObject({ code: 'nonce_invalid' })
  })

  test('earn by the day, and give back the days that have not begun', async () => {
    const { byron, curie, balanceOf, passTime, token, node, settle } = market
    await passTime(3 * day + 60)
    const accrued = await accrueRevenue(curie, { asset, token })
    // 11.7 for 12 days, by two purchases: three days of the merged rate.
    expect(accrued.amount).toBeGreaterThan(2_800_000n)
    expect((await accrueRevenue(curie, { asset, token })).amount).toBe(0n)

    const { refundable } = await getPass(byron, { offer })
    const before = await balanceOf(byron)
    const { amount } = await refundPass(byron, { offer })
    expect(amount).toBe(refundable)
    expect(await balanceOf(byron)).toBe(before + amount)
    expect(await getPass(byron, { offer })).toMatchObject({ running: false, purchases: 2, refundable: 0n })
    await expect(refundPass(byron, { offer })).rejects.toMatchObject({ code: 'pass_missing' })

    // The day that has begun is earned once it has ended; nothing is left behind.
    await passTime(2 * day)
    const rest = await accrueRevenue(curie, { asset, token })
    expect(accrued.amount + rest.amount + amount).toBe(11_700_000n)
    expect(await balanceOf(node.info.chain.addresses.accessMarket)).toBe(0n)
    await settle()
    // Less the fee of 1 %, of each sum that came in.
    const final = 11_700_000n - amount
    expect(await ownerOf(asset)).toEqual({ entitled: String((final * 9_900n) / 10_000n), waiting: '0' })
  })

  test('a quantity out of range and a closed offer are refused', async () => {
    const { ada, byron } = market
    await expect(buyOffer(byron, { offer, days: 0, amountMax: 1n })).rejects.toMatchObject({ code: 'quantity_invalid' })
    await expect(buyOffer(byron, { offer, days: 3_651, amountMax: 1n })).rejects.toMatchObject({
      code: 'quantity_invalid',
    })
    await closeOffer(ada, { offer })
    await expect(buyOffer(byron, { offer, amountMax: 9_000_000n })).rejects.toMatchObject({ code: 'offer_closed' })
    expect(await getOffer(byron, { offer })).toMatchObject({ open: false, priceNow: null })
  })
})

describe('refundable passes', () => {
  test('wait in the market, go back, or become final and are released', async () => {
    const { ada, byron, curie, token, publishService, balanceOf, passTime, node, settle, chain, addressOf } = market
    const held = { token, price: 20_000_000n, usage: 'internal' as const, refundHours: 48 }
    const { asset, offers } = await publishService(ada, { offers: [held] })
    const offer = offers[0] ?? 0n
    const before = await balanceOf(byron)
    const gas = await chain.getBalance({ address: addressOf(byron) })
    const purchase = { offer, amountMax: 20_000_000n, relayer: curie }
    const bought = await buyOffer(byron, purchase)
    expect(bought.refundUntil).toBeGreaterThan(0)
    expect(await chain.getBalance({ address: addressOf(byron) })).toBe(gas)
    expect(await balanceOf(node.info.chain.addresses.accessMarket)).toBe(20_000_000n)
    await settle()
    expect(await ownerOf(asset)).toEqual({ entitled: '0', waiting: '20000000' })
    expect(await refundPass(byron, { offer })).toMatchObject({ amount: 20_000_000n })
    expect(await balanceOf(byron)).toBe(before)

    // Bought again, another way, and kept.
    const again = await buyOffer(byron, { ...purchase, payment: 'permit' })
    expect(again).toMatchObject({ nonce: 1, alreadyHeld: false })
    expect((await releasePasses(curie, { offer })).released).toEqual([])
    await expect(releasePasses(curie, { offer, holders: [addressOf(byron)] })).rejects.toMatchObject({
      code: 'refund_open',
    })
    await passTime(48 * 3_600)
    await expect(refundPass(byron, { offer })).rejects.toMatchObject({ code: 'refund_closed' })
    expect(await releasePasses(curie, { offer })).toMatchObject({ amount: 20_000_000n })
    expect(await balanceOf(node.info.chain.addresses.accessMarket)).toBe(0n)
    await settle()
    expect(await ownerOf(asset)).toEqual({ entitled: '19800000', waiting: '0' })
  })
})

describe('who may buy, hold and pass on', () => {
  test('a gate admits the accounts of its list alone; a gift is for its holder', async () => {
    const { ada, byron, alpha, beta, gamma, token, publishService, addressOf } = market
    const gate = [alpha, beta, gamma].map(addressOf)
    const gated = { token, price: 3_000_000n, usage: 'train' as const, gate }
    const { offers, asset } = await publishService(ada, { offers: [gated] })
    const offer = offers[0] ?? 0n
    const purchase = { offer, amountMax: 3_000_000n }
    await expect(buyOffer(byron, purchase)).rejects.toMatchObject({ code: 'not_admitted', field: 'gate' })
    await expect(buyOffer(byron, { ...purchase, gate })).rejects.toMatchObject({ code: 'not_admitted' })
    await expect(buyOffer(byron, { ...purchase, gate: gate.slice(1) })).rejects.toMatchObject({ code: 'not_admitted' })
    const gift = await buyOffer(byron, { ...purchase, gate, holder: addressOf(beta) })
    expect(gift).toMatchObject({ holder: addressOf(beta), payer: addressOf(byron), amount: 3_000_000n, asset })
    expect(await getPass(beta, { offer })).toMatchObject({ running: true })
    expect(await getPass(byron, { offer })).toMatchObject({ running: false })
    await expect(transferPass(beta, { offer, to: addressOf(byron) })).rejects.toMatchObject({ code: 'pass_soulbound' })
  })

  test('a transferable pass moves with what may be refunded of it', async () => {
    const { ada, byron, alpha, token, publishService, addressOf, balanceOf } = market
    const movable = { token, price: 4_000_000n, usage: 'personal' as const, transferable: true, refundHours: 24 }
    const { offers } = await publishService(ada, { offers: [movable] })
    const offer = offers[0] ?? 0n
    await buyOffer(byron, { offer, amountMax: 4_000_000n })
    await transferPass(byron, { offer, to: addressOf(alpha) })
    expect(await getPass(byron, { offer })).toMatchObject({ running: false, purchases: 1 })
    await expect(buyOffer(alpha, { offer, amountMax: 4_000_000n })).rejects.toMatchObject({ code: 'pass_held' })
    const before = await balanceOf(alpha)
    await refundPass(alpha, { offer })
    expect(await balanceOf(alpha)).toBe(before + 4_000_000n)
  })
})

test('a bundle costs each offer at its price less the discount, and is bought once', async () => {
  const { ada, boole, byron, token, publishService, balanceOf } = market
  const first = await publishService(ada, { offers: [{ token, price: 10_000_001n, usage: 'train' }] })
  const second = await publishService(ada, { offers: [{ token, price: 5_000_000n, usage: 'train', refundHours: 1 }] })
  const offers = [...first.offers, ...second.offers]
  const { bundle } = await listBundle(ada, { offers, discountBps: 1_000 })
  await expect(listBundle(boole, { offers, discountBps: 1_000 })).rejects.toMatchObject({ code: 'not_owner' })
  const before = await balanceOf(byron)
  await expect(buyBundle(byron, { bundle, amountMax: 13_499_999n })).rejects.toMatchObject({ code: 'price_above_max' })
  const bought = await buyBundle(byron, { bundle, amountMax: 13_500_000n })
  expect(bought.purchases.map(({ offer, amount }) => [offer, amount])).toEqual([
    [offers[0], 9_000_000n],
    [offers[1], 4_500_000n],
  ])
  expect(await balanceOf(byron)).toBe(before - 13_500_000n)
  expect(await buyBundle(byron, { bundle, amountMax: 13_500_000n })).toEqual({ ...bought, alreadyHeld: true })
  expect(await balanceOf(byron)).toBe(before - 13_500_000n)
  await closeBundle(ada, { bundle })
  await expect(buyBundle(byron, { bundle, amountMax: 13_500_000n })).rejects.toMatchObject({ code: 'not_found' })
})

test('an exclusive offer falls by half a day, and its sale ends all others', async () => {
  const { ada, byron, curie, token, publishService, passTime } = market
  const exclusive = { token, price: 10_000_000n, usage: 'exclusive' as const }
  const other = { token, price: 1_000_000n, usage: 'personal' as const }
  const { asset, offers } = await publishService(ada, { offers: [other, exclusive] })
  const [plain = 0n, offer = 0n] = offers
  await passTime(day)
  const { priceNow, listedAt } = await getOffer(byron, { offer })
  expect(listedAt).toBeGreaterThan(0)
  expect(Number(priceNow)).toBeGreaterThan(49_900_000)
  expect(Number(priceNow)).toBeLessThanOrEqual(50_000_000)
  await expect(buyOffer(byron, { offer, amountMax: 50_000_000n, payment: 'authorization' })).rejects.toMatchObject({
    field: 'payment',
  })
  const sold = await buyOffer(byron, { offer, amountMax: 50_000_000n, relayer: curie })
  expect(sold.amount).toBeLessThanOrEqual(priceNow ?? 0n)
  await expect(buyOffer(byron, { offer: plain, amountMax: 1_000_000n })).rejects.toMatchObject({ code: 'not_for_sale' })
  await expect(listOffer(ada, { asset, ...other })).rejects.toMatchObject({ code: 'not_for_sale' })
})

test('an offer that contradicts itself is refused before anything is uploaded', async () => {
  const { ada, token, publishService } = market
  const bad = { token, price: 1n, usage: 'train' as const, timed: true, refundHours: 1 }
  await expect(publishService(ada, { offers: [bad] })).rejects.toMatchObject({ field: 'refundHours' })
  const negative = { token, price: -1n, usage: 'train' as const }
  await expect(publishService(ada, { offers: [negative] })).rejects.toMatchObject({ field: 'price' })
})
