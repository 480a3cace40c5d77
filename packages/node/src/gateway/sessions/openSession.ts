import { createHash, randomBytes } from 'node:crypto'
import {
  AgoraiError,
  encodeHeader,
  openedSessionSchema,
  paymentResponseHeader,
  paymentSignatureHeader,
  type SessionOpened,
  type SessionToppedUp,
  x402Errors,
} from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { Memory } from '../memory.js'
import type { ChannelDesk, Refused, TakenChannel } from '../payments/channelDesk.js'
import { channelSnapshot } from '../payments/channelSnapshot.js'
import type { Mandates } from '../payments/mandates.js'
import type { Quoted, Quotes } from '../payments/quotes.js'
import { type CarriedPayment, readPayment } from '../payments/readPayment.js'
import type { LiveSessions } from './authenticate.js'
import { describeSession } from './describeSession.js'
import { assertOpen, type Live, type Pools } from './pools.js'

export type SessionVouchers = { desk: ChannelDesk; quotes: Quotes; mandates: Mandates }

export type OpenSessionOptions = {
  memory: Pick<Memory, 'sessions' | 'channels' | 'record' | 'catchUp'>
  live: LiveSessions
  pools: Pools
  vouchers: SessionVouchers
}

export type OpenSessionParameters = {
  request: Request
  budget: bigint
  token: Address
  asset: bigint | undefined
  expiresInSeconds: number
  /** Drawn by the client: whoever sends the very same request again gets the same session. */
  nonce: Hex | undefined
}

type BatchPayment = Extract<CarriedPayment, { scheme: 'batch-settlement' }>
type Committed = { taken: TakenChannel; transaction: Hex | ''; amount: string }

/** Opens and tops up sessions by vouchers. Each is an x402 resource whose price is the session's budget. */
export function createSessionOpening({ memory, live: sessions, pools, vouchers }: OpenSessionOptions) {
  const { desk, quotes, mandates } = vouchers

  /** Takes the voucher of a request, brings its deposit to the chain and writes down what it is for. */
  async function takeVoucher(
    { payment, request, asset }: { payment: BatchPayment; request: Request; asset: bigint | undefined },
    session: string | undefined,
    toRecord: (taken: TakenChannel) => SessionOpened | SessionToppedUp,
  ): Promise<Committed | Refused> {
    const { payload, requirements } = payment
    if (payload.type === 'refund') return { kind: 'refused', error: x402Errors.invalidPayload }
    const admitted = await mandates.admit(request.headers, payload, asset)
    try {
      const taken = await desk.take(payload, requirements, session)
      return taken.kind === 'refused' ? taken : await commit(taken, toRecord(taken))
    } finally {
      admitted.release()
    }
  }

  async function commit(taken: TakenChannel, record: SessionOpened | SessionToppedUp): Promise<Committed | Refused> {
    try {
      const funded = await taken.fund()
      if (funded.kind === 'refused') return funded
      const refused = await taken.commit(record)
      return refused ?? { taken, transaction: funded.transaction, amount: funded.amount }
    } finally {
      taken.release()
    }
  }

  async function carried(request: Request, quoted: Quoted): Promise<BatchPayment | Response> {
    const header = request.headers.get(paymentSignatureHeader)
    if (header === null) return quotes.paymentRequired(quoted, { error: x402Errors.required })
    const payment = readPayment(header, await quotes.accepts(quoted))
    if (payment.scheme === 'batch-settlement') return payment
    const error = payment.scheme === 'none' ? payment.error : x402Errors.noMatch
    return quotes.paymentRequired(quoted, { error })
  }

  function answer(told: object, { requirements }: BatchPayment, committed: Committed | undefined): Response {
    const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    if (committed !== undefined) {
      const { taken, transaction, amount } = committed
      const funds = { ...taken.funds, balance: taken.funds.balance + BigInt(amount || 0) }
      const channelState = channelSnapshot(taken.channel, funds, taken.from)
      const { payer } = taken
      const common = { success: true, payer, transaction, network: requirements.network, amount }
      headers.set(paymentResponseHeader, encodeHeader({ ...common, extra: { chargedAmount: '0', channelState } }))
    }
    return new Response(JSON.stringify(told), { headers })
  }

  return {
    async open({ request, budget, token, asset, expiresInSeconds, nonce }: OpenSessionParameters): Promise<Response> {
      const quoted = { amount: budget, token, payTo: undefined, url: request.url, description: 'A session of calls' }
      const payment = await carried(request, quoted)
      if (payment instanceof Response) return payment
      const { voucher } = payment.payload
      const asked = hashOpening({ budget, token, asset, expiresInSeconds, nonce })
      await memory.catchUp()
      const holder = memory.channels.get(voucher.channelId)?.session
      const before = holder && sessions.find(holder.id)
      // A voucher becomes public with its claim, so alone it gives nobody the tokens.
      if (asked !== undefined && before?.state.request === asked)
        return answer(describeOpened(before), payment, undefined)
      const session = randomBytes(16).toString('base64url')
      const committed = await takeVoucher({ payment, request, asset }, undefined, (taken) => ({
        kind: 'session-opened',
        ...taken.step,
        config: payment.payload.channelConfig,
        session,
        from: String(taken.from),
        ceiling: String(taken.signedMax),
        signature: taken.signature,
        ...(asset === undefined ? {} : { scope: String(asset) }),
        ...(asked === undefined ? {} : { request: asked }),
        token,
        expiry: taken.step.at + expiresInSeconds,
        payer: taken.payer,
      }))
      if ('kind' in committed) return quotes.paymentRequired(quoted, committed)
      const live = sessions.find(session)
      if (live === undefined) throw new AgoraiError('busy', 'The channel moved on at the same moment.')
      return answer(describeOpened(live), payment, committed)
    },

    /** @param ceiling The new one, which is what the voucher is for, counted from where the session began. */
    async topUp(live: Live, request: Request, ceiling: bigint): Promise<Response> {
      const { state } = live
      const { token } = state
      if (token === undefined) throw new AgoraiError('session_scope', 'Nothing is paid in this session.')
      const quoted = { amount: ceiling, token, payTo: undefined, url: request.url, description: 'A larger session' }
      const payment = await carried(request, quoted)
      if (payment instanceof Response) return payment
      // In turn, because a top-up and the session's end both move the channel on.
      return pools.inTurn(live, async () => {
        await memory.catchUp()
        assertOpen(state, Date.now() / 1000)
        if (ceiling < state.ceiling)
          throw new AgoraiError('invalid_request', `The ceiling is ${state.ceiling} and only rises.`, {
            field: 'ceiling',
          })
        const asset = state.asset === undefined ? undefined : BigInt(state.asset)
        const committed = await takeVoucher({ payment, request, asset }, state.id, (taken) => ({
          kind: 'session-topped-up',
          ...taken.step,
          session: state.id,
          ceiling: String(taken.signedMax),
          signature: taken.signature,
        }))
        if ('kind' in committed) return quotes.paymentRequired(quoted, committed)
        // Without the tokens: a voucher that was claimed is public, and would do here once more.
        return answer(describeSession(state), payment, committed)
      })
    },
  }
}

/** What is told to whoever opened a session, tokens and all. */
export const describeOpened = (live: Live) =>
  openedSessionSchema.parse({
    ...describeSession(live.state),
    bearer: `ags_${live.state.id}.${live.secrets.secret}`,
    bearerIsReplayable: true,
    macKey: live.secrets.macKey.toString('base64url'),
  })

function hashOpening(parameters: Omit<OpenSessionParameters, 'request'>): Hex | undefined {
  if (parameters.nonce === undefined) return undefined
  const { budget, token, asset, expiresInSeconds, nonce } = parameters
  const text = `${budget}\n${token.toLowerCase()}\n${asset ?? ''}\n${expiresInSeconds}\n${nonce}`
  return `0x${createHash('sha256').update(text).digest('hex')}`
}
