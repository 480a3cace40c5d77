import { AgoraiError, accessMarketAbi, assetOfOffer, assetRegistryAbi, isAgoraiError, testUsdAbi } from '@agorai/core'
import type { Address, Hash } from 'viem'
import { type AgoraiClient, walletOf } from '../createAgoraiClient.js'
import { findPass } from '../market/findPass.js'
import { signPurchase } from '../market/signPurchase.js'
import { readContract } from '../transactions/readContract.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type BuyOfferParameters = {
  offer: bigint
  /** The asset's version as the buyer saw it; another one by now is refused. Default: the current one. */
  version?: bigint
  /** Most that the buyer pays, in base units of the offer's token (`10_000_000n` is 10 of a token with 6 decimals). */
  amountMax: bigint
  /**
   * Pay by a signed EIP-3009 authorization instead of an allowance: the holder needs no gas, and whoever relays it can
   * change nothing. Default false.
   */
  authorization?: boolean
  /** Sends the authorization. Default: the holder's own client. */
  relayer?: AgoraiClient
}

export type BuyOfferReturnType = {
  offer: bigint
  asset: bigint
  /** The version that was bought; the pass opens every other version of the asset too. */
  version: bigint
  holder: Address
  token: Address
  /** What the pass cost, in base units. */
  amount: bigint
  /** True when the holder had the pass already, so that this call moved no money. */
  alreadyHeld: boolean
  /** The transaction that granted the pass. */
  hash: Hash
}

/**
 * Buys an offer for the client's account; its price is split along the lineage from the same transaction on. Safe to
 * repeat: when the answer was lost, the same call finds the pass in the chain's logs and moves no money.
 * Next step: `fetchDelivery`.
 *
 * @throws AgoraiError `price_above_max`, `version_changed`, `offer_closed`, `funds_missing`, `wallet_declined`,
 * `chain_unavailable`
 * @example const pass = await buyOffer(client, { offer: 65_536n, amountMax: 10_000_000n })
 */
export async function buyOffer(client: AgoraiClient, parameters: BuyOfferParameters): Promise<BuyOfferReturnType> {
  const { offer, amountMax, authorization = false, relayer = client } = parameters
  const holder = walletOf(client).account.address
  const held = await findPass(client, { offer, holder })
  if (held !== undefined) return { ...held, alreadyHeld: true }

  const { token, price } = await checkOffer(client, parameters)
  const version = parameters.version ?? (await currentVersion(client, offer))
  // A perpetual pass is bought once, so its purchase always has the nonce 0.
  const purchase = { offerId: offer, version, amountMax, nonce: 0 }
  if (price > 0n) await checkFunds(client, { token, holder, price })
  const market = { address: client.info.chain.addresses.accessMarket, abi: accessMarketAbi } as const
  try {
    const { events, hash } =
      authorization && price > 0n
        ? await sendAndDecode(relayer, {
            ...market,
            functionName: 'buyWithAuthorization',
            args: [purchase, await signPurchase(client, { purchase, token, price })],
            eventName: 'PassGranted',
          })
        : await buyByAllowance(client, { purchase, token, price })
    const { args } = onlyEvent(events)
    return { offer, asset: assetOfOffer(offer), version, holder, token, amount: args.amount, alreadyHeld: false, hash }
  } catch (error) {
    // The same purchase, sent before, was mined in the meantime.
    const granted = isAgoraiError(error, 'pass_held') ? await findPass(client, { offer, holder }) : undefined
    if (granted === undefined) throw error
    return { ...granted, alreadyHeld: true }
  }
}

/** What the market would refuse, before anything is approved or signed. */
async function checkOffer(client: AgoraiClient, { offer, version, amountMax }: BuyOfferParameters) {
  const { token, price, open } = await readContract(client, {
    address: client.info.chain.addresses.accessMarket,
    abi: accessMarketAbi,
    functionName: 'offerOf',
    args: [offer],
  })
  if (!open)
    throw new AgoraiError('offer_closed', `Offer ${offer} is not open.`, { details: { offerId: String(offer) } })
  if (price > amountMax)
    throw new AgoraiError('price_above_max', `The price is ${price} base units, your maximum ${amountMax}.`, {
      details: { price: String(price), amountMax: String(amountMax) },
    })
  const current = version === undefined ? undefined : await currentVersion(client, offer)
  if (version !== current)
    throw new AgoraiError('version_changed', `You saw version ${version}, the current one is ${current}.`, {
      details: { expected: String(version), current: String(current) },
    })
  return { token, price }
}

const currentVersion = (client: AgoraiClient, offer: bigint): Promise<bigint> =>
  readContract(client, {
    address: client.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'currentVersion',
    args: [assetOfOffer(offer)],
  })

async function checkFunds(
  client: AgoraiClient,
  { token, holder, price }: { token: Address; holder: Address; price: bigint },
): Promise<void> {
  const balance = await readContract(client, {
    address: token,
    abi: testUsdAbi,
    functionName: 'balanceOf',
    args: [holder],
  })
  if (balance < price)
    throw new AgoraiError('funds_missing', `The price is ${price} base units, the account has ${balance}.`, {
      details: { price: String(price), balance: String(balance), token },
    })
}

type Purchase = { offerId: bigint; version: bigint; amountMax: bigint; nonce: number }

async function buyByAllowance(
  client: AgoraiClient,
  { purchase, token, price }: { purchase: Purchase; token: Address; price: bigint },
) {
  const { accessMarket, revenueLedger } = client.info.chain.addresses
  const holder = walletOf(client).account.address
  const erc20 = { address: token, abi: testUsdAbi } as const
  if (price > 0n) {
    const allowance = await readContract(client, { ...erc20, functionName: 'allowance', args: [holder, revenueLedger] })
    // Exactly the price: nothing is left that anyone could spend later.
    if (allowance < price)
      await sendAndDecode(client, {
        ...erc20,
        functionName: 'approve',
        args: [revenueLedger, price],
        eventName: 'Approval',
      })
  }
  return sendAndDecode(client, {
    address: accessMarket,
    abi: accessMarketAbi,
    functionName: 'buy',
    args: [purchase],
    eventName: 'PassGranted',
  })
}
