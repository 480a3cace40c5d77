import { ReadableStream } from 'node:stream/web'
import { setTimeout as wait } from 'node:timers/promises'
import { AgoraiError } from '@agorai/core'
import type { Memory } from '../memory.js'

const lookEveryMs = 250
/** A silent connection is taken for a dead one by many who stand in between. */
const beatEveryMs = 10_000
const listenersMax = 256

export type LiveSegments = (question: { version: string; from: number | undefined; signal: AbortSignal }) => Response

/**
 * Tells the segments of a feed from one on, and each further one as it is appended, until the reader goes.
 *
 * @throws AgoraiError `busy`, from the returned function, when too many listen
 */
export function createLiveSegments(memory: Memory): LiveSegments {
  let listeners = 0
  const encoder = new TextEncoder()

  /** Written as fast as the reader reads: who is slow is given the rest later. */
  async function* tell({ version, from, signal }: Parameters<LiveSegments>[0]): AsyncGenerator<Uint8Array> {
    listeners++
    try {
      yield encoder.encode(': listening\n\n')
      let next = from ?? memory.feeds.segmentsOf(version).length
      for (let beatAt = Date.now() + beatEveryMs; !signal.aborted; ) {
        await memory.catchUp()
        for (const segments = memory.feeds.segmentsOf(version); next < segments.length; next++)
          yield encoder.encode(`id: ${next}\nevent: segment\ndata: ${JSON.stringify(segments[next])}\n\n`)
        if (Date.now() >= beatAt) {
          beatAt = Date.now() + beatEveryMs
          yield encoder.encode(': still here\n\n')
        }
        await wait(lookEveryMs)
      }
    } finally {
      listeners--
    }
  }

  return (question) => {
    if (listeners >= listenersMax) throw new AgoraiError('busy', `${listenersMax} readers are listening already.`)
    return new Response(ReadableStream.from(tell(question)) as BodyInit, {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'access-control-allow-origin': '*',
        'x-accel-buffering': 'no',
      },
    })
  }
}
