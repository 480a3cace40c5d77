/**
 * Cuts a stream, however it is sliced, into pieces of `size` bytes; only the last is shorter. An empty stream is one empty
 * piece. A piece is overwritten when the next is asked for: copy what you keep.
 */
export async function* cutStream(
  stream: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ bytes: Uint8Array<ArrayBuffer>; last: boolean }> {
  const piece = new Uint8Array(size)
  let filled = 0
  for await (const slice of stream) {
    for (let read = 0; read < slice.length; ) {
      // Whether a full piece is the last is known only when more arrives.
      if (filled === size) {
        yield { bytes: piece, last: false }
        filled = 0
      }
      const taken = slice.subarray(read, read + size - filled)
      piece.set(taken, filled)
      filled += taken.length
      read += taken.length
    }
  }
  yield { bytes: piece.subarray(0, filled), last: true }
}
