import { createByteReader } from './byteReader.js'

/**
 * Splits a stream, however it is sliced, into one stream for each length; the last takes all that is left, so one length
 * is the stream as it comes. Read each to its end before the next.
 */
export async function* splitStream(
  stream: AsyncIterable<Uint8Array>,
  lengths: readonly number[],
): AsyncGenerator<AsyncGenerator<Uint8Array>> {
  const reader = createByteReader(stream)
  try {
    for (const [place, length] of lengths.entries()) yield reader.pass(place === lengths.length - 1 ? Infinity : length)
  } finally {
    await reader.close()
  }
}
