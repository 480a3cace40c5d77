import type { IncomingMessage } from 'node:http'
import { AgoraiError, parseStrictJson } from '@agorai/core'
import { type CallRequest, LightRequest } from './lightRequest.js'

/** A JSON body must have arrived after this long, a stream at this pace at least. */
const jsonTimeoutMs = 10_000
const streamGraceMs = 60_000
const streamBytesPerMs = 16

/** @throws AgoraiError `unsupported_media_type` */
export function assertContentType(request: CallRequest, expected: string): void {
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
export async function readBytes(request: CallRequest, bytesMax: number): Promise<Uint8Array> {
  assertLength(request, bytesMax)
  const limits = { bytesMax, timeoutMs: jsonTimeoutMs, excess: () => tooLarge(bytesMax) }
  if (request instanceof LightRequest) return readLight(request.incoming, limits)
  if (request.headers.has('content-length')) return readStated(request, limits)
  return collect(bounded(partsOf(request), limits))
}

/** Streams a body of the `bytes` that were stated for it; a client that falls asleep is let go. */
export function readStream(request: Request, bytes: number): AsyncGenerator<Uint8Array> {
  const excess = () => new AgoraiError('length_mismatch', `The body has more than the ${bytes} bytes stated.`)
  return bounded(partsOf(request), { bytesMax: bytes, timeoutMs: streamGraceMs + bytes / streamBytesPerMs, excess })
}

function assertLength(request: CallRequest, bytesMax: number): void {
  const stated = request.headers.get('content-length')
  if (stated !== null && Number(stated) > bytesMax) throw tooLarge(bytesMax)
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
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

/** A small body comes with its head and is there a moment later; then nobody waits and no clock runs. */
async function readLight(incoming: IncomingMessage, limits: Limits): Promise<Uint8Array> {
  await undefined
  if (incoming.readableLength !== Number(incoming.headers['content-length']))
    return collect(bounded(incoming.iterator({ destroyOnReturn: false }), limits))
  const bytes: Buffer = incoming.read() ?? Buffer.alloc(0)
  // Its end is still to come, and is waited for by the connection.
  incoming.resume()
  return bytes
}

async function* partsOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.releaseLock()
  }
}

async function* bounded(
  parts: AsyncIterator<Uint8Array>,
  { bytesMax, timeoutMs, excess }: Limits,
): AsyncGenerator<Uint8Array> {
  const { late, stop } = createDeadline(timeoutMs)
  let total = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([parts.next().catch(failAborted), late])
      if (done === true) return
      total += value.length
      if (total > bytesMax) throw excess()
      yield value
    }
  } finally {
    stop()
    // Not waited for: of a body that does not come it never ends.
    void parts.return?.()
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
