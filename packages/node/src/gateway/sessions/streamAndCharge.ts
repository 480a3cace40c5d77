import { createHash } from 'node:crypto'
import type { Usage } from '../../ports/inference.js'
import type { CallAnswer } from '../calls/cashier.js'

export type StreamAndChargeOptions = {
  headers: Record<string, string>
  /** Ends the work: nobody reads on. */
  abort(): void
  charge(usage: Usage, responseHash: string): Promise<void>
  /** Charges nothing: the work failed. */
  giveUp(): void
}

/**
 * Sends an answer as it is made. What was used is charged before the stream ends, also when its reader goes away: then it is
 * what was used until then. The hash is over what was sent.
 */
export function streamAndCharge(
  { chunks, usage }: Extract<CallAnswer, { kind: 'stream' }>,
  { headers, abort, charge, giveUp }: StreamAndChargeOptions,
): { response: Response } {
  const iterator = chunks[Symbol.asyncIterator]()
  const sent = createHash('sha256')
  let settled: Promise<void> | undefined
  let isGone = false
  // A usage that fails is seen when it is asked for.
  usage.catch(() => {})

  const settle = (): Promise<void> => {
    settled ??= usage.then(
      (used) => charge(used, sent.digest('base64url')),
      (error) => {
        giveUp()
        throw error
      },
    )
    return settled
  }

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next()
        if (done) {
          await settle()
          controller.close()
          return
        }
        sent.update(value)
        controller.enqueue(value)
      } catch (error) {
        // What fails because its reader is gone was used until then, which is charged below.
        if (isGone) return
        // Work that fails under way is charged nothing, though part of it was sent.
        if (settled === undefined) {
          settled = Promise.resolve()
          giveUp()
        }
        throw error
      }
    },
    async cancel() {
      isGone = true
      abort()
      await iterator.return?.().catch(() => {})
      await settle().catch(() => {})
    },
  })
  return { response: new Response(body, { headers }) }
}
