import { AgoraiError, type ContractEvent, eventSchema, isAgoraiError, parseWith } from '@agorai/core'
import { z } from 'zod'
import { readMessages } from '../content/readMessages.js'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type WatchEventsParameters = {
  /** The `id` of the last event that is known. From now on when absent. */
  after?: string
  /** Only events of these names. */
  names?: readonly string[]
  /** Ends the watch. */
  signal?: AbortSignal
}

/** `retraction`: the chain took back all blocks above, and with them the events that were told of them. */
export type WatchedEvent = { type: 'event'; event: ContractEvent } | { type: 'retraction'; above: number }

/** The node says something every few seconds; one that is silent for so long is gone. */
const silenceMs = 30_000
const pauseMs = 500
const pauseMaxMs = 15_000

const retractionSchema = z.strictObject({ above: z.number().int() })

/**
 * What the contracts do, as it happens, for as long as it is iterated. A broken connection is made again, and goes on
 * after the last event.
 *
 * @throws AgoraiError `invalid_request`
 * @example for await (const told of watchEvents(client)) if (told.type === 'event') console.log(told.event.name)
 */
export async function* watchEvents(
  client: AgoraiClient,
  parameters: WatchEventsParameters = {},
): AsyncGenerator<WatchedEvent, void> {
  const { names, signal } = parameters
  let { after } = parameters
  const isEnded = () => signal?.aborted === true
  for (let failures = 0; !isEnded(); failures++) {
    try {
      const { body } = await client.http.send({
        path: 'api/v1/events/stream',
        query: { after, names: names?.join(',') },
        attemptsMax: 1,
      })
      if (body === null) return
      for await (const { event, data, id } of readMessages(readUntil(body, signal))) {
        if (isEnded()) return
        failures = 0
        if (event === 'event') yield { type: 'event', event: parseWith(eventSchema, JSON.parse(data), 'internal') }
        if (event === 'retraction')
          yield { type: 'retraction', ...parseWith(retractionSchema, JSON.parse(data), 'internal') }
        after = id ?? after
      }
    } catch (error) {
      if (isEnded()) return
      // What is wrong with the question itself is wrong the next time, too.
      if (error instanceof AgoraiError && !isAgoraiError(error, 'node_unavailable') && !isAgoraiError(error, 'busy'))
        throw error
    }
    await pause(Math.min(pauseMs * 2 ** Math.min(failures, 8), pauseMaxMs), signal)
  }
}

/** A stream that ends when the signal is given, or when nothing comes for too long. */
async function* readUntil(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined) {
  const reader = body.getReader()
  const stop = () => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const timer = setTimeout(stop, silenceMs)
      const { done, value } = await reader.read().finally(() => clearTimeout(timer))
      if (done) return
      yield value
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    stop()
  }
}

const pause = (waitMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, waitMs)
    signal?.addEventListener('abort', wake)
  })
