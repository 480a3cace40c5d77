import { type Quote, quoteSchema, type ServingApi } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetQuoteParameters = {
  /** Id of the service. */
  service: bigint
  api: ServingApi
  /** The call's own body. */
  body: Record<string, unknown>
}

/**
 * The most that a call can use and cost, before it is made.
 *
 * @throws AgoraiError `model_not_found`, `limit_exceeded`, `invalid_request`, `node_unavailable`
 */
export function getQuote(client: AgoraiClient, { service, api, body }: GetQuoteParameters): Promise<Quote> {
  return client.http.json(quoteSchema, {
    method: 'POST',
    path: 'api/v1/quotes',
    headers: { 'content-type': 'application/json' },
    body: () =>
      JSON.stringify({
        service: String(service),
        api,
        body: api === 'infer' ? body : { model: String(service), ...body },
      }),
    attemptsMax: 3,
  })
}
