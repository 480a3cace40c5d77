import {
  AgoraiError,
  assertMandateFits,
  type BatchPayload,
  type ChannelBook,
  decodeMandate,
  hashMessageOf,
  mandateHeader,
  needsMandate,
  policyOfMandate,
  type SigningDomain,
  spend,
} from '@agorai/core'
import type { Address, Hex, PublicClient } from 'viem'
import type { ReadHeaders } from '../http/lightRequest.js'
import { assertSignature } from '../signatures.js'
import type { MandateBook } from './mandateBook.js'

/** Holds agents to what the owners of their channels allow. */
export type Mandates = {
  /** Whether a payment's channel is spent under a mandate. */
  rule(payload: BatchPayload): boolean
  /**
   * Compares a payment with the mandate that its channel is spent under. Channels without one pass. What it gives away
   * counts until `release`, and from then on by what was recorded of it.
   *
   * @param asset What is paid for; undefined for a session of any service.
   * @throws AgoraiError `mandate_invalid`, `policy_refused`, `signature_invalid`, `chain_unavailable`
   */
  admit(headers: ReadHeaders, payload: BatchPayload, asset: bigint | undefined): Promise<{ release(): void }>
}

export type CreateMandatesOptions = {
  domain: SigningDomain
  operator: Address
  publicClient: PublicClient
  channels: Pick<ChannelBook, 'get'>
  book: MandateBook
  now?: () => number
}

/** Mandates whose signatures are remembered. */
const knownMax = 10_000
const free = { release() {} }

export function createMandates(options: CreateMandatesOptions): Mandates {
  const { domain, operator, publicClient, channels, book, now = () => Math.floor(Date.now() / 1000) } = options
  const pending = new Map<Hex, bigint>()
  const known = new Set<string>()

  async function assertSigned(header: string, account: Address, hash: Hex, signature: Hex): Promise<void> {
    if (known.has(header)) return
    await assertSignature(publicClient, { account, hash, signature })
    const [oldest] = known
    if (known.size >= knownMax && oldest !== undefined) known.delete(oldest)
    known.add(header)
  }

  // What is refunded goes to the owner.
  const rule = ({ type, channelConfig }: BatchPayload) => needsMandate(channelConfig.salt) && type !== 'refund'

  return {
    rule,
    async admit(headers, payload, asset) {
      if (!rule(payload)) return free
      const { channelConfig, voucher } = payload
      const header = headers.get(mandateHeader)
      if (header === null)
        throw new AgoraiError('mandate_invalid', 'The channel is spent under a mandate, and none came with the call.', {
          field: mandateHeader,
        })
      const { mandate, signature } = decodeMandate(header)
      assertMandateFits(domain, mandate, channelConfig, now())
      await assertSigned(header, mandate.owner, hashMessageOf(domain, 'Mandate', mandate), signature)
      // From here nothing waits, so that calls at the same time are counted together.
      const { channelId: channel } = voucher
      const state = channels.get(channel)
      const before = state === undefined ? 0n : (state.session?.ceiling ?? state.charged)
      const asked = BigInt(voucher.maxClaimableAmount)
      const amount = asked > before ? asked - before : 0n
      const held = pending.get(channel) ?? 0n
      const spending = book.spendingOf(channel)
      const today = Math.floor(now() / 86_400) > spending.day ? 0n : spending.today
      const counted = {
        ...{ day: Math.floor(now() / 86_400), byAsset: {} },
        today: today + held,
        total: spending.total + held,
      }
      spend(policyOfMandate(mandate), counted, { token: channelConfig.token, asset, operator, amount }, now())
      pending.set(channel, held + amount)
      return { release: () => void giveBack(pending, channel, amount) }
    },
  }
}

function giveBack(pending: Map<Hex, bigint>, channel: Hex, amount: bigint): void {
  const rest = (pending.get(channel) ?? 0n) - amount
  if (rest > 0n) pending.set(channel, rest)
  else pending.delete(channel)
}
