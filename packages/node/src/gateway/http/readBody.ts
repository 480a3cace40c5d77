import { AgoraiError, parseStrictJson } from '@agorai/core'

/** A JSON body must have arrived after this long, a stream at this pace at least. */
const jsonTimeoutMs = 10_000
const streamGraceMs = 60_000
const streamBytesPerMs = 16

/** @throws AgoraiError `unsupported_media_type` */
export function assertContentType(request: Request, expected: string): void {
  const [type = '', ...parameters] = (request.headers.get('content-type') ?? '').toLowerCase().split(';')
  const plain = parameters.every((parameter) => /^\s*charset="?utf-8"?\s*$/.test(parameter))
  const encoding = request.headers.get('content-encoding')
  if (type.trim() === expected && plain && (encoding === null || encoding === 'identity')) return
  throw new AgoraiError('unsupported_media_type', `The body must be ${expected}, not compressed.`, {
    field: 'content-type',
  })
}

/**
 * Reads a whole JSON body.
 *
 * @throws AgoraiError `unsupported_media_type`, `payload_too_large`, `invalid_request`
 */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  assertContentType(request, 'application/json')
  return parseStrictJson(await readBytes(request, bytesMax), { bytesMax })
}

/** Reads a whole body of at most `bytesMax` bytes, whatever its headers say about it. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  assertLength(request, bytesMax)
  const limits = { bytesMax, timeoutMs: jsonTimeoutMs, excess: () => tooLarge(bytesMax) }
  if (request.headers.has('content-length')) return readStated(request, limits)
  const parts: Uint8Array[] = []
  for await (const part of bounded(request, limits)) parts.push(part)
  return Buffer.concat(parts)
}

/** Streams a body of the `bytes` that were stated for it; a client that falls asleep is let go. */
export function readStream(request: Request, bytes: number): AsyncGenerator<Uint8Array> {
  const excess = () => new AgoraiError('length_mismatch', `The body has more than the ${bytes} bytes stated.`)
  return bounded(request, { bytesMax: bytes, timeoutMs: streamGraceMs + bytes / streamBytesPerMs, excess })
}

function assertLength(request: Request, bytesMax: number): void {
  const stated = request.headers.get('content-length')
  if (stated !== null && Number(stated) > bytesMax) throw tooLarge(bytesMax)
}

type Limits = { bytesMax: number; timeoutMs: number; excess(): AgoraiError }

/**
 * A body whose length was stated, which the HTTP parser holds it to: read at once. Asking for its stream instead would make
 * the whole request anew, which costs more than most calls.
 */
async function readStated(request: Request, { bytesMax, timeoutMs, excess }: Limits): Promise<Uint8Array> {
  const { late, stop } = createDeadline(timeoutMs)
  try {
    const bytes = Buffer.from(await Promise.race([request.arrayBuffer().catch(failAborted), late]))
    if (bytes.length > bytesMax) throw excess()
    return bytes
  } finally {
    stop()
  }
}

async function* bounded(request: Request, { bytesMax, timeoutMs, excess }: Limits): AsyncGenerator<Uint8Array> {
  if (request.body === null) return
  const reader = (request.body as ReadableStream<Uint8Array>).getReader()
  const { late, stop } = createDeadline(timeoutMs)
  let total = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(failAborted), late])
      if (done) return
      total += value.length
      if (total > bytesMax) throw excess()
      yield value
    }
  } finally {
    stop()
    reader.releaseLock()
  }
}

/** `late` fails when time is up, unless `stop` came before. */
function createDeadline(timeoutMs: number): { late: Promise<never>; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AgoraiError('length_mismatch', `The body did not arrive within ${Math.round(timeoutMs)} ms.`)),
      timeoutMs,
    )
  })
  late.catch(() => {})
  return { late, stop: () => clearTimeout(timer) }
}

function failAborted(cause: unknown): never {
  throw new AgoraiError('length_mismatch', 'The connection was closed before the body was complete.', { cause })
}

const tooLarge = (bytesMax: number): AgoraiError =>
  new AgoraiError('payload_too_large', `The body has more than ${bytesMax} bytes.`, { details: { bytesMax } })
