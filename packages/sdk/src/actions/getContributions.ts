import { type ContributionCounts, contributionCountsSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetContributionsParameters = { asset: bigint }

/**
 * How many contributions to a dataset the node has, which anyone may know; whose they are and what is in them is for its
 * owner: see `listContributions`.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`
 */
export function getContributions(
  client: AgoraiClient,
  { asset }: GetContributionsParameters,
): Promise<ContributionCounts> {
  return client.http.json(contributionCountsSchema, { path: `api/v1/assets/${asset}/contributions` })
}
