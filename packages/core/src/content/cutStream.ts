/**
 * Cuts a stream, however it is sliced, into pieces of `size` bytes; only the last is shorter. An empty stream is one empty
 * piece. A piece is overwritten when the next is asked for: copy what you keep.
 *
 * @param stream Its slices stay as they are after they were yielded: one that holds a whole piece is not copied.
 */
export async function* cutStream(
  stream: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ bytes: Uint8Array<ArrayBuffer>; last: boolean }> {
  const gathered = new Uint8Array(size)
  // Whether a full piece is the last is known only when more arrives.
  let full: Uint8Array<ArrayBuffer> | undefined
  let filled = 0
  for await (const slice of stream) {
    for (let read = 0; read < slice.length; ) {
      if (full !== undefined) {
        yield { bytes: full, last: false }
        full = undefined
      }
      const taken = slice.subarray(read, read + size - filled) as Uint8Array<ArrayBuffer>
      read += taken.length
      if (taken.length === size) {
        full = taken
        continue
      }
      gathered.set(taken, filled)
      filled += taken.length
      if (filled < size) continue
      full = gathered
      filled = 0
    }
  }
  yield { bytes: full ?? gathered.subarray(0, filled), last: true }
}
