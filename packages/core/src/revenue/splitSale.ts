import type { Address } from 'viem'
import {
  type Accounts,
  accountOf,
  contributorsEntitled,
  ownerEntitled,
  pay,
  pullAll,
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
 * order of its edges, then the treasury.
 *
 * @param vertices At least the version and its ancestors.
 * @param amount Base units of the payment token.
 * @returns Shares and dust, which sum to `amount` exactly.
 */
export function splitSale(
  vertices: Vertices,
  version: bigint,
  amount: bigint,
): { shares: readonly Share[]; dust: bigint } {
  const vertex = vertexOf(vertices, version)
  const involved = [version, ...vertex.edges.map(({ ancestor }) => ancestor), treasuryVersion]
  const paid: Accounts = amount === 0n ? new Map() : pay(new Map(), version, amount)
  const accounts = pullAll(paid, new Map([[version, vertex]]))
  const shares = involved.flatMap((id) => sharesOf(accounts, vertices, id))
  return { shares, dust: amount - shares.reduce((sum, share) => sum + share.amount, 0n) }
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
  const contributors = contributorsEntitled(account, vertex).map(
    (contributor): Share => ({ version, role: 'contributor', ...contributor }),
  )
  return [owner, ...contributors]
}
