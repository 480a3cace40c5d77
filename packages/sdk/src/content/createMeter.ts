import { AgoraiError } from '@agorai/core'
import { computeContentCid } from './contentCid.js'
import { readStream } from './readStream.js'

/** Lets one read of a stream serve two readers. */
export type Meter<result> = {
  /** Yields the content unchanged while the meter reads along. Call it once. */
  pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
  /** What the meter found; settles after `pass` has ended. */
  result(): Promise<result>
}

/**
 * A meter reads what passes, at the pace of the slower of the two readers.
 *
 * @param measure Reads the content to its end. What it throws ends `pass` too.
 */
export function createMeter<result>(measure: (content: AsyncIterable<Uint8Array>) => Promise<result>): Meter<result> {
  const pipe = new TransformStream<Uint8Array, Uint8Array>()
  const writer = pipe.writable.getWriter()
  // Failures are told to whoever reads or asks for the result; nobody else waits for these promises.
  writer.closed.catch(() => undefined)
  const result = measure(readStream(pipe.readable))
  result.catch(() => undefined)

  const handOver = async (write: Promise<void>): Promise<void> => {
    try {
      await write
    } catch (error) {
      // A measure that failed has closed its side; its own error says why.
      await result
      throw error
    }
  }
  return {
    async *pass(content) {
      let complete = false
      try {
        for await (const slice of content) {
          await handOver(writer.write(slice))
          yield slice
        }
        await handOver(writer.close())
        complete = true
      } finally {
        const reason = new AgoraiError('length_mismatch', 'The content was not read to its end.')
        if (!complete) await writer.abort(reason).catch(() => undefined)
      }
    },
    result: () => result,
  }
}

/** What was measured apart from the stream that passes. */
export const meterApart = <result>(result: result): Meter<result> => ({
  async *pass(content) {
    yield* content
  },
  result: async () => result,
})

/** Measures the CID and the length of what passes. */
export function createCidMeter(): Meter<{ cid: string; bytes: number }> {
  return createMeter(async (content) => {
    let bytes = 0
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const slice of content) {
        bytes += slice.length
        yield slice
      }
    }
    const cid = await computeContentCid(counted())
    return { cid, bytes }
  })
}
