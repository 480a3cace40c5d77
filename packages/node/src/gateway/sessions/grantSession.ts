import { randomBytes } from 'node:crypto'
import {
  AgoraiError,
  type Deployment,
  hashMessageOf,
  type SessionRequest,
  type SessionRequestBody,
  type SigningDomain,
  sessionSecondsDefault,
} from '@agorai/core'
import { type Address, getAddress, type Hex } from 'viem'
import type { Chain } from '../../ports/chain.js'
import type { SessionGranted } from '../../ports/sessionRecords.js'
import type { ServedService } from '../calls/cashier.js'
import { assertEntitled } from '../entitlement.js'
import type { Memory } from '../memory.js'
import { assertExpiry, assertOperator } from '../requests.js'
import { assertSignature } from '../signatures.js'
import type { FreeAccounts } from './freeAccounts.js'

export type GrantSessionOptions = {
  memory: Pick<Memory, 'sessions' | 'record' | 'catchUp'>
  chain: Chain
  addresses: Deployment
  domain: SigningDomain
  operator: Address
  findService(asset: bigint): Promise<ServedService>
  freeAccounts: FreeAccounts
  now?: () => number
}

const secondsPerDay = 86_400
const attemptsMax = 64

/** Opens sessions for who holds a pass, by the chain's word, and for the free calls of a day. */
export function createSessionGrants(options: GrantSessionOptions) {
  const {
    memory,
    chain,
    addresses,
    domain,
    operator,
    findService,
    freeAccounts,
    now = () => Date.now() / 1000,
  } = options
  let turn: Promise<unknown> = Promise.resolve()

  async function authenticate(body: SessionRequestBody, signature: Hex) {
    assertOperator(body.operator, operator)
    const request: SessionRequest = {
      asset: BigInt(body.asset),
      holder: getAddress(body.holder),
      offer: BigInt(body.offer),
      operator,
      nonce: body.nonce,
      expiry: BigInt(body.expiry),
    }
    assertExpiry(request.expiry, now() * 1000)
    const digest = hashMessageOf(domain, 'SessionRequest', request)
    await assertSignature(chain.publicClient, { account: request.holder, hash: digest, signature })
    return { request, digest }
  }

  /** What is left of the free calls of today, as the next slice of the day. */
  function sliceOfToday(service: ServedService, { holder }: SessionRequest, day: number) {
    const { taken, slices } = memory.sessions.freeCalls(service.asset.toString(), holder, day)
    const calls = service.serving.freeCalls - taken
    if (calls > 0) return { calls, day, number: slices }
    throw new AgoraiError('entitlement_missing', 'No free calls of this service are left today.', {
      details: { freeCalls: service.serving.freeCalls, taken },
    })
  }

  type Asked = { request: SessionRequest; digest: Hex; client: string }

  async function record({ request, digest, client }: Asked, service: ServedService): Promise<string> {
    let isCounted = false
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      await memory.catchUp()
      const known = memory.sessions.granted(digest)
      if (known !== undefined) return known.id
      const openedAt = Math.floor(now())
      const day = Math.floor(openedAt / secondsPerDay)
      const isFree = request.offer === 0n
      const free = isFree ? { free: sliceOfToday(service, request, day) } : {}
      if (isFree && !isCounted) freeAccounts.take(client, service.asset)
      isCounted = true
      const granted: SessionGranted = {
        kind: 'session-granted',
        session: randomBytes(16).toString('base64url'),
        by: isFree ? 'free' : 'pass',
        holder: request.holder,
        asset: service.asset.toString(),
        nonce: request.nonce,
        request: digest,
        ...free,
        openedAt,
        // Free calls are those of a day; a pass is looked at again every hour.
        expiresAt: isFree ? (day + 1) * secondsPerDay : openedAt + sessionSecondsDefault,
      }
      const standing = await memory.record<SessionGranted>(granted)
      if (standing.request === digest) return standing.session
      if (!isFree) throw new AgoraiError('nonce_used', 'Another request of this holder had the same nonce.')
    }
    throw new AgoraiError('busy', 'Other gateways were faster each time.')
  }

  return {
    /**
     * @param client The address that asks.
     * @returns The session's id. The same request again gives the same one.
     * @throws AgoraiError `signature_invalid`, `request_expired`, `wrong_operator`, `entitlement_missing`, `nonce_used`,
     * `rate_limited`
     */
    async grant(body: SessionRequestBody, signature: Hex, client: string): Promise<string> {
      const { request, digest } = await authenticate(body, signature)
      const service = await findService(request.asset)
      const { holder, offer } = request
      if (offer !== 0n) await assertEntitled(chain, addresses, { version: service.version, holder, offer })
      // In turn, as the slices of a day are taken one after the other.
      const done = turn.then(() => record({ request, digest, client }, service))
      turn = done.catch(() => {})
      return done
    },
  }
}
