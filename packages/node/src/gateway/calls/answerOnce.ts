import { createHash } from 'node:crypto'
import { AgoraiError } from '@agorai/core'
import type { CallBegun, CallEnded, KeptAnswer } from '../../ports/sessionRecords.js'
import type { ReadHeaders } from '../http/lightRequest.js'
import type { Memory } from '../memory.js'
import { keyKeptSeconds } from './keyedBook.js'

/** An attempt at a call that has an idempotency key. */
export type KeyedCall = { scope: string; key: string; attempt: number }

export type OnceParameters = {
  /** Whose keys these are. */
  scope: string
  /** The header as it came. */
  key: string
  /** sha-256 of what is asked in base64url. */
  requestHash: string
}

export type AnswerOnceOptions = {
  memory: Pick<Memory, 'keyed' | 'record' | 'catchUp'>
  gateway: string
  now?: () => number
}

const keyCharactersMax = 255
/** Larger answers are given, but not kept. */
export const keptBytesMax = 256 * 1024

/**
 * Runs a call once for each idempotency key, over all gateways and over restarts: the same key with the same request has
 * the same answer. `run` writes its effect and its answer down as one; a call that throws, or gives no answer to keep, had
 * no effect, and its key may be tried again.
 */
export function createAnswerOnce({ memory, gateway, now = () => Date.now() / 1000 }: AnswerOnceOptions) {
  const underWay = new Map<string, string>()
  // Answers whose record the journal did not take yet. Their effect is written down already.
  const unrecorded = new Map<string, CallEnded>()

  async function end(name: string, record: CallEnded): Promise<void> {
    unrecorded.set(name, record)
    await memory.record<CallEnded>(record)
    unrecorded.delete(name)
  }

  /** @returns The answer that is there already, or the attempt that is now to be made. */
  async function begin(
    name: string,
    { scope, requestHash }: OnceParameters,
    key: string,
  ): Promise<KeptAnswer | KeyedCall> {
    const waiting = unrecorded.get(name)
    if (waiting !== undefined) await end(name, waiting)
    await memory.catchUp()
    const known = memory.keyed.get(scope, key)
    if (known !== undefined && known.requestHash !== requestHash) throw keyReused()
    if (known?.answer !== undefined) return known.answer
    if (known !== undefined && !known.ended && known.gateway !== gateway) throw inFlight()
    // A beginning of our own that nothing came of is gone on with.
    if (known?.ended === false) return { scope, key, attempt: known.attempt }
    for (let attempt = memory.keyed.nextAttempt(scope, key); ; attempt++) {
      const begun = { scope, key, attempt, requestHash, gateway, at: Math.floor(now()) }
      const standing = await memory.record<CallBegun>({ kind: 'call-begun', ...begun })
      // Of an earlier day, which is forgotten here and still written down.
      if (standing.at < begun.at - keyKeptSeconds) continue
      if (standing.requestHash !== requestHash) throw keyReused()
      if (standing.gateway !== gateway) throw inFlight()
      return { scope, key, attempt }
    }
  }

  return {
    async once<result>(
      parameters: OnceParameters,
      run: (keyed: KeyedCall) => Promise<{ answer: KeptAnswer | undefined; result: result }>,
      again: (answer: KeptAnswer) => result,
    ): Promise<result> {
      const key = hashKey(parameters.key)
      const name = `${parameters.scope}/${key}`
      const other = underWay.get(name)
      if (other !== undefined) throw other === parameters.requestHash ? inFlight() : keyReused()
      underWay.set(name, parameters.requestHash)
      try {
        const begun = await begin(name, parameters, key)
        if ('status' in begun) return again(begun)
        let done: { answer: KeptAnswer | undefined; result: result }
        try {
          done = await run(begun)
        } catch (error) {
          await end(name, { kind: 'call-ended', ...begun, at: Math.floor(now()) }).catch(() => {})
          throw error
        }
        // Charge and answer are on the disk by now; a journal that does not answer is asked again later.
        const ended = { kind: 'call-ended', ...begun, at: Math.floor(now()) } as const
        await end(name, done.answer === undefined ? ended : { ...ended, answer: done.answer }).catch(() => {})
        return done.result
      } finally {
        underWay.delete(name)
      }
    },
    /** Brings what the journal did not take yet there. */
    async recordRest(): Promise<void> {
      for (const [name, record] of unrecorded) await end(name, record)
    },
    /** After a restart: ends what was begun here, with the answers that were written down with their charges. */
    async recover(answers: ReadonlyMap<string, KeptAnswer>): Promise<void> {
      for (const { scope, key, attempt } of memory.keyed.begunBy(gateway)) {
        const answer = answers.get(nameOfAttempt({ scope, key, attempt }))
        const record = { kind: 'call-ended', scope, key, attempt, at: Math.floor(now()) } as const
        await memory.record<CallEnded>(answer === undefined ? record : { ...record, answer })
      }
    },
  }
}

export type AnswerOnce = ReturnType<typeof createAnswerOnce>

export const nameOfAttempt = ({ scope, key, attempt }: KeyedCall): string => `${scope}/${key}/${attempt}`

/** @throws AgoraiError `invalid_request` for a key that is no key; undefined where there is none. */
export function readIdempotencyKey(headers: ReadHeaders): string | undefined {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (/^[\x21-\x7e]+$/.test(key) && key.length <= keyCharactersMax) return key
  throw new AgoraiError('invalid_request', `idempotency-key: must be 1 to ${keyCharactersMax} visible characters.`, {
    field: 'idempotency-key',
  })
}

const hashKey = (key: string): string => createHash('sha256').update(key).digest('base64url')

const keyReused = (): AgoraiError =>
  new AgoraiError('idempotency_key_reused', 'Another request had this key.', { field: 'idempotency-key' })

const inFlight = (): AgoraiError => new AgoraiError('call_in_flight', 'The call with this key has no answer yet.')
