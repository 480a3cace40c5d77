import {
  type Account,
  AgoraiError,
  accountOf,
  contributorEntitled,
  type Entitlement,
  type LedgerVertex,
  movedOf,
  ownerEntitled,
  type Revenue,
  treasuryVersion,
  vertexOf,
} from '@agorai/core'
import { type Address, zeroAddress } from 'viem'
import { getAddress } from 'viem/utils'
import type { GetRevenueParameters } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'
import { type Ledger, readLedger } from './ledger.js'
import { readAncestors } from './lineage.js'
import { type Position, readPositionsHeldBy, readPositionsOf } from './positions.js'

/** Reads a token's ledger, or gives the one that was read for the same block. */
export type LedgerReader = (database: Queryable, token: Address) => Promise<Ledger>

/** Tokens whose ledgers are remembered. */
const ledgersMax = 8

/** A reader that remembers the ledgers of the last block it saw, until another manifest names members. */
export function createLedgerReader(): LedgerReader {
  const ledgers = new Map<Address, { seen: string; ledger: Ledger }>()
  return async (database, token) => {
    const key = getAddress(token)
    const [row] = await database.query<{ hash: string | null; manifests: bigint }>(
      'SELECT hash, (SELECT count(*) FROM manifests) AS manifests FROM progress',
    )
    const seen = `${row?.hash} ${row?.manifests}`
    const known = ledgers.get(key)
    if (known?.seen === seen) return known.ledger
    const ledger = await readLedger(database, token)
    const [oldest] = ledgers.keys()
    if (oldest !== undefined && ledgers.size >= ledgersMax) ledgers.delete(oldest)
    ledgers.set(key, { seen, ledger })
    return ledger
  }
}

/**
 * Who is entitled to what, as if everything that anyone may move inside the ledger were moved now, and what each has
 * collected.
 *
 * @throws AgoraiError `not_found`
 */
export async function getRevenue(
  database: Queryable,
  ledgerReader: LedgerReader,
  parameters: GetRevenueParameters,
): Promise<Revenue> {
  const ledger = await ledgerReader(database, parameters.token)
  const treasury = await readTreasury(database)
  if ('account' in parameters) return revenueOfAccount(database, ledger, treasury, parameters)
  return revenueOfVersion(database, ledger, treasury, parameters)
}

/** A version and all that it is built from, sells or gathers, with the treasury. What came in from versions beside them counts, too. */
async function revenueOfVersion(
  database: Queryable,
  ledger: Ledger,
  treasury: Address | undefined,
  { version, token }: { version: bigint; token: Address },
): Promise<Revenue> {
  const versions = await readAncestors(database, version)
  const positions = await readPositionsOf(database, versions)
  if (positions.length === 0) throw new AgoraiError('not_found', `There is no version ${version}.`, { field: 'id' })
  const entitlements = positions.map((position) => toEntitlement(position, ledger, token))
  if (treasury !== undefined) entitlements.push(treasuryEntitlement(ledger, treasury, token))
  const received = sum([...versions, treasuryVersion].map((id) => keptBy(ledger, id)))
  const waiting = await readWaiting(
    database,
    token,
    'SELECT asset FROM current_versions WHERE version = ANY ($2::numeric[])',
    versions.map(String),
  )
  return toRevenue(token, entitlements, received, waiting)
}

/** Everything that one account is entitled to. What it received is what it is entitled to: it has no dust. */
async function revenueOfAccount(
  database: Queryable,
  ledger: Ledger,
  treasury: Address | undefined,
  { account, token }: { account: Address; token: Address },
): Promise<Revenue> {
  const positions = await readPositionsHeldBy(database, account)
  const entitlements = positions.map((position) => toEntitlement(position, ledger, token))
  if (treasury?.toLowerCase() === account.toLowerCase()) entitlements.push(treasuryEntitlement(ledger, treasury, token))
  const earning = entitlements.filter(({ entitled }) => entitled !== '0')
  const received = sum(earning.map(({ entitled }) => BigInt(entitled)))
  const waiting = await readWaiting(
    database,
    token,
    'SELECT asset FROM asset_owners WHERE owner = $2::text',
    account.toLowerCase(),
  )
  return toRevenue(token, earning, received, waiting)
}

/** What came into a version's account and did not move on to other versions: its parties' and its dust. */
function keptBy({ accounts, vertices }: Ledger, version: bigint): bigint {
  const account = accountOf(accounts, version)
  const vertex = vertices.get(version)
  const credited =
    vertex === undefined || vertex.members.length === 0 ? [] : [...account.contributionsCollected.values()]
  const moved = [
    vertex === undefined ? 0n : movedOf(account, vertex),
    ...credited,
    ...account.liens.map((lien) => lien.moved),
  ]
  return account.sales + account.royalties - sum(moved)
}

/** Money in the market that will enter the ledger for these assets, unless it goes back. */
async function readWaiting(
  database: Queryable,
  token: Address,
  assets: string,
  parameter: string | readonly string[],
): Promise<bigint> {
  const rows = await database.query<{ amount: bigint }>(
    `SELECT amount FROM waiting_money WHERE token = $1::text AND asset IN (${assets})`,
    [token.toLowerCase(), parameter],
  )
  return sum(rows.map(({ amount }) => amount))
}

function toRevenue(token: Address, entitlements: Entitlement[], received: bigint, waiting: bigint): Revenue {
  const collected = sum(entitlements.map((entitlement) => BigInt(entitlement.collected)))
  const collectable = sum(entitlements.map((entitlement) => BigInt(entitlement.collectable)))
  return {
    token: getAddress(token),
    received: `${received}`,
    entitlements,
    collected: `${collected}`,
    collectable: `${collectable}`,
    dust: `${received - collected - collectable}`,
    waiting: `${waiting}`,
  }
}

function toEntitlement(position: Position, { accounts }: Ledger, token: Address): Entitlement {
  const { vertex } = position
  const account = accountOf(accounts, vertex.version)
  const party = {
    version: `${vertex.version}`,
    name: position.name,
    account: getAddress(position.account),
    token: getAddress(token),
  }
  if (position.role === 'owner') {
    const amounts = toAmounts(ownerEntitled(account, vertex), account.ownerCollected)
    return { ...party, role: 'owner', label: null, start: null, ...amounts }
  }
  const starts = account.contributionsCollected
  if (position.role === 'unproven') {
    const entitled = shareEntitled(account, position, position.weightSum)
    const amounts = toAmounts(entitled, sum([...starts.values()]))
    return { ...party, role: 'contributor', label: null, start: null, ...amounts }
  }
  const amounts = toAmounts(shareEntitled(account, position, position.weight), starts.get(position.start))
  return { ...party, role: 'contributor', label: position.label, start: `${position.start}`, ...amounts }
}

/** The share of one weight. All other contributors stand as one: only the sum of their weights matters. */
function shareEntitled(account: Account, { vertex, weightSum }: Position, weight: bigint): bigint {
  const contributors = [weight, weightSum - weight].map((part) => ({ account: zeroAddress, weight: part }))
  return contributorEntitled(account, { ...vertex, contributors }, 0)
}

function treasuryEntitlement({ accounts }: Ledger, treasury: Address, token: Address): Entitlement {
  const account = accountOf(accounts, treasuryVersion)
  return {
    version: `${treasuryVersion}`,
    name: null,
    role: 'treasury',
    account: getAddress(treasury),
    label: null,
    start: null,
    token: getAddress(token),
    ...toAmounts(ownerEntitled(account, vertexOf(noVertices, treasuryVersion)), account.ownerCollected),
  }
}

const noVertices = new Map<bigint, LedgerVertex>()

const toAmounts = (entitled: bigint, collected = 0n) => ({
  entitled: `${entitled}`,
  collected: `${collected}`,
  collectable: `${entitled - collected}`,
})

async function readTreasury(database: Queryable): Promise<Address | undefined> {
  const [progress] = await database.query<{ treasury: Address }>('SELECT treasury FROM progress')
  return progress?.treasury
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
