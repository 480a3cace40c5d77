import { AgoraiError, assetOfOffer, isAgoraiError } from '@agorai/core'
import { type Address, isAddressEqual } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { createGate } from '../market/createGate.js'
import { findPurchase, type Purchase, toPurchase } from '../market/findPurchase.js'
import { approveLedger, checkFunds } from '../market/funds.js'
import { readOffer, readPrice, type StoredOffer } from '../market/readOffer.js'
import { noPermit, type PurchaseArgument, signAuthorization, signPermit, signPurchase } from '../market/signPayment.js'
import { marketOf, registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'
import { getPass } from './getPass.js'

/**
 * How the price is paid: by an allowance to the ledger, of exactly the price; by an EIP-2612 permit, which saves that
 * transaction; or by an EIP-3009 authorization.
 */
export type Payment = 'allowance' | 'permit' | 'authorization'

export type BuyOfferParameters = {
  offer: bigint
  /** Days of a timed pass, 1 to 3,650. Default 1, which is also what a perpetual pass takes. */
  days?: number | undefined
  /** The asset's version as the buyer saw it; another one by now is refused. Default: the current one. */
  version?: bigint | undefined
  /** Most that the buyer pays, in base units of the offer's token (`10_000_000n` is 10 of a token with 6 decimals). */
  amountMax: bigint
  /** Who receives the pass. What is refunded of it later goes there too. Default: the client's account. */
  holder?: Address | undefined
  /** The accounts behind the offer's gate, as its seller publishes them. Needed only when it has one. */
  gate?: readonly Address[] | undefined
  /** Default: an allowance, or an authorization when somebody else sends it. */
  payment?: Payment | undefined
  /**
   * Another client that sends the purchase, so that the buyer needs no gas (but for an allowance). What the buyer signed,
   * nobody can change. Default: the buyer's own.
   */
  relayer?: ChainClient | undefined
  /**
   * How many purchases of this offer its holder had made before this one; `getPass` says. The same call again then finds
   * this purchase and pays nothing. Name it to renew a running timed pass. Default: a running pass is found, not renewed.
   */
  nonce?: number | undefined
}

export type BuyOfferReturnType = Purchase & {
  offer: bigint
  asset: bigint
  token: Address
  /** True when the purchase had been made before, so that this call moved no money. */
  alreadyHeld: boolean
}

/**
 * Buys an offer in one transaction. The price of a final sale is split along the lineage from then on; what may still be
 * refunded waits in the market. Safe to repeat: when the answer was lost, the same call finds the purchase in the chain's
 * logs and moves no money. Next step: `fetchDelivery`.
 *
 * @throws AgoraiError `price_above_max`, `version_changed`, `offer_closed`, `not_admitted`, `quantity_invalid`,
 * `market_paused`, `funds_missing`, `wallet_declined`, `chain_unavailable`
 * @example const pass = await buyOffer(client, { offer: 65_536n, amountMax: 10_000_000n })
 * @example const month = await buyOffer(client, { offer: 65_537n, days: 30, amountMax: 3_000_000n })
 */
export async function buyOffer(client: ChainClient, parameters: BuyOfferParameters): Promise<BuyOfferReturnType> {
  const { offer: id, days = 1, amountMax, holder = walletOf(client).account.address } = parameters
  const [pass, offer] = await Promise.all([getPass(client, { offer: id, holder }), readOffer(client, id)])
  const nonce = parameters.nonce ?? (pass.running ? pass.purchases - 1 : pass.purchases)
  if (nonce < 0)
    throw new AgoraiError('pass_held', 'The holder has a pass that was passed on to it.', { field: 'offer' })
  const madeBefore = async (): Promise<BuyOfferReturnType> =>
    answer(offer, await findPurchase(client, { offer: id, holder, nonce }), true)
  if (nonce < pass.purchases) return madeBefore()

  const version = await checkOffer(client, offer, parameters)
  const price = await checkPrice(client, offer, { days, amountMax })
  const proof = offer.gate === null ? [] : proveAdmission(offer, parameters.gate, holder)
  const purchase = { offerId: id, version, holder, quantity: days, amountMax, nonce, proof }
  try {
    const { events } = await sendPurchase(client, { ...parameters, offer, purchase, price })
    return answer(offer, toPurchase(onlyEvent(events)), false)
  } catch (error) {
    // The same purchase, sent before, was mined in the meantime.
    const refused = isAgoraiError(error, 'pass_held') || isAgoraiError(error, 'nonce_invalid')
    if (!refused || (await getPass(client, { offer: id, holder })).purchases <= nonce) throw error
    return madeBefore()
  }
}

const answer = ({ offer, token }: StoredOffer, purchase: Purchase, alreadyHeld: boolean): BuyOfferReturnType => ({
  ...purchase,
  offer,
  asset: assetOfOffer(offer),
  token,
  alreadyHeld,
})

/** What the market would refuse, before anything is approved or signed. @returns The version to buy. */
export async function checkOffer(
  client: ChainClient,
  { offer, asset, open, usage }: StoredOffer,
  { version, payment }: Pick<BuyOfferParameters, 'version' | 'payment'>,
): Promise<bigint> {
  if (!open)
    throw new AgoraiError('offer_closed', `Offer ${offer} is not open.`, { details: { offerId: String(offer) } })
  if (usage === 'exclusive' && payment === 'authorization')
    throw new AgoraiError('invalid_request', 'This price falls every second, and an authorization is of one amount.', {
      field: 'payment',
    })
  const current = await readContract(client, { ...registryOf(client), functionName: 'currentVersion', args: [asset] })
  if (version === undefined || version === current) return current
  throw new AgoraiError('version_changed', `You saw version ${version}, the current one is ${current}.`, {
    details: { expected: String(version), current: String(current) },
  })
}

/** @returns The price now, which is within the maximum and which the account has. */
async function checkPrice(
  client: ChainClient,
  { offer, token }: StoredOffer,
  { days, amountMax }: { days: number; amountMax: bigint },
): Promise<bigint> {
  const price = await readPrice(client, { offer, days })
  if (price > amountMax)
    throw new AgoraiError('price_above_max', `The price is ${price} base units, your maximum ${amountMax}.`, {
      details: { price: String(price), amountMax: String(amountMax) },
    })
  if (price > 0n) await checkFunds(client, { token, amount: price })
  return price
}

/** @throws AgoraiError `not_admitted` without a list, or when the list is another than the offer's. */
export function proveAdmission(
  { offer, gate }: StoredOffer,
  accounts: readonly Address[] | undefined,
  holder: Address,
): PurchaseArgument['proof'] {
  const given = accounts === undefined ? undefined : createGate(accounts)
  if (given !== undefined && given.root === gate) return given.proofOf(holder)
  const message = given === undefined ? 'Only accounts on a list may buy it.' : 'This is not the list of the offer.'
  throw new AgoraiError('not_admitted', message, { field: 'gate', details: { offerId: String(offer) } })
}

type SendPurchaseParameters = Pick<BuyOfferParameters, 'payment' | 'relayer'> & {
  offer: StoredOffer
  purchase: PurchaseArgument
  price: bigint
}

async function sendPurchase(client: ChainClient, parameters: SendPurchaseParameters) {
  const { offer, purchase, price, relayer } = parameters
  const { token, timed, refundHours, usage } = offer
  const relayed = usage === 'exclusive' ? 'permit' : 'authorization'
  const { payment = relayer === undefined ? 'allowance' : relayed } = parameters
  const granted = { ...marketOf(client), eventName: 'PassGranted' } as const
  if (price > 0n && payment === 'authorization') {
    const final = !timed && refundHours === 0
    const authorization = await signAuthorization(client, { purchase, token, amount: price, final })
    const args = [purchase, authorization] as const
    return sendAndDecode(relayer ?? client, { ...granted, functionName: 'buyWithAuthorization', args })
  }
  if (price > 0n && payment === 'allowance') await approveLedger(client, { token, amount: price })
  const permit = price > 0n && payment === 'permit' ? await signPermit(client, { token, amount: price }) : noPermit
  const payer = walletOf(client).account.address
  if (relayer !== undefined && !isAddressEqual(walletOf(relayer).account.address, payer)) {
    const { expiry, signature } = await signPurchase(client, purchase)
    const args = [payer, purchase, expiry, signature, permit] as const
    return sendAndDecode(relayer, { ...granted, functionName: 'buyFor', args })
  }
  return permit === noPermit
    ? sendAndDecode(client, { ...granted, functionName: 'buy', args: [purchase] })
    : sendAndDecode(client, { ...granted, functionName: 'buyWithPermit', args: [purchase, permit] })
}
