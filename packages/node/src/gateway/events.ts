import {
  AgoraiError,
  chainNameSchema,
  type EventPage,
  eventCursorSchema,
  eventNames,
  eventPageSchema,
  parseWith,
} from '@agorai/core'
import { z } from 'zod'
import type { Catalogue, ReadEventsParameters } from '../ports/catalogue.js'
import type { CatalogueOf } from './chains.js'
import { type Route, route } from './http/route.js'

const namesSchema = z
  .string()
  .max(1_000)
  .transform((text) => text.split(','))
  .refine((names) => names.every((name) => eventNames.includes(name)), `must be some of ${eventNames.join(', ')}`)
const limitSchema = z
  .string()
  .regex(/^([1-9]\d{0,2}|1000)$/, 'must be a whole number from 1 to 1000')
  .transform(Number)

/** Streams that one node serves at a time. */
const streamsMax = 256
const eventsPerRead = 200
/** Pages of one block that are kept for others. */
const pagesMax = 64
/** Places that are remembered of a stream: a reorg that reaches no further is told to the block. */
const earlierMax = 128

/** What happened, in the order of the chain: page by page, and as it happens until the node is stopping. */
export function eventRoutes(catalogueOf: CatalogueOf, stopping: AbortSignal): Route[] {
  const readers = new Map<Catalogue, Read>()
  const readerOf = (catalogue: Catalogue): Read => {
    const reader = readers.get(catalogue) ?? shareReads(catalogue)
    readers.set(catalogue, reader)
    return reader
  }
  let streams = 0
  return [
    route({
      method: 'get',
      path: '/api/v1/events',
      summary: 'The log of everything that the contracts did, oldest first.',
      query: z.strictObject({
        after: eventCursorSchema.optional(),
        names: namesSchema.optional(),
        limit: limitSchema.optional(),
        chain: chainNameSchema.optional(),
      }),
      response: eventPageSchema,
      errors: [],
      handle: ({ query: { after, names, limit = 100, chain } }) =>
        catalogueOf(chain).readEvents({ limit, ...present({ after, names }) }),
    }),
    route({
      method: 'get',
      path: '/api/v1/events/stream',
      summary:
        'The same as server-sent events: `event`, and `retraction` when a reorg took blocks back. From now on, or after Last-Event-ID.',
      query: z.strictObject({
        after: eventCursorSchema.optional(),
        names: namesSchema.optional(),
        chain: chainNameSchema.optional(),
      }),
      headers: { 'last-event-id': 'The id of the last event that was received; wins over `after`.' },
      rawResponse: 'text/event-stream',
      errors: ['busy'],
      async handle({ query: { after, names, chain }, request }) {
        const catalogue = catalogueOf(chain)
        if (request.method === 'HEAD') return new Response(null, { headers: streamHeaders })
        const last = request.headers.get('last-event-id')
        const from = last === null ? after : parseWith(eventCursorSchema, last, 'invalid_request')
        if (streams >= streamsMax)
          throw new AgoraiError('busy', `This node serves ${streamsMax} streams already; try again later.`)
        streams++
        const ended = new AbortController()
        const messages = follow(
          readerOf(catalogue),
          catalogue.nextBlock,
          { from, names },
          AbortSignal.any([ended.signal, stopping]),
        )
        return streamOf(messages, () => {
          streams--
          ended.abort()
        })
      },
    }),
  ]
}

function present({ after, names }: { after: string | undefined; names: string[] | undefined }) {
  return { ...(after === undefined ? {} : { after }), ...(names === undefined ? {} : { names }) }
}

/** What streams read. Those that are at one place read once for all of them. */
type Read = {
  last(tip: string | undefined): Promise<string | undefined>
  events(tip: string | undefined, parameters: ReadEventsParameters): Promise<EventPage>
}

function shareReads(catalogue: Catalogue): Read {
  const pages = new Map<string, Promise<EventPage>>()
  let last: Promise<string | undefined> | undefined
  let of: string | undefined
  const turn = (tip: string | undefined) => {
    if (tip === of) return
    of = tip
    last = undefined
    pages.clear()
  }
  return {
    last(tip) {
      turn(tip)
      last ??= catalogue.lastEvent().catch((error: unknown) => {
        last = undefined
        throw error
      })
      return last
    },
    events(tip, parameters) {
      turn(tip)
      const key = JSON.stringify(parameters)
      const page = pages.get(key) ?? catalogue.readEvents(parameters)
      // Streams that are far behind read on their own, and a failure is nobody else's.
      if (pages.size < pagesMax) pages.set(key, page)
      page.catch(() => pages.delete(key))
      return page
    },
  }
}

type Wanted = { from: string | undefined; names: string[] | undefined }

/** The messages of one stream. Nothing is read ahead of who takes them, so a slow reader costs no memory. */
async function* follow(
  read: Read,
  nextBlock: Catalogue['nextBlock'],
  { from, names }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let tip = await nextBlock(undefined, signal)
  let after = from ?? (await read.last(tip))
  let earlier: string[] = []
  yield 'retry: 1000\n\n'
  while (!signal.aborted) {
    const parameters = { earlier, limit: eventsPerRead, ...present({ after, names }) }
    const { retractedAbove, events, cursor, more } = await read.events(tip, parameters)
    let text = ''
    if (retractedAbove !== null) {
      text += message('retraction', { above: retractedAbove })
      earlier = earlier.filter((id) => Number(id.split('-')[0]) <= retractedAbove)
      after = undefined
    }
    for (const event of events) text += `id: ${event.id}\n${message('event', event)}`
    earlier = remember(earlier, after, events)
    after = cursor ?? undefined
    if (text !== '') yield text
    if (more || signal.aborted) continue
    const next = await nextBlock(tip, signal)
    // A comment now and then tells both sides that the other is still there.
    if (next === tip) yield ':\n\n'
    tip = next
  }
}

/** The last event of each block, newest first. */
function remember(
  earlier: readonly string[],
  after: string | undefined,
  events: readonly { id: string; block: number }[],
) {
  const lastOf = new Map<string, string>()
  for (const id of [...earlier.toReversed(), ...(after === undefined ? [] : [after]), ...events.map(({ id }) => id)])
    lastOf.set(id.split('-')[0] ?? '', id)
  return [...lastOf.values()].toReversed().slice(1, 1 + earlierMax)
}

const message = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

function streamOf(messages: AsyncGenerator<string>, onEnd: () => void): Response {
  const encoder = new TextEncoder()
  let isEnded = false
  const end = () => {
    if (!isEnded) onEnd()
    isEnded = true
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await messages.next()
          if (!done) return controller.enqueue(encoder.encode(value))
          end()
          controller.close()
        } catch (error) {
          end()
          controller.error(error)
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: streamHeaders })
}

const streamHeaders = {
  'content-type': 'text/event-stream',
  'access-control-allow-origin': '*',
  'cache-control': 'no-store',
}
