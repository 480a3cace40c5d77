import { type Entitlement, memberAccountOf, nodeInfoSchema, treasuryVersion, type Vertex } from '@agorai/core'
import type { Address, Hash } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { buildContributions, type ContributionProof } from '../revenue/buildContributions.js'
import { findDebtors, readCollectable } from '../revenue/findDebtors.js'
import { findPayers } from '../revenue/findPayers.js'
import { creditMembers, type Payout, payContributors, payOwners, pullVersions } from '../revenue/settleLedger.js'
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
      /** Collects for every party of this version and of all that it is built from or sells, the treasury included. */
      version: bigint
      account?: undefined
    }
)

export type CollectedRevenue = Payout & {
  role: Entitlement['role']
  label: string | null
}

export type CollectRevenueReturnType = {
  token: Address
  collected: CollectedRevenue[]
  /** Sum of what was collected, in base units. */
  amount: bigint
  hashes: Hash[]
}

/**
 * Pulls what is due along every edge from all descendants and services, credits members of collections, then pays out.
 * Anyone may call it and pay the gas: the money goes to the entitled parties and nowhere else. Nothing to collect is no
 * error. Amounts come from the chain's events. What waits in the market is not in the ledger yet: `accrueRevenue` and
 * `releasePasses` bring it there.
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
  const wanted = [...new Set(due.map((entitlement) => BigInt(entitlement.version)))]
  const payers = await findPayers(client, wanted)
  const pulled = await pullVersions(client, { token, versions: payers.versions })
  const members = await proveMembers(client, payers.collections, new Set(payers.versions))
  const credited = await creditMembers(client, { token, proofs: members })

  const owners = due.filter(({ role }) => role !== 'contributor')
  const debtors = await payDebtors(client, { token, owners })
  const paidOwners = await payOwners(client, { token, versions: owners.map((owner) => BigInt(owner.version)) })
  const proofs = await proveContributors(
    client,
    due.filter(({ role }) => role === 'contributor'),
  )
  const paidContributors = await payContributors(client, { token, proofs })
  const paid = [debtors, paidOwners, paidContributors]
  const collected = paid.flatMap((each) => each.paid).map((payout) => toCollected(payout, due))
  return {
    token,
    collected,
    amount: collected.reduce((sum, { amount }) => sum + amount, 0n),
    hashes: [...pulled, ...credited, ...paid.flatMap(({ hashes }) => hashes)],
  }
}

/** Proofs of the members that are wanted, of each collection. */
async function proveMembers(
  client: AgoraiClient,
  collections: readonly Vertex[],
  wanted: ReadonlySet<bigint>,
): Promise<ContributionProof[]> {
  const proofs: ContributionProof[] = []
  for (const { version, members } of collections) {
    const accounts = members.map((member) => BigInt(member.version)).filter((member) => wanted.has(member))
    const names = new Set(accounts.map((member) => memberAccountOf(member)))
    const all = await buildContributions(client, BigInt(version))
    proofs.push(...all.filter(({ account }) => names.has(account)))
  }
  return proofs
}

async function proveContributors(
  client: AgoraiClient,
  entitlements: readonly Entitlement[],
): Promise<ContributionProof[]> {
  const proofs: ContributionProof[] = []
  for (const version of new Set(entitlements.map((entitlement) => entitlement.version))) {
    const starts = new Set(entitlements.filter((each) => each.version === version).map(({ start }) => start))
    const all = await buildContributions(client, BigInt(version))
    proofs.push(...all.filter(({ start }) => starts.has(String(start))))
  }
  return proofs
}

/** What the chain does not have ready for an owner by now can only come by a lien. */
async function payDebtors(
  client: AgoraiClient,
  { token, owners }: { token: Address; owners: readonly Entitlement[] },
): Promise<{ paid: Payout[]; hashes: Hash[] }> {
  const ready = await Promise.all(
    owners.map(({ version }) => readCollectable(client, { token, version: BigInt(version) })),
  )
  const creditors = owners.filter(({ collectable }, place) => BigInt(collectable) > (ready[place] ?? 0n))
  const versions = await findDebtors(client, { token, creditors: creditors.map(({ version }) => BigInt(version)) })
  return payOwners(client, { token, versions })
}

function toCollected(payout: Payout, due: readonly Entitlement[]): CollectedRevenue {
  const { version, account, start } = payout
  const role = start !== null ? 'contributor' : version === treasuryVersion ? 'treasury' : 'owner'
  const entitlement = due.find(
    (each) => BigInt(each.version) === version && each.role === role && isAddressEqual(each.account, account),
  )
  return { ...payout, role, label: entitlement?.label ?? null }
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
