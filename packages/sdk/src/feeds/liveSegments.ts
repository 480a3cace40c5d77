import { parseWith, type SignedSegment, signedSegmentSchema } from '@agorai/core'
import { readStream } from '../content/readStream.js'
import type { AgoraiClient } from '../createAgoraiClient.js'

/** Longest silence: the node says that it is still there every ten seconds. */
const stallMs = 30_000
const eventCharactersMax = 64 * 1024

/**
 * Segments from one on, as the node tells them by server-sent events. Ends when the connection does.
 *
 * @throws AgoraiError `node_unavailable`, `busy`, `internal` for an event that is no segment
 */
export async function* liveSegments(
  client: AgoraiClient,
  { version, from }: { version: bigint; from: number },
): AsyncGenerator<SignedSegment> {
  const response = await client.http.send({ path: `api/v1/feeds/${version}/live`, query: { from } })
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const slice of readStream(response.body, stallMs)) {
    const events = (rest + decoder.decode(slice, { stream: true })).split('\n\n')
    rest = (events.pop() ?? '').slice(0, eventCharactersMax)
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (data !== undefined) yield parseWith(signedSegmentSchema, JSON.parse(data), 'internal')
    }
  }
}
