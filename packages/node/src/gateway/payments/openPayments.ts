import {
  type ChannelRecord,
  type Deployment,
  loadChannelDigests,
  operatorReceiverOf,
  operatorReceiversAbi,
} from '@agorai/core'
import { encodeFunctionData, type PublicClient } from 'viem'
import type { Chain } from '../../ports/chain.js'
import type { Facilitator } from '../../ports/facilitator.js'
import type { OperatorKeys } from '../../ports/keys.js'
import type { OperatorSender } from '../../ports/operatorSender.js'
import { askChain } from '../askChain.js'
import type { Memory } from '../memory.js'
import { type ChannelDesk, type ChannelTerms, createChannelDesk } from './channelDesk.js'
import { createChannelMirror } from './channelMirror.js'
import { createExactWire, type ExactWire } from './exact.js'
import { createMandates, type Mandates } from './mandates.js'
import { createQuotes, type Quotes } from './quotes.js'
import { createRefunds, type Refunds } from './refunds.js'
import { createVoucherKeys } from './voucherKeys.js'
import { createVoucherWire, type VoucherWire } from './vouchers.js'
import { watchChannels } from './watchChannels.js'

export type PaymentSettings = {
  /** Seconds from a payer's wish to withdraw to the withdrawal. */
  withdrawDelay: number
  /** The most that a channel may owe, in base units. */
  exposureMax: bigint
  /** Of a channel whose payer can deny its vouchers, in base units. */
  deniableMax: bigint
  /** The least deposit that the operator brings to the chain at its own cost, in base units. */
  depositMin: bigint
}

export type OpenPaymentsOptions = {
  chain: Chain
  addresses: Deployment
  keys: OperatorKeys
  memory: Memory
  sender: OperatorSender
  facilitator: Facilitator
  settings: PaymentSettings
}

/** Everything that takes payments, and what it stands on. */
export type Payments = {
  quotes: Quotes
  exact: ExactWire
  /** Undefined where the chain has no channels. */
  channels:
    | { terms: ChannelTerms; desk: ChannelDesk; vouchers: VoucherWire; refunds: Refunds; mandates: Mandates }
    | undefined
  stop(): Promise<void>
}

export async function openPayments(options: OpenPaymentsOptions): Promise<Payments> {
  const { chain, addresses, keys, memory, facilitator, settings, sender } = options
  const { publicClient } = chain
  const operator = keys.account.address
  const hasChannels = addresses.batchSettlement !== undefined && addresses.depositCollector !== undefined
  const receiver = operatorReceiverOf(addresses, operator)
  // What somebody else brings costs this operator nothing.
  const depositMin = facilitator.isOwn ? settings.depositMin : 0n
  const terms: ChannelTerms | undefined = hasChannels
    ? { chainId: chain.id, receiver, ...settings, depositMin }
    : undefined
  const quotes = createQuotes({ chainId: chain.id, terms, publicClient })
  const exact = createExactWire({ memory, facilitator, publicClient })
  if (terms === undefined) return { quotes, exact, channels: undefined, stop: async () => {} }

  const digests = await loadChannelDigests(chain.id)
  const mirror = createChannelMirror(publicClient)
  const record = (given: ChannelRecord) => memory.record(given)
  const desk = createChannelDesk({
    terms,
    book: memory.channels,
    record,
    catchUp: memory.catchUp,
    mirror,
    digests,
    keys: createVoucherKeys(),
    facilitator,
    publicClient,
  })
  const ensureReceiver = createEnsureReceiver({ publicClient, addresses, keys, sender })
  const account = keys.account
  const refunds = createRefunds({ chainId: chain.id, desk, mirror, digests, facilitator, account, ensureReceiver })
  const mandates = createMandates({
    domain: { chainId: chain.id, assetRegistry: addresses.assetRegistry },
    ...{ operator, publicClient, channels: memory.channels, book: memory.mandates },
  })
  const { stop } = watchChannels({ chain, mirror, pollMs: chain.local ? 250 : 4_000 })
  return {
    quotes,
    exact,
    channels: { terms, desk, vouchers: createVoucherWire(desk, memory), refunds, mandates },
    stop,
  }
}

/** How long a caller waits for the receiver to be made. */
const createTimeoutMs = 60_000

type EnsureReceiverOptions = { publicClient: PublicClient } & Pick<OpenPaymentsOptions, 'addresses' | 'keys' | 'sender'>

function createEnsureReceiver({ publicClient, addresses, keys, sender }: EnsureReceiverOptions): () => Promise<void> {
  const operator = keys.account.address
  const address = operatorReceiverOf(addresses, operator)
  let exists = false
  return async () => {
    exists ||= (await askChain(() => publicClient.getCode({ address }))) !== undefined
    if (exists) return
    const data = encodeFunctionData({ abi: operatorReceiversAbi, functionName: 'create', args: [operator] })
    await sender.send({ to: addresses.operatorReceivers, data }, createTimeoutMs)
    exists = true
  }
}
