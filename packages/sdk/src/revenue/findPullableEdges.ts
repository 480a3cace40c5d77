import { assetRegistryAbi, feeIndex, revenueLedgerAbi, treasuryVersion } from '@agorai/core'
import type { Address } from 'viem'
import { getLineage } from '../actions/getLineage.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readContract } from '../transactions/readContract.js'
import { inBatches } from './inBatches.js'

/** An edge of the ledger: `index` is its place in the registry's `edgesOf(version)`, or 16 for the protocol fee. */
export type EdgeRef = { version: bigint; index: bigint }

const readsAtOnce = 50

/** The edges along which something is due to these versions, asked of the chain. */
export async function findPullableEdges(
  client: AgoraiClient,
  { versions, token }: { versions: readonly bigint[]; token: Address },
): Promise<EdgeRef[]> {
  const royalties = await royaltyEdgesTo(
    client,
    versions.filter((version) => version !== treasuryVersion),
  )
  const fees = versions.includes(treasuryVersion) ? await feeEdges(client) : []
  return inBatches([...royalties, ...fees], readsAtOnce, async (edges) => {
    const due = await Promise.all(
      edges.map(({ version, index }) =>
        readContract(client, {
          address: client.info.chain.addresses.revenueLedger,
          abi: revenueLedgerAbi,
          functionName: 'pullableOf',
          args: [version, index, token],
        }),
      ),
    )
    return edges.filter((_, place) => (due[place] ?? 0n) > 0n)
  })
}

/** Edges of all descendants of the versions, as the registry numbers them. */
async function royaltyEdgesTo(client: AgoraiClient, versions: readonly bigint[]): Promise<EdgeRef[]> {
  const wanted = new Set(versions)
  const lineages = await inBatches(versions, 8, (batch) =>
    Promise.all(batch.map((version) => getLineage(client, { version }))),
  )
  const payers = new Set(
    lineages
      .flatMap(({ vertices }) => vertices)
      .filter(({ edges }) => edges.some(({ ancestor }) => wanted.has(BigInt(ancestor))))
      .map(({ version }) => BigInt(version)),
  )
  return inBatches([...payers], readsAtOnce, async (batch) => {
    const edgesOf = await Promise.all(
      batch.map((version) =>
        readContract(client, {
          address: client.info.chain.addresses.assetRegistry,
          abi: assetRegistryAbi,
          functionName: 'edgesOf',
          args: [version],
        }),
      ),
    )
    return batch.flatMap((version, place) =>
      (edgesOf[place] ?? []).flatMap(({ ancestor }, index) =>
        wanted.has(ancestor) ? [{ version, index: BigInt(index) }] : [],
      ),
    )
  })
}

/** Every version owes the treasury its fee. */
async function feeEdges(client: AgoraiClient): Promise<EdgeRef[]> {
  const count = await readContract(client, {
    address: client.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'versionCount',
    args: [],
  })
  return Array.from({ length: Number(count) }, (_, index) => ({ version: BigInt(index + 1), index: BigInt(feeIndex) }))
}
