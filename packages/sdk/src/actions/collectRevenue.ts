import { type Entitlement, nodeInfoSchema, revenueLedgerAbi, treasuryVersion } from '@agorai/core'
import type { Address, Hash } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { type AgoraiClient, walletOf } from '../createAgoraiClient.js'
import { buildContributions } from '../revenue/buildContributions.js'
import { findPullableEdges } from '../revenue/findPullableEdges.js'
import { inBatches } from '../revenue/inBatches.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'
import { getRevenue } from './getRevenue.js'

export type CollectRevenueParameters = {
  token: Address
} & (
  | {
      /** Whose revenue is collected, out of every version. Default: the client's account. */
      account?: Address | undefined
      version?: undefined
    }
  | {
      /** Collects for every party of this version and of all its ancestors, the treasury included. */
      version: bigint
      account?: undefined
    }
)

export type CollectedRevenue = {
  version: bigint
  role: Entitlement['role']
  account: Address
  label: string | null
  /** First unit of a contributor's interval of weight; null for owner and treasury. */
  start: bigint | null
  /** Base units that reached the account. */
  amount: bigint
}

export type CollectRevenueReturnType = {
  token: Address
  collected: CollectedRevenue[]
  /** Sum of what was collected, in base units. */
  amount: bigint
  hashes: Hash[]
}

/** Bounds on one transaction: each stays far below a block's gas. */
const edgesPerTransaction = 50
const versionsPerTransaction = 50
const contributionsPerTransaction = 20

/**
 * Pulls what is due along every edge from all descendants, then pays out. Anyone may call it and pay the gas: the money
 * goes to the entitled parties and nowhere else. Nothing to collect is no error. Amounts come from the chain's events.
 *
 * @throws AgoraiError `node_unavailable`, `chain_unavailable`, `funds_missing` for gas, `not_found`
 */
export async function collectRevenue(
  client: AgoraiClient,
  parameters: CollectRevenueParameters,
): Promise<CollectRevenueReturnType> {
  const { token, version, account = walletOf(client).account.address } = parameters
  await waitForIndex(client)
  const revenue = await getRevenue(client, version === undefined ? { account, token } : { version, token })
  const due = revenue.entitlements.filter(({ collectable }) => collectable !== '0')
  const contributors = due.filter(({ role }) => role === 'contributor')
  const owned = due.filter(({ role }) => role !== 'contributor').map((entitlement) => BigInt(entitlement.version))
  const versions = [...new Set(due.map((entitlement) => BigInt(entitlement.version)))]
  const edges = await findPullableEdges(client, { versions, token })
  const proofs = await buildContributions(client, contributors)

  const ledger = { address: client.info.chain.addresses.revenueLedger, abi: revenueLedgerAbi } as const
  const pulled = await inBatches(edges, edgesPerTransaction, async (batch) => {
    const call = { ...ledger, functionName: 'pull', args: [token, batch], eventName: 'RevenuePulled' } as const
    return [await sendAndDecode(client, call)]
  })
  const paidOwners = await inBatches(owned, versionsPerTransaction, async (batch) => {
    const call = { ...ledger, functionName: 'collect', args: [token, batch], eventName: 'RevenueCollected' } as const
    return [await sendAndDecode(client, call)]
  })
  const paidContributors = await inBatches(proofs, contributionsPerTransaction, async (batch) => {
    const call = { ...ledger, functionName: 'collectContributions', args: [token, batch] } as const
    return [await sendAndDecode(client, { ...call, eventName: 'RevenueCollected' })]
  })
  const paid = [...paidOwners, ...paidContributors]
  const collected = paid.flatMap(({ events }) => events.map(({ args }) => toCollected(args, due)))
  return {
    token,
    collected,
    amount: collected.reduce((sum, { amount }) => sum + amount, 0n),
    hashes: [...pulled, ...paid].map(({ hash }) => hash),
  }
}

function toCollected(
  event: { version: bigint; account: Address; start: bigint; end: bigint; amount: bigint },
  due: readonly Entitlement[],
): CollectedRevenue {
  const { version, account, amount } = event
  // An interval of weight is never empty, so an end of 0 means the owner or the treasury.
  const start = event.end === 0n ? null : event.start
  const role = start !== null ? 'contributor' : version === treasuryVersion ? 'treasury' : 'owner'
  const entitlement = due.find(
    (each) => BigInt(each.version) === version && each.role === role && isAddressEqual(each.account, account),
  )
  return { version, role, account, label: entitlement?.label ?? null, start, amount }
}

const indexWaitMs = 10_000
const indexPauseMs = 100

/** The index may be a moment behind a sale that was just made. After a while what it knows is collected. */
async function waitForIndex(client: AgoraiClient): Promise<void> {
  const head = Number(await client.publicClient.getBlockNumber().catch(() => 0n))
  for (let waitedMs = 0; waitedMs < indexWaitMs; waitedMs += indexPauseMs) {
    const { chain } = await client.http.json(nodeInfoSchema, { path: 'api/v1/node' })
    if (chain.indexedBlock >= head) return
    await new Promise((resolve) => setTimeout(resolve, indexPauseMs))
  }
}
