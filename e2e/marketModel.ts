import {
  type Accounts,
  AgoraiError,
  accrue,
  type Bracket,
  bundlePrice,
  emptyPass,
  emptyStream,
  encodeOfferFlags,
  grantDays,
  grantPerpetual,
  isAgoraiError,
  isRunning,
  offerIdOf,
  type PassState,
  pay,
  perpetualExpiry,
  priceOf,
  refundPass,
  releasePass,
  type Stream,
  transferPassState,
  type Usage,
  usages,
} from '@agorai/core'
import fc from 'fast-check'
import { type Address, encodeAbiParameters, type Hex, keccak256, numberToHex, parseAbiParameters, zeroHash } from 'viem'
import { accountAt } from './graphModel.js'
import { eventText } from './simulatedChain.js'

/** Offers, passes and streams of two assets as core computes them, beside the market. */
export type Market = {
  now: bigint
  offers: Offer[]
  passes: Map<string, PassState>
  /** By asset. */
  streams: Map<bigint, Stream>
  current: Map<bigint, bigint>
  versions: bigint
  soldExclusively: Set<bigint>
  accounts: Accounts
  /** What came into the market and left it again, beside what entered the ledger at once. */
  held: bigint
}

export type Offer = {
  id: bigint
  asset: bigint
  price: bigint
  usage: Usage
  timed: boolean
  transferable: boolean
  refundHours: number
  brackets: readonly Bracket[]
  listedAt: bigint | null
  open: boolean
}

export type MarketCall = {
  from: Address
  contract: 'assetRegistry' | 'accessMarket'
  name: string
  args: readonly unknown[]
  refusal?: string
  events: readonly string[]
}

export const assets = [1n, 2n] as const
/** Both assets are of one owner, so that they can be bundled. */
export const seller = accountAt(1)
export const holders = [3, 4, 5, 6].map(accountAt)

const holderAt = (place: number): Address => holders[place % holders.length] as Address

export const createMarket = (now: bigint): Market => ({
  ...{
    now,
    offers: [],
    passes: new Map(),
    streams: new Map(),
    current: new Map(assets.map((asset) => [asset, asset])),
  },
  ...{ versions: BigInt(assets.length), soldExclusively: new Set(), accounts: new Map(), held: 0n },
})

export const passKey = (offerId: bigint, holder: Address): string => `${offerId} ${holder}`
export const passIn = ({ passes }: Market, offerId: bigint, holder: Address): PassState =>
  passes.get(passKey(offerId, holder)) ?? emptyPass
export const streamIn = ({ streams }: Market, asset: bigint): Stream => streams.get(asset) ?? emptyStream

/** How often each step is drawn. */
const weights = {
  ...{ list: 2, buy: 12, refund: 4, release: 2, transfer: 2, accrue: 3, bundle: 2, renew: 1, close: 1, exclusive: 0.2 },
}
export type MarketStep = {
  kind: keyof typeof weights
  at: number
  other: number
  more: number
  seconds: number
  quantity: number
  price: bigint
  brackets: readonly Bracket[]
}

const bracketsArbitrary = fc
  .tuple(
    fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4_000 })), { maxLength: 3 }),
    fc.uniqueArray(fc.nat(9_999), { minLength: 3, maxLength: 3 }),
  )
  .map(([days, rates]): Bracket[] => {
    const bps = rates.sort((a, b) => b - a)
    return days.sort((a, b) => a - b).map((fromDay, i) => ({ fromDay, bps: bps[i] ?? 0 }))
  })

const stepOf = (kind: fc.Arbitrary<keyof typeof weights>): fc.Arbitrary<MarketStep> =>
  fc.record({
    kind,
    at: fc.nat(2 ** 20),
    other: fc.nat(2 ** 20),
    more: fc.nat(2 ** 20),
    seconds: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.nat(86_400 * 2) },
      { weight: 2, arbitrary: fc.nat(86_400 * 20) },
      { weight: 1, arbitrary: fc.constantFrom(86_399, 86_400, 86_401, 3_600, 7_200) },
      { weight: 1, arbitrary: fc.nat(86_400 * 100) },
    ),
    quantity: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 3_700 })),
    price: fc.oneof(
      fc.bigInt(0n, 30n),
      fc.bigInt(1n, 10n ** 9n),
      fc.bigInt(1n, 2n ** 40n - 1n).map((mantissa) => mantissa * 10n ** 9n),
    ),
    brackets: bracketsArbitrary,
  })

export const marketHistoryArbitrary: fc.Arbitrary<readonly MarketStep[]> = fc
  .tuple(
    fc.array(stepOf(fc.constant('list')), { minLength: 2, maxLength: 6, size: 'max' }),
    fc.array(
      stepOf(
        fc.oneof(
          ...Object.entries(weights).map(([kind, weight]) => ({
            arbitrary: fc.constant(kind as keyof typeof weights),
            weight: weight * 10,
          })),
        ),
      ),
      { minLength: 10, maxLength: 70, size: 'max' },
    ),
  )
  .map((parts) => parts.flat())

/** Takes one step at the market's time, and tells what the contracts are to do. */
export function takeStep(market: Market, step: MarketStep, token: Address): MarketCall[] {
  if (step.kind === 'list' || step.kind === 'exclusive') return list(market, step, token)
  const offer = market.offers[step.at % Math.max(1, market.offers.length)]
  return offer === undefined ? [] : actions[step.kind](market, offer, step, token)
}

type Action = (market: Market, offer: Offer, step: MarketStep, token: Address) => MarketCall[]

const actions: Record<Exclude<MarketStep['kind'], 'list' | 'exclusive'>, Action> = {
  buy: (market, offer, { other, more, quantity }, token) => {
    const payer = holderAt(other)
    // Some are gifts; some name an old version, too small a maximum or another nonce.
    const holder = more % 6 === 0 ? holderAt(more) : payer
    const current = market.current.get(offer.asset) ?? 0n
    const days = offer.timed || more % 20 === 0 ? quantity : 1
    const price = priceNow(market, offer, days) ?? 0n
    const purchase = {
      offerId: offer.id,
      version: more % 23 === 0 ? current - 1n : current,
      holder,
      quantity: days,
      amountMax: more % 17 === 0 && price > 0n ? price - 1n : price,
      nonce: passIn(market, offer.id, holder).purchases + (more % 19 === 0 ? 1 : 0),
      proof: [],
    }
    return [attempt(marketCall(payer, 'buy', [purchase]), () => buy(market, offer, { ...purchase, payer, token }, 0))]
  },

  bundle: (market, offer, { other, more, quantity }, token) => {
    const members = [offer, market.offers[other % market.offers.length] ?? offer]
    const discountBps = more % 10_001
    const bundleId = keccak256(
      encodeAbiParameters(parseAbiParameters('address, uint256[], uint16'), [
        seller,
        members.map(({ id }) => id),
        discountBps,
      ]),
    )
    if (members[0] === members[1] || members.some(({ open, usage }) => !open || usage === 'exclusive')) return []
    const payer = holderAt(more)
    const purchases = members.map((member) => ({
      offerId: member.id,
      version: market.current.get(member.asset) ?? 0n,
      holder: payer,
      quantity: member.timed ? quantity : 1,
      amountMax: 2n ** 128n,
      nonce: passIn(market, member.id, payer).purchases,
      proof: [],
    }))
    const listed = [members.map(({ id }) => id), discountBps] as const
    return [
      marketCall(seller, 'listBundle', listed),
      attempt(marketCall(payer, 'buyBundle', [bundleId, purchases, 2n ** 128n]), () => {
        const before = changeableOf(market)
        try {
          return members.flatMap((member, place) =>
            buy(market, member, { ...(purchases[place] as Purchase), payer, token }, discountBps),
          )
        } catch (error) {
          Object.assign(market, before)
          throw error
        }
      }),
      marketCall(seller, 'closeBundle', [bundleId]),
    ]
  },

  refund: (market, offer, { other, more }) => {
    const holder = someHolder(market, offer, other, more)
    return [
      attempt(marketCall(holder, 'refund', [offer.id]), () => {
        const result = refundPass(streamIn(market, offer.asset), passIn(market, offer.id, holder), market.now)
        market.streams.set(offer.asset, result.stream)
        market.passes.set(passKey(offer.id, holder), result.pass)
        market.held -= result.amount
        return [eventText('PassRefunded', { offerId: offer.id, holder, amount: result.amount })]
      }),
    ]
  },

  transfer: (market, offer, { other, more }) => {
    const [holder, to] = [someHolder(market, offer, other, more), holderAt(more)]
    return [
      attempt(marketCall(holder, 'transferPass', [offer.id, to]), () => {
        const pass = passIn(market, offer.id, holder)
        if (pass.expiry > market.now && !offer.transferable) throw new AgoraiError('pass_soulbound', 'It stays.')
        const moved = transferPassState(pass, passIn(market, offer.id, to), market.now)
        market.passes.set(passKey(offer.id, holder), moved.pass).set(passKey(offer.id, to), moved.other)
        return [eventText('PassTransferred', { offerId: offer.id, from: holder, to })]
      }),
    ]
  },

  release: (market, offer, { other }, token) => {
    const some = holders.filter((_, place) => (other >> place) % 2 === 1)
    return [
      attempt(marketCall(seller, 'release', [offer.id, some]), () => {
        const version = market.current.get(offer.asset) ?? 0n
        const released = some.map((holder) => ({
          holder,
          ...releasePass(passIn(market, offer.id, holder), market.now),
        }))
        for (const { holder, pass } of released) market.passes.set(passKey(offer.id, holder), pass)
        const paying = released.filter(({ amount }) => amount > 0n)
        const events = paying.map(({ holder, amount }) =>
          eventText('PassReleased', { offerId: offer.id, holder, version, amount }),
        )
        const total = paying.reduce((sum, { amount }) => sum + amount, 0n)
        return [...events, ...fromHeld(market, version, total, token)]
      }),
    ]
  },

  accrue: (market, { asset }, { other, more }, token) => {
    const daysMax = more % 3 === 0 ? BigInt(other % 5) : 5_000n
    const before = streamIn(market, asset)
    const { stream, amount } = accrue(before, market.now, daysMax)
    market.streams.set(asset, stream)
    const version = market.current.get(asset) ?? 0n
    const isTold = stream.day !== before.day || amount > 0n
    const told = eventText('RevenueAccrued', { asset, token, version, day: stream.day, amount })
    const call = marketCall(seller, 'accrue', [asset, token, daysMax])
    return [{ ...call, events: [...(isTold ? [told] : []), ...fromHeld(market, version, amount, token)] }]
  },

  renew: (market, { asset }) => {
    market.versions += 1n
    market.current.set(asset, market.versions)
    const call = { ...marketCall(seller, 'publishVersion', [asset, publicationOf(market.versions)]) }
    return [{ ...call, contract: 'assetRegistry' }]
  },

  close: (_, offer, { more }) => {
    // Rarely, lest nothing is left to buy.
    if (more % 3 > 0) return []
    const call = marketCall(seller, 'closeOffer', [offer.id])
    if (!offer.open) return [{ ...call, refusal: 'offer_closed' }]
    offer.open = false
    return [call]
  },
}

type Purchase = {
  offerId: bigint
  version: bigint
  holder: Address
  quantity: number
  amountMax: bigint
  nonce: number
}

/** The market's checks in its order, then what core makes of the pass. */
function buy(
  market: Market,
  offer: Offer,
  purchase: Purchase & { payer: Address; token: Address },
  discountBps: number,
): string[] {
  const { version, holder, quantity, nonce, payer, token } = purchase
  const refuse = (code: ConstructorParameters<typeof AgoraiError>[0]): never => {
    throw new AgoraiError(code, 'As the market does.')
  }
  if (!offer.open) refuse('offer_closed')
  if (market.soldExclusively.has(offer.asset)) refuse('not_for_sale')
  if (version !== market.current.get(offer.asset)) refuse('version_changed')
  const amount = bundlePrice(priceOf(offer, quantity, market.now), discountBps)
  if (amount > purchase.amountMax) refuse('price_above_max')
  const pass = passIn(market, offer.id, holder)
  if (pass.expiry === perpetualExpiry) refuse('pass_held')
  if (nonce !== pass.purchases) refuse('nonce_invalid')
  const isHeld = amount > 0n && (offer.timed || offer.refundHours > 0)
  let granted: PassState
  if (offer.timed) {
    const { now } = market
    const renewed = grantDays(streamIn(market, offer.asset), pass, { now, quantity, amount })
    market.streams.set(offer.asset, renewed.stream)
    granted = renewed.pass
  } else granted = grantPerpetual(pass, { now: market.now, amount, refundHours: offer.refundHours })
  market.passes.set(passKey(offer.id, holder), granted)
  if (offer.usage === 'exclusive') market.soldExclusively.add(offer.asset)
  const { expiry, refundUntil } = granted
  const told = eventText('PassGranted', {
    offerId: offer.id,
    version,
    holder,
    payer,
    amount,
    nonce,
    expiry,
    refundUntil,
  })
  if (isHeld) market.held += amount
  if (isHeld || amount === 0n) return [told]
  market.accounts = pay(market.accounts, version, amount)
  return [told, eventText('RevenueReceived', { version, token, payer, amount })]
}

/** Money that waited and became final. */
function fromHeld(market: Market, version: bigint, amount: bigint, token: Address): string[] {
  if (amount === 0n) return []
  market.held -= amount
  market.accounts = pay(market.accounts, version, amount)
  return [eventText('RevenueReceived', { version, token, payer: marketItself, amount })]
}

/** Stands for the market's address, which the model does not know. */
export const marketItself = 'the market'

/** What the offer costs now, if it can be bought. */
export function priceNow(market: Market, offer: Offer, quantity: number): bigint | undefined {
  try {
    return offer.open ? priceOf(offer, quantity, market.now) : undefined
  } catch (error) {
    if (isAgoraiError(error, 'quantity_invalid')) return undefined
    throw error
  }
}

function list(market: Market, { kind, at, other, more, price, brackets }: MarketStep, token: Address): MarketCall[] {
  const asset = assets[at % assets.length] ?? 1n
  const index = market.offers.length
  const usage = kind === 'exclusive' ? 'exclusive' : (usages[other % 6] ?? 'personal')
  const timed = kind === 'list' && more % 2 === 0
  const offer: Offer = {
    ...{ id: offerIdOf(asset, index), asset, usage, timed, transferable: other % 2 === 0, open: true },
    price: kind === 'exclusive' ? price + 1n - (price % 10n) : price,
    refundHours: timed || kind === 'exclusive' || other % 3 === 0 ? 0 : (more % 200) + 1,
    brackets: timed ? brackets : [],
    listedAt: kind === 'exclusive' ? market.now : null,
  }
  if (offer.usage === 'exclusive' && offer.price > 10n ** 12n) offer.price = 10n ** 12n
  const terms = {
    ...{ token, price: offer.price, usage: usages.indexOf(usage), flags: encodeOfferFlags(offer), gate: zeroHash },
    ...{ refundHours: offer.refundHours, brackets: offer.brackets },
  }
  const call = marketCall(seller, 'listOffer', [asset, index, terms])
  if (market.soldExclusively.has(asset)) return [{ ...call, refusal: 'not_for_sale' }]
  market.offers.push(offer)
  return [call]
}

/** A publication without anything special, for a market to sell. */
export const publicationOf = (number: bigint) => ({
  ...{
    manifestDigest: numberToHex(number, { size: 32 }) as Hex,
    parents: [],
    suppliers: [],
    feeBpsMax: 500,
    consents: [],
  },
  terms: { royaltyBps: 0, serveBps: 0, flags: 13 },
  contributors: { root: zeroHash, bps: 0 },
})

/** Mostly one who has a running pass of the offer. */
function someHolder(market: Market, offer: Offer, place: number, seed: number): Address {
  const running = holders.filter((holder) => isRunning(passIn(market, offer.id, holder), market.now))
  return seed % 6 === 0 ? holderAt(place) : (running[place % Math.max(1, running.length)] ?? holderAt(place))
}

/** The parts of a market that a purchase may change. */
const changeableOf = ({ passes, streams, accounts, held, soldExclusively }: Market): Partial<Market> => ({
  ...{ passes: new Map(passes), streams: new Map(streams), accounts, held, soldExclusively: new Set(soldExclusively) },
})

const marketCall = (from: Address, name: string, args: readonly unknown[]): MarketCall => ({
  ...{ from, contract: 'accessMarket', name, args, events: [] },
})

function attempt(call: MarketCall, change: () => readonly string[]): MarketCall {
  try {
    return { ...call, events: change() }
  } catch (error) {
    if (!isAgoraiError(error)) throw error
    return { ...call, refusal: error.code }
  }
}
