import type { ChargeLog } from '../../ports/chargeLog.js'
import type { KeptAnswer, LeaseReturned } from '../../ports/sessionRecords.js'
import { type AnswerOnce, nameOfAttempt } from '../calls/answerOnce.js'
import type { Memory } from '../memory.js'
import { callsPerRecord } from './pools.js'

export type RecoverOptions = {
  memory: Pick<Memory, 'sessions' | 'record' | 'catchUp'>
  log: ChargeLog
  answerOnce: AnswerOnce
}

/**
 * Gives back what this gateway held when it ended: slices with what its log says was charged on them, and the answers to
 * calls with idempotency keys. Begun again after a crash it comes to the same: what is written twice counts once.
 */
export async function recover({ memory, log, answerOnce }: RecoverOptions): Promise<void> {
  await memory.catchUp()
  const calls = new Map<string, string[]>()
  const answers = new Map<string, KeptAnswer>()
  const nameOf = (session: string, lease: number): string => `${session}/${lease}`
  const isHeld = (session: string, lease: number): boolean =>
    memory.sessions.get(session)?.leases.get(lease)?.gateway === log.gateway
  for await (const { session, lease, call, keyed } of log.replay()) {
    if (keyed !== undefined) answers.set(nameOfAttempt(keyed), keyed.answer)
    if (!isHeld(session, lease)) continue
    const name = nameOf(session, lease)
    const lines = calls.get(name)
    if (lines === undefined) calls.set(name, [call])
    else lines.push(call)
  }
  await answerOnce.recover(answers)
  // Charges stand under the first of the slices that were held together, which is given back first.
  for (const { id, leases } of [...memory.sessions.running()])
    for (const [number, { gateway, parts }] of [...leases]) {
      if (gateway !== log.gateway) continue
      const lines = calls.get(nameOf(id, number)) ?? []
      for (let part = parts, last = false; !last; part++) {
        const from = (part - parts) * callsPerRecord
        last = from + callsPerRecord >= lines.length
        const record = { kind: 'lease-returned', session: id, number, part, last } as const
        await memory.record<LeaseReturned>({ ...record, calls: lines.slice(from, from + callsPerRecord) })
      }
    }
}
