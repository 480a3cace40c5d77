import { type EventPage, eventPageSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type ListEventsParameters = {
  /** `cursor` of the page before, or the `id` of an event. From the first event when absent. */
  after?: string
  /** Only events of these names, such as `PassGranted`. */
  names?: readonly string[]
  /** 1 to 1,000. Default 100. */
  limit?: number
}

/**
 * One page of everything that the contracts did, oldest first. A page that says `retractedAbove` voids what was read of
 * the blocks above.
 *
 * @throws AgoraiError `node_unavailable`, `invalid_request`
 */
export function listEvents(client: AgoraiClient, parameters: ListEventsParameters = {}): Promise<EventPage> {
  const { after, names, limit } = parameters
  const query = { after, names: names?.join(','), limit }
  return client.http.json(eventPageSchema, { path: 'api/v1/events', query })
}
