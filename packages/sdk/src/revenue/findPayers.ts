import { treasuryVersion, type Vertex } from '@agorai/core'
import { getLineage } from '../actions/getLineage.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { inBatches } from './inBatches.js'

export type Payers = {
  /** Versions out of which something may move to the wanted ones, step by step; the wanted ones among them. */
  versions: bigint[]
  /** The collections among them. */
  collections: Vertex[]
}

const lineagesAtOnce = 8

/**
 * Everything whose sales may reach the wanted versions: descendants, services that sell their work, collections that they
 * are members of, and whatever pays those. Every version pays the treasury its fee.
 *
 * @throws AgoraiError `node_unavailable`, `chain_unavailable`
 */
export async function findPayers(client: AgoraiClient, wanted: readonly bigint[]): Promise<Payers> {
  const known = new Map<bigint, Vertex>()
  const payers = new Set(wanted.filter((version) => version !== treasuryVersion))
  const asked = new Set<bigint>()
  for (let asking = [...payers]; asking.length > 0; asking = [...payers].filter((version) => !asked.has(version))) {
    const lineages = await inBatches(asking, lineagesAtOnce, (batch) =>
      Promise.all(batch.map((version) => getLineage(client, { version }))),
    )
    for (const version of asking) asked.add(version)
    for (const vertex of lineages.flatMap(({ vertices }) => vertices)) known.set(BigInt(vertex.version), vertex)
    // Ids of payers are higher than those that they pay, so ascending ids find whole chains at once.
    const ascending = [...known].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [version, vertex] of ascending)
      if (payeesOf(vertex).some((payee) => payers.has(payee))) payers.add(version)
  }
  const collections = [...payers]
    .flatMap((version) => known.get(version) ?? [])
    .filter(({ members }) => members.length > 0)
  const all = wanted.includes(treasuryVersion) ? await allVersions(client) : []
  return { versions: [...new Set([...payers, ...all])], collections }
}

const payeesOf = ({ edges, supplies, members }: Vertex): bigint[] =>
  [
    ...edges.map(({ ancestor }) => ancestor),
    ...supplies.map(({ supplier }) => supplier),
    ...members.map(({ version }) => version),
  ].map(BigInt)

async function allVersions(client: AgoraiClient): Promise<bigint[]> {
  const count = await readContract(client, { ...registryOf(client), functionName: 'versionCount', args: [] })
  return Array.from({ length: Number(count) }, (_, index) => BigInt(index + 1))
}
