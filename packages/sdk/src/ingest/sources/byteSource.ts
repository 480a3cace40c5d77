import { AgoraiError, isAgoraiError } from '@agorai/core'

/** Bytes at some place, before anybody says what they mean. */
export type ByteSource = {
  /** A plain name, without folders. */
  fileName: string
  bytes: number
  /** Stays the same as long as the bytes do: what is uploaded in part is continued only under the same identity. */
  identity: string
  /** Reads from byte `start`. Default: from the beginning. */
  stream(start?: number): AsyncGenerator<Uint8Array>
  /** `end` is exclusive. Absent where only a whole read is possible. */
  read?(start: number, end: number): Promise<Uint8Array>
}

const failuresMax = 5

/**
 * A stream that goes on where it broke off. A source that breaks off again and again without sending anything is given up.
 *
 * @param open Begins at a byte. @throws AgoraiError
 */
export async function* resumeStream(
  open: (start: number) => Promise<AsyncIterable<Uint8Array>>,
  range: { start: number; end: number; retryDelayMs?: number },
): AsyncGenerator<Uint8Array> {
  const { end, retryDelayMs = 200 } = range
  let at = range.start
  for (let failures = 0; at < end; ) {
    try {
      for await (const slice of await open(at)) {
        failures = 0
        at += slice.length
        yield slice
      }
      if (at < end) throw new AgoraiError('length_mismatch', `The source ends at byte ${at} of ${end}.`)
    } catch (error) {
      if (!mayPass(error) || ++failures >= failuresMax) throw error
      await new Promise((resume) => setTimeout(resume, retryDelayMs * 2 ** (failures - 1)))
    }
  }
}

const mayPass = (error: unknown): boolean =>
  isAgoraiError(error) && (error.code === 'source_unavailable' || error.code === 'length_mismatch')
