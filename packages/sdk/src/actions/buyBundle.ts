import { AgoraiError, bundlePrice } from '@agorai/core'
import { type Address, type Hash, type Hex, zeroAddress } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { findPurchase, type Purchase, toPurchase } from '../market/findPurchase.js'
import { approveLedger, checkFunds } from '../market/funds.js'
import { readOffer, readPrice, type StoredOffer } from '../market/readOffer.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { readLogs } from '../transactions/readLogs.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'
import { checkOffer, proveAdmission } from './buyOffer.js'
import { getPass } from './getPass.js'

export type BuyBundleParameters = {
  bundle: Hex
  /** Most that all offers cost together, in base units of their token. */
  amountMax: bigint
  /** Days of the timed passes in it. Default 1. */
  days?: number | undefined
  /** Who receives the passes. Default: the client's account. */
  holder?: Address | undefined
  /** The accounts behind the gates of its offers; the one list for all that have one. */
  gate?: readonly Address[] | undefined
}

export type BuyBundleReturnType = {
  bundle: Hex
  /** In the order of the bundle. */
  purchases: (Purchase & { offer: bigint })[]
  /** Base units paid for all. */
  amount: bigint
  /** True when the holder had all of these passes, so that this call moved no money. */
  alreadyHeld: boolean
  hash: Hash
}

/**
 * Buys every offer of a bundle in one transaction, each at its own price less the discount, by an allowance of exactly the
 * sum. Safe to repeat, as `buyOffer` is. A pass of one of its offers that runs already is refused.
 *
 * @throws AgoraiError `not_found`, `price_above_max`, `pass_held`, `offer_closed`, `not_admitted`, `funds_missing`,
 * `chain_unavailable`
 */
export async function buyBundle(client: ChainClient, parameters: BuyBundleParameters): Promise<BuyBundleReturnType> {
  const { bundle, amountMax, days = 1, holder = walletOf(client).account.address } = parameters
  const { offers, discountBps } = await readBundle(client, bundle)
  const passes = await Promise.all(offers.map(({ offer }) => getPass(client, { offer, holder })))
  if (passes.every(({ running, purchases }) => running && purchases > 0)) {
    const found = passes.map(({ offer, purchases }) => ({ offer, holder, nonce: purchases - 1 }))
    const purchases = await Promise.all(
      found.map(async (each) => ({ ...(await findPurchase(client, each)), offer: each.offer })),
    )
    return toAnswer(bundle, purchases, true)
  }
  const planned = await Promise.all(
    offers.map(async (offer, place) => {
      const quantity = offer.timed ? days : 1
      const version = await checkOffer(client, offer, {})
      const alone = await readPrice(client, { offer: offer.offer, days: quantity })
      const price = bundlePrice(alone, discountBps)
      const proof = offer.gate === null ? [] : proveAdmission(offer, parameters.gate, holder)
      const nonce = passes[place]?.purchases ?? 0
      return { price, argument: { offerId: offer.offer, version, holder, quantity, amountMax: alone, nonce, proof } }
    }),
  )
  const price = planned.reduce((sum, each) => sum + each.price, 0n)
  if (price > amountMax)
    throw new AgoraiError('price_above_max', `The bundle costs ${price} base units, your maximum is ${amountMax}.`, {
      details: { price: String(price), amountMax: String(amountMax) },
    })
  for (const [token, amount] of sumsByToken(offers, planned)) {
    await checkFunds(client, { token, amount })
    await approveLedger(client, { token, amount })
  }
  const { events } = await sendAndDecode(client, {
    ...marketOf(client),
    functionName: 'buyBundle',
    args: [bundle, planned.map(({ argument }) => argument), amountMax],
    eventName: 'PassGranted',
  })
  const purchases = events.map((event) => ({ ...toPurchase(event), offer: event.args.offerId }))
  return toAnswer(bundle, purchases, false)
}

/** @throws AgoraiError `not_found` when it was never listed or is closed */
async function readBundle(client: ChainClient, bundle: Hex): Promise<{ offers: StoredOffer[]; discountBps: number }> {
  const market = marketOf(client)
  const [owner, discountBps] = await readContract(client, { ...market, functionName: 'bundleOf', args: [bundle] })
  const logs = isAddressEqual(owner, zeroAddress)
    ? []
    : await readLogs(client, { ...market, eventName: 'BundleListed', args: { bundleId: bundle } })
  const listed = logs.at(-1)
  if (listed === undefined)
    throw new AgoraiError('not_found', `There is no bundle ${bundle} for sale.`, { field: 'bundle' })
  const offers = await Promise.all(listed.args.offerIds.map((offer) => readOffer(client, offer)))
  return { offers, discountBps }
}

/** What an allowance must cover. Free offers need none. */
function sumsByToken(offers: readonly StoredOffer[], planned: readonly { price: bigint }[]): Map<Address, bigint> {
  const sums = new Map<Address, bigint>()
  for (const [place, { token }] of offers.entries()) {
    const price = planned[place]?.price ?? 0n
    if (price > 0n) sums.set(token, (sums.get(token) ?? 0n) + price)
  }
  return sums
}

function toAnswer(bundle: Hex, purchases: BuyBundleReturnType['purchases'], alreadyHeld: boolean): BuyBundleReturnType {
  const amount = purchases.reduce((sum, purchase) => sum + purchase.amount, 0n)
  return { bundle, purchases, amount, alreadyHeld, hash: purchases[0]?.hash ?? '0x' }
}
