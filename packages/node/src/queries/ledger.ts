import { type Accounts, type LedgerVertex, pullAll } from '@agorai/core'
import type { Address } from 'viem'
import type { Queryable } from '../ports/database.js'
import type { EdgeRow } from './rows.js'

/** All versions that ever earned a token, as if every edge were pulled now. */
export type Ledger = { accounts: Accounts; collected: Collected }

/** What was paid out: by version to its owner, and by version and start of the interval of weight to contributors. */
export type Collected = {
  owners: ReadonlyMap<bigint, bigint>
  contributors: ReadonlyMap<bigint, ReadonlyMap<bigint, bigint>>
}

type SalesRow = { version: bigint; amount: bigint; fee_bps: number; edges: EdgeRow[] }

/**
 * Reads the ledger of one token. Sales alone decide: a royalty is a floor of the cumulative sales, whether it was pulled
 * or not.
 */
export async function readLedger(database: Queryable, token: Address): Promise<Ledger> {
  const parameters = [token.toLowerCase()]
  const sales = await database.query<SalesRow>(
    `SELECT s.version, s.amount, v.fee_bps, v.edges FROM version_sales s
     JOIN version_published v ON v.version = s.version WHERE s.token = $1::text`,
    parameters,
  )
  const owners = await database.query<{ version: bigint; amount: bigint }>(
    'SELECT version, amount FROM owner_collections WHERE token = $1::text',
    parameters,
  )
  const contributors = await database.query<{ version: bigint; weight_start: bigint; amount: bigint }>(
    'SELECT version, weight_start, amount FROM contributor_collections WHERE token = $1::text',
    parameters,
  )
  return {
    accounts: pullAll(
      new Map(sales.map(({ version, amount }) => [version, paidAccount(amount)])),
      new Map(sales.map((row) => [row.version, toLedgerVertex(row)])),
    ),
    collected: {
      owners: new Map(owners.map(({ version, amount }) => [version, amount])),
      contributors: byVersion(contributors),
    },
  }
}

function byVersion(rows: readonly { version: bigint; weight_start: bigint; amount: bigint }[]) {
  const versions = new Map<bigint, Map<bigint, bigint>>()
  for (const { version, weight_start, amount } of rows) {
    const starts = versions.get(version) ?? new Map<bigint, bigint>()
    versions.set(version, starts.set(weight_start, amount))
  }
  return versions
}

const paidAccount = (sales: bigint) => ({
  sales,
  royalties: 0n,
  ownerCollected: 0n,
  pulled: new Map<number, bigint>(),
  contributionsCollected: new Map<bigint, bigint>(),
})

/** The vertex of a version, without its contributors: what leaves it does not depend on them. */
const toLedgerVertex = ({ version, fee_bps, edges }: SalesRow): LedgerVertex => ({
  version,
  feeBps: fee_bps,
  contributorBps: 0,
  edges: toEdges(edges),
  contributors: [],
})

export const toEdges = (edges: readonly EdgeRow[]): LedgerVertex['edges'] =>
  edges.map(({ ancestor, bps }) => ({ ancestor: BigInt(ancestor), bps }))
