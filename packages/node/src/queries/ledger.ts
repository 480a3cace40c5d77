import {
  type Account,
  type Accounts,
  emptyAccount,
  type LedgerVertex,
  type Lien,
  settleAll,
  treasuryVersion,
  type Vertices,
} from '@agorai/core'
import type { Address } from 'viem'
import type { Queryable } from '../ports/database.js'
import { collectionKind, type EdgeRow, type SupplyRow } from './rows.js'

/**
 * The ledger of one token, as if everything that anyone may move inside it were moved now: every edge pulled, every member
 * of a collection credited, every lien served. What then belongs to a party is what it can collect, whoever pulls first.
 * `vertices` are all versions that money has reached, without their contributors.
 */
export type Ledger = { accounts: Accounts; vertices: Vertices }

/** Members that money from a collection never reaches: versions that are not older than it. */
export const nobody = -1n

type VertexRow = {
  version: bigint
  fee_bps: number
  contributor_bps: number
  royalties: EdgeRow[]
  supplies: SupplyRow[]
}

/** Reads the accounts as the contract has them, and settles them. */
export async function readLedger(database: Queryable, token: Address): Promise<Ledger> {
  const accounts = await readAccounts(database, token.toLowerCase())
  const vertices = await readVertices(database, accounts)
  return { accounts: settleAll(accounts, vertices), vertices }
}

async function readAccounts(database: Queryable, token: string): Promise<Accounts> {
  const accounts = new Map<bigint, Account>()
  const change = (version: bigint, values: Partial<Account>) =>
    accounts.set(version, { ...emptyAccount, ...accounts.get(version), ...values })
  const read = <Row extends object>(sql: string) => database.query<Row & { version: bigint }>(sql, [token])

  for (const { version, sales, royalties } of await read<{ sales: bigint; royalties: bigint }>(
    `SELECT version, sum(sales) AS sales, sum(royalties) AS royalties FROM ledger_credits
     WHERE token = $1::text GROUP BY version`,
  ))
    change(version, { sales, royalties })
  for (const { version, amount } of await read<{ amount: bigint }>(
    'SELECT version, amount FROM pulled_sales WHERE token = $1::text',
  ))
    change(version, { pulledSales: amount })
  for (const { version, amount } of await read<{ amount: bigint }>(
    'SELECT version, amount FROM owner_collections WHERE token = $1::text',
  ))
    change(version, { ownerCollected: amount })

  const collections = new Map<bigint, Map<bigint, bigint>>()
  for (const { version, weight_start, amount } of await read<{ weight_start: bigint; amount: bigint }>(
    'SELECT version, weight_start, amount FROM contributor_collections WHERE token = $1::text',
  )) {
    const starts = collections.get(version) ?? new Map<bigint, bigint>()
    collections.set(version, starts.set(weight_start, amount))
  }
  for (const [version, contributionsCollected] of collections) change(version, { contributionsCollected })

  const liens = new Map<bigint, Lien[]>()
  for (const { version, ...lien } of await read<Lien>(
    'SELECT version, creditor, bps, base, cap, moved FROM liens WHERE token = $1::text ORDER BY version, position',
  ))
    liens.set(version, [...(liens.get(version) ?? []), lien])
  for (const [version, group] of liens) change(version, { liens: group })
  return accounts
}

/** The versions of the accounts, and those that money from them can reach. */
async function readVertices(database: Queryable, accounts: Accounts): Promise<Vertices> {
  const vertices = new Map<bigint, LedgerVertex>()
  const creditors = [...accounts.values()].flatMap(({ liens }) => liens.map(({ creditor }) => creditor))
  for (let wanted = new Set([...accounts.keys(), ...creditors]); wanted.size > 0; ) {
    const found = await readVerticesOf(database, [...wanted])
    for (const vertex of found) vertices.set(vertex.version, vertex)
    const reached = found.flatMap(({ edges, supplies, members }) => [
      ...edges.map(({ ancestor }) => ancestor),
      ...supplies.map(({ supplier }) => supplier),
      ...members.map(({ version }) => version),
    ])
    wanted = new Set(reached.filter((id) => !vertices.has(id) && id !== treasuryVersion && id !== nobody))
  }
  return vertices
}

async function readVerticesOf(database: Queryable, versions: readonly bigint[]): Promise<LedgerVertex[]> {
  const ids = [versions.map(String)]
  const rows = await database.query<VertexRow>(
    `SELECT v.version, v.fee_bps, v.contributor_bps, coalesce(e.royalties, '[]') AS royalties,
       coalesce(e.supplies, '[]') AS supplies
     FROM version_published v LEFT JOIN edges_drawn e ON e.version = v.version WHERE v.version = ANY ($1::numeric[])`,
    ids,
  )
  const leaves = await database.query<{ version: bigint; member: bigint; weight: bigint }>(
    `SELECT version, member, weight FROM proven_leaves
     WHERE version = ANY ($1::numeric[]) AND kind = ${collectionKind} ORDER BY version, position`,
    ids,
  )
  const members = new Map<bigint, { version: bigint; weight: bigint }[]>()
  for (const { version, member, weight } of leaves) {
    const group = members.get(version) ?? []
    group.push({ version: member > 0n && member < version ? member : nobody, weight })
    members.set(version, group)
  }
  return rows.map((row) => toLedgerVertex(row, members.get(row.version) ?? []))
}

/** The vertex of a version, without its contributors: what leaves it does not depend on them. */
export const toLedgerVertex = (
  { version, fee_bps, contributor_bps, royalties, supplies }: VertexRow,
  members: LedgerVertex['members'] = [],
): LedgerVertex => ({
  version,
  feeBps: fee_bps,
  contributorBps: contributor_bps,
  edges: royalties.map(({ ancestor, bps }) => ({ ancestor: BigInt(ancestor), bps })),
  supplies: supplies.map(({ supplier, bps }) => ({ supplier: BigInt(supplier), bps })),
  contributors: [],
  members,
})
