import {
  accessMarketAbi,
  accountOf,
  assetRegistryAbi,
  dayOf,
  exclusivePrice,
  isRunning,
  offerIdOf,
  perpetualExpiry,
  revenueLedgerAbi,
  testUsdAbi,
  usages,
  waitingOf,
} from '@agorai/core'
import { type Abi, type Address, zeroHash } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Check, checkAll, compareHistories, count, runsOf } from './histories.js'
import {
  assets,
  createMarket,
  holders,
  type Market,
  type MarketStep,
  marketHistoryArbitrary,
  marketItself,
  passIn,
  priceNow,
  publicationOf,
  seller,
  streamIn,
  takeStep,
} from './marketModel.js'
import {
  type Block,
  type Call,
  eventsOf,
  functionOf,
  refusalOf,
  type SimulatedChain,
  startSimulatedChain,
} from './simulatedChain.js'

/**
 * The market and core's pure functions take the same random histories of offers, purchases, renewals, refunds, transfers,
 * releases and accruals while time goes by: every event, refusal, price, pass and stream must be equal.
 */
const histories = runsOf(150)
const startsAt = 1_900_000_000n

const abi = [...assetRegistryAbi, ...revenueLedgerAbi, ...accessMarketAbi] as Abi
const events = new Set([
  ...['PassGranted', 'PassRefunded', 'PassReleased', 'PassTransferred', 'RevenueAccrued', 'RevenueReceived'],
])

let chain: SimulatedChain
let token: Address

beforeAll(async () => {
  chain = await startSimulatedChain()
  if (chain.addresses.testUsd === undefined) throw new Error('There is no token on the local chain.')
  token = chain.addresses.testUsd
}, 120_000)

afterAll(() => chain.kill())

const functions = new Map<string, ReturnType<typeof functionOf>>()
function fn(contract: 'assetRegistry' | 'revenueLedger' | 'accessMarket', name: string) {
  const key = `${contract} ${name}`
  const found = functions.get(key) ?? functionOf(abi, name, chain.addresses[contract])
  functions.set(key, found)
  return found
}

type Script = { blocks: { time: bigint; calls: Call[] }[]; checks: Check[] }

function add(script: Script, time: bigint, call: Call, check: Check): void {
  const last = script.blocks.at(-1)
  if (last?.time === time) last.calls.push(call)
  else script.blocks.push({ time, calls: [call] })
  script.checks.push(check)
}

function prepare(script: Script): void {
  const expectDone: Check = (outcome) => expect(outcome.status).toBe('0x1')
  const mint = functionOf(testUsdAbi, 'mint', token)
  const approve = functionOf(testUsdAbi, 'approve', token)
  for (const holder of holders) {
    add(script, startsAt, mint.call(holder, holder, 2n ** 120n), expectDone)
    add(script, startsAt, approve.call(holder, chain.addresses.revenueLedger, 2n ** 256n - 1n), expectDone)
  }
  for (const asset of assets)
    add(script, startsAt, fn('assetRegistry', 'publish').call(seller, 1, publicationOf(asset)), expectDone)
}

/** All that can be read of the market, with what core says it is. */
function readAll(script: Script, market: Market): void {
  const { now, held } = market
  const read = (contract: Parameters<typeof fn>[0], name: string, args: readonly unknown[], expected: unknown) => {
    const { call, result } = fn(contract, name)
    const what = `${name}(${args.slice(0, 2)}) at ${now}`
    add(script, now, call(seller, ...args), (outcome) => expect([what, result(outcome)]).toEqual([what, expected]))
  }
  for (const offer of market.offers) {
    const current = market.current.get(offer.asset) ?? 0n
    for (const holder of holders) {
      const pass = passIn(market, offer.id, holder)
      const { purchases, amount } = pass
      const [grantedAt, expiry, refundUntil] = [pass.grantedAt, pass.expiry, pass.refundUntil].map(Number)
      read('accessMarket', 'passOf', [offer.id, holder], { purchases, grantedAt, expiry, refundUntil, amount })
      read('accessMarket', 'isEntitled', [offer.id, holder, current], isRunning(pass, now))
    }
    for (const quantity of offer.timed ? [1, 30, 3_650] : [1]) {
      const price = priceNow(market, offer, quantity)
      if (price !== undefined) read('accessMarket', 'priceOf', [offer.id, quantity], price)
    }
  }
  for (const asset of assets) {
    const { day, rate, earned, changes } = streamIn(market, asset)
    read('accessMarket', 'streamOf', [asset, token], { day: Number(day), rate, earned })
    for (const at of new Set([...changes.keys(), day, dayOf(now), dayOf(now) + 1n]))
      read('accessMarket', 'rateChangeOf', [asset, token, at], changes.get(at) ?? 0n)
  }
  for (let version = 1n; version <= market.versions; version++) {
    const { sales } = accountOf(market.accounts, version)
    read('revenueLedger', 'accountOf', [version, token], [sales, 0n, 0n, 0n])
  }
  const waiting = [...market.passes.values()].filter(({ expiry }) => expiry === perpetualExpiry)
  const streams = assets.map((asset) => waitingOf(streamIn(market, asset)))
  const all = [...waiting.map(({ amount }) => amount), ...streams].reduce((sum, amount) => sum + amount, 0n)
  expect(all).toBe(held)
  const balance = functionOf(testUsdAbi, 'balanceOf', token)
  add(script, now, balance.call(seller, chain.addresses.accessMarket), (outcome) =>
    expect(['what the market holds', balance.result(outcome)]).toEqual(['what the market holds', held]),
  )
}

const refusals = new Map<string, number>()
const told = new Map<string, number>()

/** Takes one history in core and on the chain, reading everything now and then and at its end. */
async function compare(steps: readonly MarketStep[]): Promise<void> {
  const market = createMarket(startsAt)
  const script: Script = { blocks: [], checks: [] }
  prepare(script)
  const itself = chain.addresses.accessMarket.toLowerCase()
  for (const [place, step] of steps.entries()) {
    market.now += BigInt(step.seconds)
    const { now } = market
    if (place % 20 === 19) readAll(script, market)
    for (const { from, contract, name, args, refusal, events: expected } of takeStep(market, step, token)) {
      if (refusal !== undefined) count(refusals, refusal)
      for (const event of expected) count(told, event.slice(0, event.indexOf('{')))
      const said = expected.map((event) => event.replace(marketItself, itself))
      add(script, market.now, fn(contract, name).call(from, ...args), (outcome) =>
        expect([name, now, refusalOf(outcome, abi), eventsOf(outcome, abi, events)]).toEqual([
          name,
          now,
          refusal,
          said,
        ]),
      )
    }
  }
  readAll(script, market)
  checkAll(await chain.simulate(script.blocks satisfies Block[]), script.checks)
}

test(`the market and core agree on ${histories} random histories, call by call and in total`, async () => {
  await compareHistories({ what: 'market and core', runs: histories, arbitrary: marketHistoryArbitrary, compare })
  console.log(
    `P1: ${histories} market histories on which contract and core agree: ${JSON.stringify(Object.fromEntries(told))}`,
  )
  console.log(`refused alike: ${JSON.stringify(Object.fromEntries(refusals))}`)
  expect(told.size).toBe(events.size)
  expect(refusals.size).toBeGreaterThan(10)
}, 3_600_000)

test('an exclusive price falls on the chain as in core, to the unit', async () => {
  const script: Script = { blocks: [], checks: [] }
  prepare(script)
  const market = createMarket(startsAt)
  const reserve = 123_456_789_012n * 10n ** 12n
  const terms = { token, price: reserve, usage: usages.indexOf('exclusive'), flags: 0, refundHours: 0, gate: zeroHash }
  const listing = fn('accessMarket', 'listOffer').call(seller, 1n, 0, { ...terms, brackets: [] })
  add(script, startsAt, listing, (outcome) => expect(outcome.status).toBe('0x1'))
  const price = fn('accessMarket', 'priceOf')
  // Eighty hours in 200 steps, the last of them past the reserve.
  for (let place = 0n; place < 200n; place++) {
    market.now = startsAt + place * 1_451n
    const expected = exclusivePrice(reserve, market.now - startsAt)
    add(script, market.now, price.call(seller, offerIdOf(1n, 0), 1n), (outcome) =>
      expect([place, price.result(outcome)]).toEqual([place, expected]),
    )
  }
  checkAll(await chain.simulate(script.blocks), script.checks)
  expect(exclusivePrice(reserve, market.now - startsAt)).toBe(reserve)
})
