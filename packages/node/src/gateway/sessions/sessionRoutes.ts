import {
  AgoraiError,
  acknowledgeSessionSchema,
  addressSchema,
  type Deployment,
  isSessionId,
  openSessionSchema,
  revenueLedgerAbi,
  sessionSchema,
  topUpSessionSchema,
  usageReceiptSchema,
} from '@agorai/core'
import type { Address, PublicClient } from 'viem'
import { z } from 'zod'
import type { SessionAcknowledged } from '../../ports/sessionRecords.js'
import { askChain } from '../askChain.js'
import type { ServedService } from '../calls/cashier.js'
import { type Route, route } from '../http/route.js'
import type { Memory } from '../memory.js'
import { assertSignature } from '../signatures.js'
import type { LiveSessions } from './authenticate.js'
import type { SessionClosings } from './closeSession.js'
import { describeSession } from './describeSession.js'
import type { createSessionGrants } from './grantSession.js'
import { type createSessionOpening, describeOpened } from './openSession.js'
import type { Live } from './pools.js'
import type { createUsageReceipts } from './usageReceipts.js'

export type SessionRoutesOptions = {
  memory: Pick<Memory, 'sessions' | 'record' | 'catchUp'>
  live: LiveSessions
  /** Undefined where no channels are. */
  opening: ReturnType<typeof createSessionOpening> | undefined
  grants: ReturnType<typeof createSessionGrants>
  closings: SessionClosings
  receipts: ReturnType<typeof createUsageReceipts>
  findService(asset: bigint): Promise<ServedService>
  publicClient: PublicClient
  addresses: Deployment
}

const params = z.strictObject({ id: z.string().refine(isSessionId, 'must be the id of a session') })
const counterSchema = z
  .string()
  .regex(/^[1-9][0-9]{0,15}$/, 'must be a counter')
  .transform(Number)
const nothing = new Uint8Array()
const tokenHeaders = {
  authorization: '`Bearer ags_…`, or',
  'agorai-session': '`<id>.<counter>.<mac>`; here the counter is not used up.',
}
const jsonHeaders = { 'content-type': 'application/json', 'cache-control': 'no-store' }

export function sessionRoutes(options: SessionRoutesOptions): Route[] {
  const { memory, live: sessions, opening, grants, closings, receipts, findService, publicClient, addresses } = options

  /** The session of the path, for whoever has a token of it. Another's looks like none. */
  async function authenticated(id: string, request: Request): Promise<Live> {
    await memory.catchUp()
    const { live } = await sessions.authenticate(request, nothing)
    if (live.state.id === id) return live
    throw new AgoraiError('session_refused', 'The token is of another session.')
  }

  const tokens = new Set<Address>()
  /** Whether sales in it are allowed, by the ledger's word; what was allowed once may still be spent. */
  async function isPaymentToken(token: Address): Promise<boolean> {
    if (tokens.has(token)) return true
    const ledger = { address: addresses.revenueLedger, abi: revenueLedgerAbi } as const
    const isAllowed = await askChain(() =>
      publicClient.readContract({ ...ledger, functionName: 'isTokenAllowed', args: [token] }),
    )
    if (isAllowed) tokens.add(token)
    return isAllowed
  }

  return [
    route({
      method: 'post',
      path: '/api/v1/sessions',
      summary: 'Open a session: for a budget, paid by x402 on a channel; or for nothing, by a signed request.',
      body: openSessionSchema,
      rawResponse: 'application/json',
      errors: [
        'signature_invalid',
        'request_expired',
        'wrong_operator',
        'nonce_used',
        'entitlement_missing',
        'rate_limited',
        'not_confirmed',
        'not_found',
        'model_not_found',
        'exposure_exceeded',
        'chain_unavailable',
        'storage_full',
        'busy',
      ],
      async handle({ body, request, client }) {
        if ('request' in body) {
          const id = await grants.grant(body.request, body.signature, client)
          const live = sessions.find(id)
          if (live === undefined) throw new AgoraiError('not_found', 'The session has ended long ago.')
          return new Response(JSON.stringify(describeOpened(live)), { headers: jsonHeaders })
        }
        if (opening === undefined)
          throw new AgoraiError('not_found', 'This chain has no channels, so sessions are for passes and free calls.')
        const asset = body.asset === undefined ? undefined : BigInt(body.asset)
        const token = asset === undefined ? body.token : (await findService(asset)).serving.token
        if (token === undefined || (asset === undefined && !(await isPaymentToken(token))))
          throw new AgoraiError('invalid_request', 'token: must be a payment token, where no service is named.', {
            field: 'token',
          })
        const { expiresInSeconds, nonce } = body
        return opening.open({ request, budget: BigInt(body.budget), token, asset, expiresInSeconds, nonce })
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/sessions/{id}/top-up',
      summary: 'Raise the ceiling of a session. It costs the new ceiling, by a voucher in place of the one before.',
      params,
      body: topUpSessionSchema,
      rawResponse: 'application/json',
      errors: ['session_refused', 'session_closed', 'session_scope', 'exposure_exceeded', 'chain_unavailable'],
      async handle({ params: { id }, body, request }) {
        await memory.catchUp()
        const live = sessions.find(id)
        // Its payment says who may.
        if (live === undefined || opening === undefined)
          throw new AgoraiError('session_refused', 'This operator knows no such session.')
        return opening.topUp(live, request, BigInt(body.ceiling))
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sessions/{id}',
      summary: 'How a session stands.',
      params,
      headers: tokenHeaders,
      response: sessionSchema,
      errors: ['session_refused'],
      handle: async ({ params: { id }, request }) => describeSession((await authenticated(id, request)).state),
    }),
    route({
      method: 'post',
      path: '/api/v1/sessions/{id}/close',
      summary:
        'End a session: what was used is charged, the rest is free again. Closing, while a gateway still answers.',
      params,
      headers: tokenHeaders,
      response: sessionSchema,
      errors: ['session_refused', 'storage_full', 'busy'],
      async handle({ params: { id }, request }) {
        const live = await authenticated(id, request)
        await closings.close(live)
        return describeSession(live.state)
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sessions/{id}/receipts/{counter}',
      summary: "The operator's signed receipt of a call, the same each time.",
      params: params.extend({ counter: counterSchema }),
      headers: tokenHeaders,
      response: usageReceiptSchema,
      errors: ['session_refused', 'not_found'],
      async handle({ params: { id, counter }, request }) {
        const { receipt, signature } = await receipts.sign(await authenticated(id, request), counter)
        const { counter: number, version, amount, answeredAt, ...rest } = receipt
        const texts = { counter: `${number}`, version: `${version}`, amount: `${amount}`, answeredAt: `${answeredAt}` }
        return { receipt: { ...rest, ...texts }, signature }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/sessions/{id}/acknowledgements',
      summary: 'The payer signs for what the calls came to so far, so that a claim of more can be shown to be one.',
      params,
      body: acknowledgeSessionSchema,
      response: z.strictObject({ session: z.string(), payer: addressSchema, acknowledged: z.string() }),
      errors: ['session_refused', 'session_closed', 'signature_invalid', 'chain_unavailable', 'storage_full'],
      async handle({ params: { id }, body: { total, at, signature } }) {
        await memory.catchUp()
        const state = sessions.find(id)?.state
        if (state === undefined) throw new AgoraiError('session_refused', 'This operator knows no such session.')
        if (state.state === 'closed') throw new AgoraiError('session_closed', 'The session has ended.')
        if (BigInt(total) > state.ceiling)
          throw new AgoraiError('invalid_request', `total: the session's ceiling is ${state.ceiling}.`, {
            field: 'total',
          })
        const hash = receipts.acknowledgementHash(state, BigInt(total), BigInt(at))
        await assertSignature(publicClient, { account: state.payer, hash, signature })
        // The highest is what counts, so no other is written down.
        if (BigInt(total) > state.acknowledged)
          await memory.record<SessionAcknowledged>({ kind: 'session-acknowledged', session: id, total, at, signature })
        return { session: id, payer: state.payer, acknowledged: String(state.acknowledged) }
      },
    }),
  ]
}
