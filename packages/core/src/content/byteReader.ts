import { concatBytes } from 'viem/utils'

/** Reads a stream, however it is sliced, in pieces of known length. */
export type ByteReader = {
  /** The next bytes, as many as asked for; fewer where the stream ends. */
  take(length: number): Promise<Uint8Array>
  /** The same as slices of the stream, without gathering them. They stay as they are until the next is asked for. */
  pass(length: number): AsyncGenerator<Uint8Array>
  /** Lets the sender stop. */
  close(): Promise<void>
}

export function createByteReader(stream: AsyncIterable<Uint8Array>): ByteReader {
  const slices = stream[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array()
  async function* pass(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      while (rest.length === 0) {
        const { done, value } = await slices.next()
        if (done === true) return
        rest = value
      }
      const slice = rest.subarray(0, left)
      rest = rest.subarray(slice.length)
      left -= slice.length
      yield slice
    }
  }
  return {
    pass,
    async take(length) {
      if (rest.length >= length) {
        const taken = rest.slice(0, length)
        rest = rest.subarray(length)
        return taken
      }
      const parts: Uint8Array[] = []
      for await (const slice of pass(length)) parts.push(slice.slice())
      return concatBytes(parts)
    },
    close: async () => {
      await slices.return?.()
    },
  }
}
