import {
  AgoraiError,
  isAgoraiError,
  type OpenedSession,
  openedSessionSchema,
  parseWith,
  toTypedData,
  x402Errors,
} from '@agorai/core'
import { type Address, erc20Abi, type Hex } from 'viem'
import { requestFields, signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { payRequest } from '../payments/payRequest.js'
import { createSession, type Session } from '../payments/session.js'
import { lesser } from '../payments/sessionCeiling.js'
import { channelSalt, channelsMax } from '../payments/signChannel.js'
import { readContract } from '../transactions/readContract.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type OpenSessionParameters = {
  /** The one service that it is for. Default: all of the operator's that are paid in `token`. */
  asset?: bigint | undefined
  /** The payment token, where no service is named. */
  token?: Address | undefined
  /** The most that it may come to in all, in base units. Default: no limit but the ceiling, raised as it is used. */
  budget?: bigint | undefined
  /** The ceiling that it opens with. Default: the lesser of `budget` and a tenth of `openMax`. */
  ceiling?: bigint | undefined
  /** The most that is open beyond what was charged, which is what can be lost. Default 1 whole token. */
  openMax?: bigint | undefined
  expiresInSeconds?: number | undefined
  /** An offer whose pass the account holds pays instead; 0 takes the free calls of today. It needs `asset`. */
  offer?: bigint | undefined
  /** Who pays. Keep one for all sessions and calls of an account. */
  payer?: Payer | undefined
}

const noBudget = 2n ** 127n

/**
 * Opens a session: many calls at the same time, paid from one budget, charged when it closes. Its ceiling is small and is
 * raised before it is reached, so that little can be lost: to an operator that charges what was not used, or to whoever
 * gets hold of the bearer token.
 *
 * @throws AgoraiError `policy_refused`, `payment_refused`, `funds_missing`, `entitlement_missing`, `node_unavailable`
 * @example const session = await openSession(client, { asset: 7n, budget: 500_000n, payer })
 */
export async function openSession(client: AgoraiClient, parameters: OpenSessionParameters): Promise<Session> {
  const { payer = createPayer(client), offer } = parameters
  return offer === undefined ? openPaid(client, payer, parameters) : openEntitled(client, payer, parameters, offer)
}

async function openPaid(client: AgoraiClient, payer: Payer, parameters: OpenSessionParameters): Promise<Session> {
  const { asset, token, budget = noBudget, expiresInSeconds } = parameters
  const openMax = parameters.openMax ?? (await wholeToken(client, token))
  const first = parameters.ceiling ?? openMax / 10n
  const ceiling = lesser(first, budget)
  const body = JSON.stringify({
    budget: String(ceiling),
    ...(asset === undefined ? {} : { asset: String(asset) }),
    ...(token === undefined ? {} : { token }),
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
    // Whoever asks again for an answer that was lost is known by it.
    nonce: randomWord(),
  })
  const open = (salt: Hex) =>
    payRequest(payer, {
      http: {
        method: 'POST',
        path: 'api/v1/sessions',
        headers: { 'content-type': 'application/json' },
        body: () => body,
      },
      ...{ key: crypto.randomUUID(), asset, token, amountMax: ceiling, wire: 'voucher' },
      ...{ salt, adds: ceiling, session: '' },
      deposit: lesser(budget, openMax),
    })
  return payer.channels.exclusive('open-session', async () => {
    for (let index = 1; ; index++) {
      const salt = channelSalt(index)
      try {
        const { response, channel } = await open(salt)
        const opened = parseWith(openedSessionSchema, await response.json(), 'internal')
        if (channel !== undefined) await markChannel(payer, channel, opened)
        return toSession(payer, opened, { salt, asset, budget, openMax, ceiling, token })
      } catch (error) {
        // Another session has this channel, or it was paid from over just this much before: the next one is as good.
        if (!isTaken(error) || index >= channelsMax || payer.mandate !== undefined) throw error
      }
    }
  })
}

const takenReasons: readonly unknown[] = [x402Errors.channelBusy, x402Errors.voucherShown]
const isTaken = (error: unknown): boolean =>
  isAgoraiError(error, 'payment_refused') && takenReasons.includes(error.details?.reason)

async function markChannel(payer: Payer, channel: Hex, { session }: OpenedSession): Promise<void> {
  const kept = await payer.channels.get(channel)
  if (kept !== undefined) await payer.channels.set(channel, { ...kept, session })
}

/** A pass, or the free calls of a day: asked for by a signature, and no money moves. */
async function openEntitled(
  client: AgoraiClient,
  payer: Payer,
  { asset }: OpenSessionParameters,
  offer: bigint,
): Promise<Session> {
  if (asset === undefined)
    throw new AgoraiError('invalid_request', 'Name the service that the pass is for.', { field: 'asset' })
  const request = { asset, holder: signerOf(client), offer, ...requestFields(client) }
  const signature = await signMessage(client, toTypedData(signingDomainOf(client), 'SessionRequest', request))
  const opened = await client.http.json(openedSessionSchema, {
    method: 'POST',
    path: 'api/v1/sessions',
    headers: { 'content-type': 'application/json' },
    body: () =>
      JSON.stringify({
        request: { ...request, asset: String(asset), offer: String(offer), expiry: String(request.expiry) },
        signature,
      }),
    // The same signed request opens the same session.
    attemptsMax: 3,
  })
  const none = { budget: 0n, openMax: 0n, ceiling: 0n, token: undefined }
  return toSession(payer, opened, { salt: channelSalt(0), asset, offer, ...none })
}

type Facts = {
  salt: Hex
  asset: bigint | undefined
  offer?: bigint
  token: Address | undefined
  budget: bigint
  openMax: bigint
  ceiling: bigint
}

function toSession(payer: Payer, opened: OpenedSession, facts: Facts): Session {
  const { salt, asset, budget, openMax, ceiling } = facts
  const { session, bearer, macKey, channel, expiresAt } = opened
  return createSession({
    payer,
    budget,
    openMax,
    kept: {
      ...{ session, bearer, macKey, channel, salt, asset, ceiling, expiresAt, offer: facts.offer },
      node: payer.client.node.href,
      token: opened.token ?? facts.token,
      from: BigInt(opened.from),
      ...{ charged: 0n, unsure: 0n, shared: false, counter: 0 },
    },
  })
}

/** One whole token in base units; the local chain's token is counted upon where none is named. */
async function wholeToken(client: AgoraiClient, named: Address | undefined): Promise<bigint> {
  const address = named ?? client.info.chain.addresses.testUsd
  if (address === undefined) return 10n ** 6n
  const decimals = await readContract(client, { address, abi: erc20Abi, functionName: 'decimals', args: [] })
  return 10n ** BigInt(decimals)
}
