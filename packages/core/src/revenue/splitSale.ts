import type { Address } from 'viem'
import {
  type Accounts,
  accountOf,
  contributorsEntitled,
  ownerEntitled,
  pay,
  settleAll,
  treasuryVersion,
  type Vertices,
  vertexOf,
} from './ledger.js'

/** What one party has earned out of one version, in base units. */
export type Share = {
  version: bigint
  role: 'owner' | 'contributor' | 'treasury'
  /** The contributor; owner and treasury are whoever holds the asset or the role when they collect. */
  account?: Address
  /** First unit of the contributor's interval of weight. */
  start?: bigint
  amount: bigint
}

/**
 * Where one sale of a version goes, from the first unit to the last: the version's own parties, its ancestors' in the
 * order of its edges, then those of its suppliers and of members of collections, each with what follows from it, then the
 * treasury.
 *
 * @param vertices At least the version and everything that its sales reach: ancestors, suppliers, members, and theirs.
 * @param amount Base units of the payment token.
 * @returns Shares and dust, which sum to `amount` exactly.
 * @throws AgoraiError `not_found` when a vertex is missing
 */
export function splitSale(
  vertices: Vertices,
  version: bigint,
  amount: bigint,
): { shares: readonly Share[]; dust: bigint } {
  const involved = reachOf(vertices, version)
  const paid: Accounts = amount === 0n ? new Map() : pay(new Map(), version, amount)
  const accounts = settleAll(paid, new Map(involved.map((id) => [id, vertexOf(vertices, id)])))
  const shares = [...involved, treasuryVersion].flatMap((id) => sharesOf(accounts, vertices, id))
  return { shares, dust: amount - shares.reduce((sum, share) => sum + share.amount, 0n) }
}

/** The versions that money of a sale reaches. A royalty goes on to members of a collection only, a supply like any sale. */
function reachOf(vertices: Vertices, version: bigint): readonly bigint[] {
  const [reached, sold] = [new Set<bigint>(), new Set<bigint>()]
  const visit = (id: bigint, isSold: boolean): void => {
    if (isSold ? sold.has(id) : reached.has(id)) return
    const { edges, supplies, members } = vertexOf(vertices, id)
    reached.add(id)
    if (isSold) {
      sold.add(id)
      for (const { ancestor } of edges) visit(ancestor, false)
      for (const { supplier } of supplies) visit(supplier, true)
    }
    for (const member of members) visit(member.version, false)
  }
  visit(version, true)
  return [...reached]
}

/** The owner (or treasury), then the contributors. */
function sharesOf(accounts: Accounts, vertices: Vertices, version: bigint): readonly Share[] {
  const account = accountOf(accounts, version)
  const vertex = vertexOf(vertices, version)
  const owner: Share = {
    version,
    role: version === treasuryVersion ? 'treasury' : 'owner',
    amount: ownerEntitled(account, vertex),
  }
  if (vertex.contributorBps === 0) return [owner]
  const shares = contributorsEntitled(account, vertex)
  const contributors = vertex.contributors.map(
    (contributor, index): Share => ({
      version,
      role: 'contributor',
      account: contributor.account,
      start: shares.startOf(index),
      amount: shares.amountOf(index),
    }),
  )
  return [owner, ...contributors]
}
