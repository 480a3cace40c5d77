import { randomBytes } from 'node:crypto'
import {
  AgoraiError,
  type BatchPayload,
  type ChannelBook,
  type ChannelConfig,
  type ChannelDigests,
  type ChannelRecord,
  type ChannelState,
  type DepositPayload,
  isAgoraiError,
  isDeniable,
  mayBeShown,
  type PaymentRequirements,
  type PaymentResponse,
  type X402Error,
  x402Errors,
} from '@agorai/core'
import { type Address, bytesToHex, type Hex, type PublicClient } from 'viem'
import type { Facilitator } from '../../ports/facilitator.js'
import type { ChannelFunds, ChannelMirror } from './channelMirror.js'
import { channelSnapshot, voucherSnapshot } from './channelSnapshot.js'
import { assertExposure } from './exposure.js'
import { createPendingDeposits } from './pendingDeposits.js'
import { createPromisedFunds } from './promisedFunds.js'
import type { VoucherKeys } from './voucherKeys.js'
import { askWallet } from './walletSignature.js'

/** Where payers' channels must lead to, and how much one may owe, in base units. */
export type ChannelTerms = {
  chainId: number
  /** Both who is paid and who answers for that: the operator's contract. */
  receiver: Address
  withdrawDelay: number
  exposureMax: bigint
  /** The same of a channel whose payer can deny its vouchers (`isDeniable`). */
  deniableMax: bigint
  /** The least that a deposit is brought to the chain for. */
  depositMin: bigint
}

export type ChannelDeskOptions = {
  terms: ChannelTerms
  book: ChannelBook
  /** @returns The record that stands under the name. */
  record(record: ChannelRecord): Promise<ChannelRecord>
  /** Learns what other gateways recorded. */
  catchUp(): Promise<void>
  mirror: ChannelMirror
  digests: ChannelDigests
  keys: VoucherKeys
  facilitator: Facilitator
  publicClient: PublicClient
}

/** A payment that is not taken. With the channel's state a client sets its own right (x402's corrective 402). */
export type Refused = {
  kind: 'refused'
  error: X402Error | string
  correction?: Correction
  response?: PaymentResponse
}
export type Correction = {
  channelState: ReturnType<typeof channelSnapshot>
  voucherState?: ReturnType<typeof voucherSnapshot>
}

/** `transaction` and `amount` are empty where nothing was sent. */
export type Funded = { kind: 'funded'; transaction: Hex | ''; amount: string }

/** A channel that is held for one payment. What is done with it ends in `release`. */
export type TakenChannel = {
  kind: 'taken'
  channel: Hex
  payer: Address
  /** The next record's place, and the configuration where it is the channel's first. */
  step: { channel: Hex; sequence: number; config?: ChannelConfig; at: number; by: string }
  /** Charged so far. */
  from: bigint
  /** What the payer signed for, cumulative: `from` and the amount that was asked. */
  signedMax: bigint
  signature: Hex
  funds: ChannelFunds
  /** When a part was given back last, in unix seconds; 0 when none was. */
  refundedAt: number
  /** Sends the deposit that came with the payment, if one did. */
  fund(): Funded | Promise<Refused | Funded>
  /** Writes down what moves the channel on. @returns Why it does not stand: another gateway was faster. */
  commit(record: ChannelRecord): Promise<Refused | undefined>
  release(): void
}

/** All payments on channels pass here, one at a time on each. */
export type ChannelDesk = {
  /**
   * Takes a channel for a payment of at most `requirements.amount`, or, for a refund, of nothing.
   *
   * @param session The session that may hold the channel, whose payment it is.
   * @throws AgoraiError `chain_unavailable`, `exposure_exceeded`
   */
  take(payload: BatchPayload, requirements: PaymentRequirements, session?: string): Promise<TakenChannel | Refused>
  /** Whether the payer has begun to take its money out. @throws AgoraiError `chain_unavailable` */
  isWithdrawing(channel: Hex): Promise<boolean>
}

const now = () => Math.floor(Date.now() / 1_000)
const refuse = (error: X402Error | string, more: Partial<Refused> = {}): Refused => ({
  kind: 'refused',
  error,
  ...more,
})

export function createChannelDesk(options: ChannelDeskOptions): ChannelDesk {
  const { terms, book, mirror, digests, keys, facilitator, publicClient } = options
  /** By whether they are held. Never deleted from, for the reason that `createGenerations` gives: a channel has a record, too. */
  const held = new Map<Hex, boolean>()
  const promised = createPromisedFunds(publicClient)
  const pending = createPendingDeposits()
  const writer = `${randomBytes(9).toString('base64url')}.`
  let written = 0

  /** What a client is told of a channel. @throws AgoraiError `chain_unavailable` */
  async function snapshot(channel: Hex): Promise<Correction> {
    // An event of the channel may have had it dropped since it was taken.
    const funds = mirror.fresh(channel) ?? (await mirror.read(channel))
    const state = book.get(channel)
    const charged = chargedOf(state, funds)
    const channelState = channelSnapshot(channel, funds, charged)
    // Without a voucher that reaches so far a client believes the chain alone.
    if (state === undefined || state.charged < funds.totalClaimed || state.signature === '0x') return { channelState }
    return { channelState, voucherState: voucherSnapshot(state) }
  }

  const owedMaxOf = (config: ChannelConfig): bigint => (isDeniable(config) ? terms.deniableMax : terms.exposureMax)

  const tooSmallOf = ({ deposit }: DepositPayload): X402Error | undefined =>
    BigInt(deposit.amount) < terms.depositMin ? x402Errors.depositTooSmall : undefined

  const correct = async (channel: Hex): Promise<Refused> =>
    refuse(x402Errors.cumulativeMismatch, { correction: await snapshot(channel) })

  function isSigned({ channelConfig: config, voucher }: BatchPayload, channel: Hex): boolean | Promise<boolean> {
    const digest = digests.voucher(channel, BigInt(voucher.maxClaimableAmount))
    if (!isDeniable(config)) return keys.check(channel, config.payerAuthorizer, digest, voucher.signature)
    return askWallet(publicClient, config.payer, bytesToHex(digest), voucher.signature).then(
      (answer) => answer ?? keys.check(channel, config.payer, digest, voucher.signature),
    )
  }

  async function take(
    payload: BatchPayload,
    requirements: PaymentRequirements,
    session?: string,
  ): Promise<TakenChannel | Refused> {
    const { channelConfig: config, voucher } = payload
    const mismatch = mismatchOf(config, requirements, terms)
    if (mismatch !== undefined) return refuse(mismatch)
    const channel = voucher.channelId
    const isKnown = sameConfig(book.get(channel)?.config, config)
    if (!isKnown && digests.channelOf(config) !== channel) return refuse(x402Errors.channelIdMismatch)
    // Before anything is asked or held, so that nobody but the payer can keep a channel from being used.
    const signed = isSigned(payload, channel)
    if (!(signed instanceof Promise ? await signed : signed)) return refuse(x402Errors.voucherSignature)
    const deposit = payload.type === 'deposit' ? payload : undefined
    let added = 0n
    if (deposit !== undefined) {
      mirror.drop(channel)
      if (pending.has(channel)) pending.assertMined(channel, (await mirror.read(channel)).balance)
      const reason = untimelyOf(deposit) ?? tooSmallOf(deposit) ?? (await facilitator.verify(deposit, requirements))
      if (reason === undefined) added = BigInt(deposit.deposit.amount)
      // It may be on the chain already, where an answer was lost; then the channel has the money.
      else if ((await mirror.read(channel)).balance < BigInt(voucher.maxClaimableAmount)) return refuse(reason)
    }
    const payment = { payload, requirements, channel, added }
    return added === 0n ? takeFrom(payment, session) : takeDeposit(payment, session)
  }

  /** Several deposits of the same money are each covered, and not all of them together. */
  async function takeDeposit(payment: Payment, session: string | undefined): Promise<TakenChannel | Refused> {
    const { token, payer } = payment.payload.channelConfig
    const promise = await promised.hold(token, payer, payment.added)
    if (promise === undefined) return refuse(x402Errors.insufficientBalance)
    let taken: TakenChannel | Refused | undefined
    try {
      taken = await takeFrom(payment, session)
    } finally {
      if (taken?.kind !== 'taken') promise.release()
    }
    if (taken.kind === 'refused') return taken
    const { release } = taken
    return {
      ...taken,
      release() {
        release()
        promise.release()
      },
    }
  }

  type Payment = { payload: BatchPayload; requirements: PaymentRequirements; channel: Hex; added: bigint }

  /** @param payment Whose form and signature are right. */
  async function takeFrom(payment: Payment, session: string | undefined): Promise<TakenChannel | Refused> {
    const { payload, requirements, channel, added } = payment
    const { voucher } = payload
    const asked = payload.type === 'refund' ? 0n : BigInt(requirements.amount)
    const max = BigInt(voucher.maxClaimableAmount)
    for (let attempt = 1; ; attempt++) {
      const funds = mirror.fresh(channel) ?? (await mirror.read(channel))
      // From here to the hold nothing waits, so what was found still is.
      const state = book.get(channel)
      const isHeld = held.get(channel) === true || state?.session?.id !== session
      const isToppedUp = session !== undefined
      const reason = refusalOf({ state, funds, max, asked, added, isHeld, isToppedUp, mayBeOld: attempt < 2 })
      if (reason === undefined) {
        const from = chargedOf(state, funds)
        const owed = { charged: from + asked, funds, owedMax: owedMaxOf(payload.channelConfig), mayBeOld: attempt < 2 }
        const isCovered = asked === 0n || assertExposure(owed)
        if (isCovered) return hold({ state, funds, from, max, ...payment })
      } else if (attempt > 1 || reason === x402Errors.channelBusy || reason === x402Errors.channelExpiring)
        return reason === x402Errors.cumulativeMismatch ? correct(channel) : refuse(reason)
      // The chain, or another gateway, may have moved on since it was last looked at.
      await options.catchUp()
      mirror.drop(channel)
    }
  }

  async function sendDeposit(
    payload: DepositPayload,
    requirements: PaymentRequirements,
    before: ChannelFunds,
  ): Promise<Refused | Funded> {
    const { channelId, maxClaimableAmount } = payload.voucher
    try {
      const response = await facilitator.settle(payload, requirements).finally(() => mirror.drop(channelId))
      if (!response.success) return refuse(response.errorReason ?? x402Errors.depositFailed, { response })
      if (!facilitator.isOwn && (await mirror.read(channelId)).balance < BigInt(maxClaimableAmount))
        throw new AgoraiError('settlement_pending', 'The facilitator has sent the deposit; the chain has not got it.')
      return { kind: 'funded', transaction: response.transaction, amount: payload.deposit.amount }
    } catch (error) {
      if (isAgoraiError(error, 'settlement_pending'))
        pending.add(channelId, before.balance + BigInt(payload.deposit.amount))
      throw error
    }
  }

  type Hold = Payment & { state: ChannelState | undefined; funds: ChannelFunds; from: bigint; max: bigint }

  function hold({ payload, requirements, channel, state, funds, from, max, added }: Hold): TakenChannel {
    held.set(channel, true)
    const sequence = state?.sequence ?? 0
    return {
      kind: 'taken',
      channel,
      payer: payload.channelConfig.payer,
      step: {
        channel,
        sequence,
        at: now(),
        by: `${writer}${(written++).toString(36)}`,
        ...(sequence === 0 ? { config: payload.channelConfig } : {}),
      },
      from,
      signedMax: max,
      signature: payload.voucher.signature,
      funds,
      refundedAt: state?.refund?.at ?? 0,
      fund: () =>
        payload.type === 'deposit' && added > 0n
          ? sendDeposit(payload, requirements, funds)
          : { kind: 'funded', transaction: '', amount: '' },
      async commit(record) {
        const standing = await options.record(record)
        if (isSame(standing, record)) return undefined
        await options.catchUp()
        return correct(channel)
      },
      release: () => void held.set(channel, false),
    }
  }

  return {
    take,
    async isWithdrawing(channel) {
      const { withdrawRequestedAt } = mirror.fresh(channel) ?? (await mirror.read(channel))
      return withdrawRequestedAt !== 0
    },
  }
}

/** What the chain still needs to take a deposit in time. */
const safetySeconds = 6n

function untimelyOf({ deposit }: DepositPayload): X402Error | undefined {
  const { validAfter, validBefore } = deposit.authorization.erc3009Authorization
  if (BigInt(validAfter) > BigInt(now())) return x402Errors.depositTooEarly
  return BigInt(validBefore) < BigInt(now()) + safetySeconds ? x402Errors.depositTooLate : undefined
}

/** The chain knows more than the records where those are of an older backup, or lost. */
const chargedOf = (state: ChannelState | undefined, { totalClaimed }: ChannelFunds): bigint =>
  state === undefined || state.charged < totalClaimed ? totalClaimed : state.charged

type Question = {
  state: ChannelState | undefined
  funds: ChannelFunds
  max: bigint
  asked: bigint
  added: bigint
  isHeld: boolean
  isToppedUp: boolean
  /** Whether the chain may have moved on since `funds`. */
  mayBeOld: boolean
}

function refusalOf(question: Question): X402Error | undefined {
  const { state, funds, max, asked, added, isHeld, isToppedUp, mayBeOld } = question
  if (isHeld) return x402Errors.channelBusy
  // Giving money back is no risk, and what the payer wants.
  if (funds.withdrawRequestedAt !== 0 && asked > 0n) return x402Errors.channelExpiring
  if (funds.balance + added === 0n) return x402Errors.channelNotFound
  if (max !== chargedOf(state, funds) + asked) return x402Errors.cumulativeMismatch
  // Nothing else tells a payer from whoever reads claims. A refund, or a session's new ceiling, gives a stranger nothing.
  const gives = asked > 0n && !isToppedUp
  const totalClaimed = mayBeOld ? undefined : funds.totalClaimed
  if (gives && state !== undefined && mayBeShown(state, max, totalClaimed)) return x402Errors.voucherShown
  const refund = state?.refund
  const reserved = refund !== undefined && funds.refundNonce <= refund.nonce ? refund.amount : 0n
  return max > funds.balance + added - reserved ? x402Errors.exceedsBalance : undefined
}

function mismatchOf(config: ChannelConfig, requirements: PaymentRequirements, terms: ChannelTerms) {
  if (!isSameAddress(config.receiver, terms.receiver)) return x402Errors.receiverMismatch
  if (!isSameAddress(config.receiverAuthorizer, terms.receiver)) return x402Errors.receiverAuthorizerMismatch
  if (!isSameAddress(config.token, requirements.asset)) return x402Errors.tokenMismatch
  return config.withdrawDelay === terms.withdrawDelay ? undefined : x402Errors.withdrawDelayMismatch
}

const isSameAddress = (left: Address, right: Address): boolean =>
  left === right || left.toLowerCase() === right.toLowerCase()

function sameConfig(known: ChannelConfig | undefined, given: ChannelConfig): boolean {
  return (
    known !== undefined &&
    known.payer === given.payer &&
    known.payerAuthorizer === given.payerAuthorizer &&
    known.receiver === given.receiver &&
    known.receiverAuthorizer === given.receiverAuthorizer &&
    known.token === given.token &&
    known.withdrawDelay === given.withdrawDelay &&
    known.salt === given.salt
  )
}

/** Of two records of one place in a channel's history. */
const isSame = (standing: ChannelRecord, own: ChannelRecord): boolean =>
  standing.kind === own.kind && standing.by === own.by
