/** A content of which any part can be read. What needs its end first, such as Parquet, is read this way. */
export type RandomAccess = {
  /** Its length. */
  bytes: number
  /** The bytes from `start` up to `end`, which is not included. Both lie inside of the content. */
  read(start: number, end: number): Promise<Uint8Array>
  /** All of it from its beginning. */
  stream(): AsyncIterable<Uint8Array>
}

/** Whether any part of a content can be read. Streams of Node have a `read` too, so that tells nothing. */
export const isRandomAccess = (content: AsyncIterable<Uint8Array> | RandomAccess): content is RandomAccess =>
  'stream' in content

/** A content that is in memory. */
export const inMemory = (content: Uint8Array): RandomAccess => ({
  bytes: content.length,
  read: async (start, end) => content.subarray(start, end),
  async *stream() {
    yield content
  },
})
