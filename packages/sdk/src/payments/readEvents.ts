import { AgoraiError } from '@agorai/core'
import { splitLines } from './splitLines.js'

const done = '[DONE]'

/**
 * The documents of a stream of server-sent events, as the OpenAI API sends them.
 *
 * @throws AgoraiError `node_unavailable` when it ends before `[DONE]`, `call_refused` for an error inside it
 */
export async function* readEvents(content: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  for await (const line of splitLines(content)) {
    if (!line.startsWith('data:')) continue
    const data = line.slice('data:'.length).trim()
    if (data === done) return
    const event = parse(data)
    if (isFailure(event))
      throw new AgoraiError('call_refused', String(event.error.message ?? 'The answer broke off.').slice(0, 500))
    yield event
  }
  throw new AgoraiError('node_unavailable', 'The stream broke off.')
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (cause) {
    throw new AgoraiError('call_refused', 'A part of the stream is not JSON.', { cause })
  }
}

const isFailure = (event: unknown): event is { error: { message?: unknown } } =>
  typeof (event as { error?: unknown } | null)?.error === 'object'
