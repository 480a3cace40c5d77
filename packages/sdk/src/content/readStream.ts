/** Reads a web stream slice by slice. (Not every browser iterates streams by itself.) */
export async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        ended = true
        return
      }
      yield value
    }
  } finally {
    // A reader that stops early lets the sender stop too.
    if (!ended) await reader.cancel().catch(() => undefined)
    reader.releaseLock()
  }
}

/** The whole of a small stream. */
export async function collectBytes(content: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const slices: Uint8Array[] = []
  let bytes = 0
  for await (const slice of content) {
    slices.push(slice)
    bytes += slice.length
  }
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const slice of slices) {
    whole.set(slice, at)
    at += slice.length
  }
  return whole
}
