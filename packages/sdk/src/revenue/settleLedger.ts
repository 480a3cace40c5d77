import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { ledgerOf, registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'
import type { ContributionProof } from './buildContributions.js'
import { inBatches } from './inBatches.js'

/** Bounds on one transaction: each stays far below a block's gas. */
const pullsPerTransaction = 25
const versionsPerTransaction = 50
const contributionsPerTransaction = 20
const readsAtOnce = 50

const descending = (versions: Iterable<bigint>): bigint[] => [...versions].sort((a, b) => (a < b ? 1 : -1))

/**
 * Pulls what is due out of these versions, and then out of every version whose work they sell. Whatever an edge leads to
 * has a lower id, so descending ids settle whole supply chains.
 */
export async function pullVersions(
  client: ChainClient,
  { token, versions }: { token: Address; versions: readonly bigint[] },
): Promise<Hash[]> {
  const pullable = await inBatches(versions, readsAtOnce, async (batch) => {
    const args = (version: bigint) => [version, token] as const
    const due = await Promise.all(
      batch.map((each) => readContract(client, { ...ledgerOf(client), functionName: 'pullableOf', args: args(each) })),
    )
    return batch.filter((_, place) => (due[place] ?? 0n) > 0n)
  })
  const involved = await withSuppliers(client, pullable)
  return inBatches(descending(involved), pullsPerTransaction, async (batch) => {
    const call = { ...ledgerOf(client), functionName: 'pullMany', args: [token, [...batch]] } as const
    return [(await sendAndDecode(client, { ...call, eventName: 'RevenuePulled' })).hash]
  })
}

/** Supply chains are at most four deep, by the registry. */
async function withSuppliers(client: ChainClient, versions: readonly bigint[]): Promise<Set<bigint>> {
  const involved = new Set(versions)
  for (let asking = [...versions]; asking.length > 0; ) {
    const suppliers = await inBatches(asking, readsAtOnce, async (batch) => {
      const owed = await Promise.all(
        batch.map((version) =>
          readContract(client, { ...registryOf(client), functionName: 'edgesOf', args: [version] }),
        ),
      )
      return owed.flatMap(([, , supplies]) => supplies.map(({ version }) => version))
    })
    asking = [...new Set(suppliers)].filter((version) => !involved.has(version))
    for (const version of asking) involved.add(version)
  }
  return involved
}

/** Those of these contributions out of which something moves now. */
export const findCollectable = (
  client: ChainClient,
  { token, proofs }: { token: Address; proofs: readonly ContributionProof[] },
): Promise<ContributionProof[]> =>
  inBatches(proofs, readsAtOnce, async (batch) => {
    const call = { ...ledgerOf(client), functionName: 'contributionCollectableOf' } as const
    const due = await Promise.all(batch.map((proof) => readContract(client, { ...call, args: [proof, token] })))
    return batch.filter((_, place) => (due[place] ?? 0n) > 0n)
  })

/**
 * Credits members of collections with what is due to them. A member may be a collection itself, which has a lower id.
 */
export async function creditMembers(
  client: ChainClient,
  { token, proofs }: { token: Address; proofs: readonly ContributionProof[] },
): Promise<Hash[]> {
  const hashes: Hash[] = []
  for (const collection of descending(new Set(proofs.map(({ version }) => version)))) {
    const own = proofs.filter(({ version }) => version === collection)
    const due = await findCollectable(client, { token, proofs: own })
    const sent = await inBatches(due, contributionsPerTransaction, async (batch) => {
      const call = { ...ledgerOf(client), functionName: 'creditMembers', args: [token, [...batch]] } as const
      return [(await sendAndDecode(client, { ...call, eventName: 'MemberCredited' })).hash]
    })
    hashes.push(...sent)
  }
  return hashes
}

/** Money that left the ledger. */
export type Payout = {
  version: bigint
  account: Address
  /** First unit of a contributor's interval of weight; null for owner and treasury. */
  start: bigint | null
  /** Base units. */
  amount: bigint
}
export type Payouts = { paid: Payout[]; hashes: Hash[] }

/** Pays owners (the treasury for version 0), after what their liens move. */
export async function payOwners(
  client: ChainClient,
  { token, versions }: { token: Address; versions: readonly bigint[] },
): Promise<Payouts> {
  const sent = await inBatches(versions, versionsPerTransaction, async (batch) => {
    const call = { ...ledgerOf(client), functionName: 'collectMany', args: [token, [...batch]] } as const
    return [await sendAndDecode(client, { ...call, eventName: 'RevenueCollected' })]
  })
  const events = sent.flatMap((each) => each.events)
  return {
    paid: events.map(({ args: { version, owner, amount } }) => ({ version, account: owner, start: null, amount })),
    hashes: sent.map(({ hash }) => hash),
  }
}

/** Pays contributors. */
export async function payContributors(
  client: ChainClient,
  { token, proofs }: { token: Address; proofs: readonly ContributionProof[] },
): Promise<Payouts> {
  const sent = await inBatches(proofs, contributionsPerTransaction, async (batch) => {
    const call = { ...ledgerOf(client), functionName: 'collectContributions', args: [token, [...batch]] } as const
    return [await sendAndDecode(client, { ...call, eventName: 'ContributionCollected' })]
  })
  const events = sent.flatMap((each) => each.events)
  return {
    paid: events.map(({ args: { version, account, start, amount } }) => ({ version, account, start, amount })),
    hashes: sent.map(({ hash }) => hash),
  }
}
