import { AgoraiError } from '@agorai/core'

/**
 * Reads a web stream slice by slice. (Not every browser iterates streams by itself.)
 *
 * @param stallMs Longest wait for one slice; a sender that goes silent is as good as gone. Default: no limit.
 */
export async function* readStream(stream: ReadableStream<Uint8Array>, stallMs?: number): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await (stallMs === undefined ? reader.read() : withLimit(reader.read(), stallMs))
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

async function withLimit<value>(waited: Promise<value>, limitMs: number): Promise<value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AgoraiError('node_unavailable', `Nothing came for ${limitMs} ms.`)), limitMs)
  })
  return Promise.race([waited, limit]).finally(() => clearTimeout(timer))
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

/** A stream without its first bytes. */
export async function* skipBytes(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const slice of content) {
    if (slice.length > left) yield slice.subarray(left)
    left = Math.max(0, left - slice.length)
  }
}
