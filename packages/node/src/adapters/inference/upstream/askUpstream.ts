import { AgoraiError } from '@agorai/core'
import type { Upstream } from './upstream.js'

const answerBytesMax = 64 * 1024 * 1024
const refusalBytesMax = 64 * 1024
const reasonCharactersMax = 300

export type UpstreamAnswer = {
  /** Whether it is a stream of events. */
  streams: boolean
  chunks(): AsyncIterable<Uint8Array>
  text(): Promise<string>
}

/**
 * Asks a server that the operator named, and nobody else: a redirection is not followed.
 *
 * @throws AgoraiError `upstream_unavailable`, `model_overloaded`, `invalid_request` for what the server finds wrong
 */
export async function askUpstream(
  { baseUrl, apiKey }: Upstream,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<UpstreamAnswer> {
  let response: Response
  try {
    response = await fetch(`${baseUrl.replace(/\/+$/, '')}/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw new AgoraiError('upstream_unavailable', 'It cannot be reached.', { cause })
  }
  if (!response.ok) throw await refusalOf(response, signal)
  const chunks = () => bounded(response, signal)
  return {
    streams: response.headers.get('content-type')?.startsWith('text/event-stream') === true,
    chunks,
    async text() {
      const parts: Uint8Array[] = []
      for await (const part of chunks()) parts.push(part)
      return Buffer.concat(parts).toString('utf8')
    },
  }
}

async function* bounded({ body }: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const part of body ?? []) {
      bytes += part.length
      if (bytes > answerBytesMax) throw new AgoraiError('upstream_unavailable', 'Its answer has no end.')
      yield part
    }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof AgoraiError) throw cause
    throw new AgoraiError('upstream_unavailable', 'Its answer broke off.', { cause })
  }
}

/** What the caller can mend is told; what is between the operator and its server is not. */
async function refusalOf(response: Response, signal: AbortSignal): Promise<AgoraiError> {
  const { status } = response
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after'))
    const retryAfterSeconds = Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 3_600) : 2
    await response.body?.cancel()
    return new AgoraiError('model_overloaded', 'The server behind this service is busy.', {
      details: { retryAfterSeconds },
    })
  }
  if (status === 400 || status === 413 || status === 422)
    return new AgoraiError('invalid_request', reasonOf(await beginningOf(response, signal)))
  await response.body?.cancel()
  return new AgoraiError('upstream_unavailable', `It answered ${status}.`, { details: { upstreamStatus: status } })
}

async function beginningOf(response: Response, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of bounded(response, signal)) {
    parts.push(part)
    bytes += part.length
    if (bytes >= refusalBytesMax) break
  }
  return Buffer.concat(parts).toString('utf8')
}

function reasonOf(text: string): string {
  let said: unknown
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    said = error?.message
  } catch {
    // Whatever it is, it is not shown.
  }
  const plain = typeof said === 'string' ? said.replace(/[^\x20-\x7e]/g, '?').slice(0, reasonCharactersMax) : ''
  return plain === '' ? 'The server behind this service refuses the request.' : plain
}
