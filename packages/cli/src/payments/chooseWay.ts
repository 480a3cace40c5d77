import { AgoraiError, priceOfCall, type ServedServiceInfo, type SessionInfo } from '@agorai/core'
import {
  type AgoraiClient,
  findCallPass,
  getSession,
  isRefusal,
  openSession,
  type Payer,
  type Session,
  type Wire,
} from '@agorai/sdk'
import { readEnvironment } from '../environment.js'
import { type MandateOptions, openPayments } from './openPayments.js'
import type { openPendingCalls } from './pendingCalls.js'
import { resumeSession } from './resumeSession.js'
import type { SessionFiles } from './sessionFiles.js'

export type WayOptions = MandateOptions & { session?: string; pay?: Wire; free?: boolean }

/** What pays for a call, and what is kept of it. */
export type Way = {
  name: 'session' | 'pass' | 'free' | 'alone'
  session?: Session
  payer?: Payer
  wire?: Wire | undefined
  /** The offer of the pass that pays. */
  offer?: bigint
  /** What is said before the call, where not its price is. */
  note?: string
  /** Where a call is written down until it was answered; undefined where nobody pays. */
  pending?: ReturnType<typeof openPendingCalls>
  /** Writes down what the call came to. */
  keep(amount: bigint): Promise<void>
}

/**
 * What pays: what was asked for, else a pass that the account holds, else a payment. A call without a price needs nothing.
 *
 * @throws AgoraiError `invalid_request`, `not_found` for a session that is not kept here, and what `openSession` throws
 */
export async function chooseWay(
  client: AgoraiClient,
  { asset: id, serving }: ServedServiceInfo,
  options: WayOptions,
): Promise<Way> {
  const { session, mandate, pay, free } = options
  const keep = async () => {}
  const everything = Object.fromEntries(serving.prices.map(({ unit }) => [unit, 1]))
  if (client.wallet === undefined && priceOfCall(serving.prices, everything) === 0n) return { name: 'alone', keep }
  if (free && serving.freeCalls === 0)
    throw new AgoraiError('invalid_request', 'This service gives no free calls.', { field: 'free' })
  const { payer, sessions, pending } = await openPayments(
    client,
    readEnvironment(),
    mandate === undefined ? {} : { mandate },
  )
  const asset = BigInt(id)
  if (session !== undefined) return { name: 'session', pending, ...(await fromFile(payer, sessions, session)) }
  const offer = free ? 0n : mandate !== undefined || pay !== undefined ? undefined : await passOf(client, asset)
  if (offer === undefined) return { name: 'alone', payer, wire: pay, pending, keep }
  const { kept, info } = await entitledSession(client, { payer, sessions, asset, offer })
  const way = { pending, ...(await fromFile(payer, sessions, kept)) }
  if (offer !== 0n) return { ...way, name: 'pass', offer, note: `Your pass of offer ${offer} pays.` }
  return { ...way, name: 'free', note: freeNote(serving.freeCalls, info, way.session) }
}

/** Of an asset that the index does not know yet nobody holds a pass. */
const passOf = (client: AgoraiClient, asset: bigint): Promise<bigint | undefined> =>
  findCallPass(client, asset).catch((error: unknown) => {
    if (error instanceof AgoraiError && error.code === 'not_found') return undefined
    throw error
  })

/** A session that was opened before, with a counter of its own for this call. */
async function fromFile(payer: Payer, sessions: SessionFiles, id: string) {
  const counter = await sessions.countOn(id)
  const session = resumeSession(payer, { ...(await sessions.get(id)), counter: counter - 1 })
  return { session, keep: (amount: bigint) => sessions.addCharge(id, amount) }
}

type Entitled = { payer: Payer; sessions: SessionFiles; asset: bigint; offer: bigint }

/** The session of this pass, or of the free calls of today, that is open; a new one where none is. */
async function entitledSession(
  client: AgoraiClient,
  { payer, sessions, asset, offer }: Entitled,
): Promise<{ kept: string; info: SessionInfo | undefined }> {
  const before = (await sessions.list()).find(
    (each) => each.asset === asset && each.offer === offer && each.node === client.node.href,
  )
  if (before !== undefined) {
    const info = await getSession(client, { session: before }).catch((error: unknown) => {
      if (isRefusal(error)) return undefined
      throw error
    })
    if (info?.state === 'open') return { kept: before.session, info }
    await sessions.remove(before.session)
  }
  const session = await openSession(client, { payer, asset, offer })
  const kept = session.kept()
  await sessions.save(kept)
  return { kept: kept.session, info: undefined }
}

function freeNote(freeCalls: number, info: SessionInfo | undefined, session: Session): string {
  const taken = Math.max(Number(info?.charged ?? 0), session.kept().counter)
  const left = Math.max(0, Number(info?.ceiling ?? freeCalls) - taken)
  return `${left} free calls are left today, and this is one of them.`
}
