import {
  encodeHeader,
  type PaymentRequired,
  type PaymentRequirements,
  paymentRequiredHeader,
  paymentResponseHeader,
  toChainName,
} from '@agorai/core'
import { type Address, erc20Abi, type PublicClient, parseAbi } from 'viem'
import { askChain } from '../askChain.js'
import type { ChannelTerms, Refused } from './channelDesk.js'
import { responseHeader } from './responseHeader.js'

/** What is sold, to whom the money goes and what is the most that it costs. */
export type Quoted = {
  /** Base units of the token. */
  amount: bigint
  token: Address
  /** Who `exact` pays; undefined where only channels pay. */
  payTo: Address | undefined
  url: string
  description: string
}

type Price = Omit<Quoted, 'url' | 'description'>

export type Quotes = {
  /** The ways to pay, channels first; at once, and the same ones for the same price, where they are known. @throws AgoraiError `chain_unavailable` until the token was asked for its name once. */
  accepts(quoted: Price): readonly PaymentRequirements[] | Promise<readonly PaymentRequirements[]>
  /** The 402 that says what it costs, or why a payment is not taken and how a client sets itself right. */
  paymentRequired(quoted: Quoted, refused: Pick<Refused, 'error' | 'correction' | 'response'>): Promise<Response>
}

export type CreateQuotesOptions = {
  chainId: number
  /** Undefined where the chain has no channels. */
  terms: Pick<ChannelTerms, 'receiver' | 'withdrawDelay' | 'depositMin'> | undefined
  publicClient: PublicClient
}

/** How long a signed payment may stay unsent. */
const maxTimeoutSeconds = 300
/** Calls that official clients deposit for, unless they are told otherwise. */
const usualCalls = 5n
/** Prices whose ways to pay are remembered. */
const knownMax = 1_000
const versionAbi = parseAbi(['function version() view returns (string)'])

export function createQuotes({ chainId, terms, publicClient }: CreateQuotesOptions): Quotes {
  const network = toChainName(chainId)
  /** A token's EIP-712 domain never changes. */
  const domains = new Map<Address, { name: string; version: string }>()

  async function domainOf(address: Address) {
    const known = domains.get(address)
    if (known !== undefined) return known
    const [name, version] = await askChain(() =>
      Promise.all([
        publicClient.readContract({ address, abi: erc20Abi, functionName: 'name' }),
        publicClient.readContract({ address, abi: versionAbi, functionName: 'version' }),
      ]),
    )
    domains.set(address, { name, version })
    return { name, version }
  }

  const known = new Map<string, readonly PaymentRequirements[]>()

  function accepts(price: Price): readonly PaymentRequirements[] | Promise<readonly PaymentRequirements[]> {
    const name = `${price.amount} ${price.token} ${price.payTo}`
    const found = known.get(name)
    if (found !== undefined) return found
    return domainOf(price.token).then((domain) => {
      const ways = waysOf(price, domain)
      if (known.size >= knownMax) known.clear()
      known.set(name, ways)
      return ways
    })
  }

  function waysOf({ amount, token, payTo }: Price, domain: { name: string; version: string }): PaymentRequirements[] {
    const common = { network, amount: String(amount), asset: token, maxTimeoutSeconds }
    const ways: PaymentRequirements[] = []
    if (terms !== undefined) {
      const { receiver, withdrawDelay, depositMin } = terms
      // What a session may come to is one request, and one deposit is for it.
      const usual = (payTo === undefined ? 1n : usualCalls) * BigInt(amount)
      const least = depositMin === 0n ? {} : { minDeposit: String(minDepositOf(BigInt(amount), usual, depositMin)) }
      const own = { receiverAuthorizer: receiver, withdrawDelay, ...least }
      const extra = { ...own, ...domain, assetTransferMethod: 'eip3009' }
      ways.push({ scheme: 'batch-settlement', ...common, payTo: receiver, extra })
    }
    if (payTo !== undefined)
      ways.push({ scheme: 'exact', ...common, payTo, extra: { ...domain, assetTransferMethod: 'eip3009' } })
    return ways
  }

  return {
    accepts,
    async paymentRequired(quoted, { error, correction, response }) {
      const ways = await accepts(quoted)
      const { url, description } = quoted
      const required: PaymentRequired = {
        x402Version: 2,
        error,
        resource: { url, description, mimeType: 'application/json' },
        accepts: ways.map((way) =>
          correction === undefined || way.scheme !== 'batch-settlement'
            ? way
            : { ...way, extra: { ...way.extra, ...correction } },
        ),
      }
      const headers = new Headers({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        [paymentRequiredHeader]: encodeHeader(required),
      })
      if (response !== undefined) headers.set(paymentResponseHeader, responseHeader(response))
      return new Response(JSON.stringify(required), { status: 402, headers })
    },
  }
}

/**
 * What clients are told to deposit at least. They deposit just that, rather than for several calls, if it is no less than
 * what the request costs; so of dear requests they are told what is taken, and of cheap ones what serves several, too.
 */
function minDepositOf(amount: bigint, usual: bigint, depositMin: bigint): bigint {
  return depositMin < amount || depositMin > usual ? depositMin : usual
}
