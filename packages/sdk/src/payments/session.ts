import { AgoraiError, isAgoraiError, parseWith, sessionSchema } from '@agorai/core'
import { acknowledgeTotal, signsByItself } from './acknowledgeTotal.js'
import type { KeptSession } from './keptSession.js'
import type { Payer } from './payer.js'
import { payRequest } from './payRequest.js'
import { ceilingFor, createRate, greater, lesser } from './sessionCeiling.js'
import { assertCounted, leastOf } from './sessionCount.js'
import { boundToken } from './sessionTokens.js'

/** What a call holds of a session until it was answered. */
export type HeldCall = {
  headers: Record<string, string>
  counter: number
  /** Raises the ceiling by what the call may cost, as far as the budget goes: the operator found too little. */
  makeRoom(): Promise<void>
  /**
   * Says what the call cost; undefined when nobody knows, which counts as its maximum.
   *
   * @param sure Whether it was charged for this very call, and not for an earlier one that it repeats. Default true.
   */
  settle(amount: bigint | undefined, sure?: boolean): void
}

/** An open session. Many calls may run on it at the same time. */
export type Session = {
  /** A copy of what has to be kept to go on with it. */
  kept(): KeptSession
  /**
   * For any OpenAI client. It can be replayed by whoever has it, up to the ceiling, and is not topped up by itself. From
   * then on others may call, so what the operator charges is held against the ceiling only.
   */
  openai(): { baseURL: string; apiKey: string }
  /** Makes room for a call of at most this amount, topping up if need be, and the token that is good for it alone. */
  hold(request: { method: string; target: string; body: Uint8Array<ArrayBuffer>; amountMax: bigint }): Promise<HeldCall>
  /** Raises the ceiling to this many base units. */
  topUp(ceiling: bigint): Promise<void>
  /**
   * Holds what the operator says it charged against what was counted here.
   *
   * @throws AgoraiError `overcharged`; from then on the session makes no call and signs nothing.
   */
  check(charged: bigint): void
  /** Makes no call and signs nothing any more: the operator charged what was not agreed. */
  stop(error: AgoraiError): void
  /** Signs for what its calls came to for certain, where that needs nobody's consent, and gives it to the operator. */
  acknowledge(): Promise<void>
  /** What the operator says of it became known: it is closed, and came to `charged`. */
  ended(charged: bigint): Promise<void>
}

export type SessionOptions = {
  kept: KeptSession
  payer: Payer
  /** The most that it may come to in all. */
  budget: bigint
  /** The most that is open beyond what was charged. */
  openMax: bigint
}

export function createSession(options: SessionOptions): Session {
  const { payer, budget, openMax } = options
  const kept = { ...options.kept }
  const rate = createRate()
  let reserved = 0n
  let raising: Promise<void> | undefined
  let stopped: AgoraiError | undefined
  let acknowledged = 0n

  function check(charged: bigint): void {
    try {
      assertCounted(kept, charged, reserved)
    } catch (error) {
      if (isAgoraiError(error)) stopped = error
      throw error
    }
  }

  async function acknowledge(): Promise<void> {
    const total = leastOf(kept)
    const isNeeded = kept.channel !== undefined && !kept.shared && total > acknowledged
    if (!isNeeded || !signsByItself(payer)) return
    await acknowledgeTotal(payer, kept.session, total)
    acknowledged = total
  }

  async function raise(ceiling: bigint): Promise<void> {
    const { session, asset, channel, salt } = kept
    if (channel === undefined)
      throw new AgoraiError('session_exhausted', 'A session that is not paid for has no ceiling to raise.')
    if (stopped !== undefined) throw stopped
    const adds = ceiling - kept.ceiling
    const { response } = await payRequest(payer, {
      http: {
        method: 'POST',
        path: `api/v1/sessions/${session}/top-up`,
        headers: { authorization: `Bearer ${kept.bearer}`, 'content-type': 'application/json' },
        body: () => JSON.stringify({ ceiling: String(ceiling) }),
      },
      ...{
        key: crypto.randomUUID(),
        asset,
        salt,
        token: kept.token,
        amountMax: ceiling,
        wire: 'voucher',
        adds,
        session,
      },
      deposit: lesser(budget - kept.ceiling, openMax),
    })
    kept.ceiling = ceiling
    const { charged } = parseWith(sessionSchema, await response.json(), 'internal')
    // Where it cannot be given a proof is missing, and no money: that stops no call.
    await acknowledge().catch(() => {})
    check(BigInt(charged))
  }

  /** One at a time: each is for the ceiling that the one before left. */
  function topUp(ceiling: bigint): Promise<void> {
    const before = raising ?? Promise.resolve()
    const turn = before.catch(() => {}).then(() => (ceiling > kept.ceiling ? raise(ceiling) : undefined))
    raising = turn
    return turn
  }

  async function makeRoom(needed: bigint): Promise<void> {
    reserved += needed
    const target = () =>
      ceilingFor({ charged: kept.charged, reserved, needed, perMinute: rate.perMinute(), openMax, budget })
    try {
      while (kept.channel !== undefined && kept.charged + reserved > kept.ceiling) {
        const ceiling = target()
        if (ceiling <= kept.ceiling)
          throw new AgoraiError('session_exhausted', `The session's budget of ${budget} base units is used.`, {
            details: { budget: String(budget), charged: String(kept.charged) },
          })
        await topUp(ceiling)
      }
    } catch (error) {
      reserved -= needed
      throw error
    }
    // Before it is reached: what is left should be a quarter of what a session is open for.
    const ceiling = target()
    const left = kept.ceiling - kept.charged - reserved
    if (kept.channel !== undefined && left * 4n < ceiling - kept.charged && ceiling > kept.ceiling)
      topUp(ceiling).catch(() => {
        // The call that needs it tries again, and says why it fails.
      })
  }

  return {
    kept: () => ({ ...kept }),
    openai() {
      kept.shared = true
      return { baseURL: new URL('v1', kept.node).href, apiKey: kept.bearer }
    },
    ...{ topUp, check, acknowledge },
    stop(error) {
      stopped = error
    },
    async hold({ amountMax, ...request }) {
      if (stopped !== undefined) throw stopped
      const needed = kept.channel === undefined ? 0n : amountMax
      await makeRoom(needed)
      kept.counter += 1
      const { counter } = kept
      const token = await boundToken(kept, { ...request, counter })
      let held = true
      return {
        headers: { 'agorai-session': token },
        counter,
        makeRoom: () => topUp(lesser(kept.ceiling + needed, budget)),
        settle(known, sure = true) {
          if (!held) return
          held = false
          reserved -= needed
          const amount = known ?? needed
          kept.charged += amount
          if (known === undefined || !sure) kept.unsure += amount
          if (amount > 0n) rate.add(amount)
        },
      }
    },
    async ended(charged) {
      const { channel } = kept
      kept.charged = charged
      kept.unsure = 0n
      if (channel === undefined) return
      await payer.channels.exclusive(channel, async () => {
        const known = await payer.channels.get(channel)
        if (known !== undefined)
          await payer.channels.set(channel, {
            ...known,
            ...{ charged: kept.from + charged, signedMax: greater(known.signedMax, kept.from + charged) },
            ...{ answered: true, session: undefined },
          })
      })
    },
  }
}
