import {
  type Account,
  AgoraiError,
  accountOf,
  contributorEntitled,
  type Entitlement,
  ownerEntitled,
  type Revenue,
  treasuryVersion,
  vertexOf,
} from '@agorai/core'
import { type Address, zeroAddress } from 'viem'
import { getAddress } from 'viem/utils'
import type { GetRevenueParameters } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'
import { type Collected, type Ledger, readLedger } from './ledger.js'
import { readAncestors } from './lineage.js'
import { type Position, readPositionsHeldBy, readPositionsOf } from './positions.js'

/** Reads a token's ledger, or gives the one that was read for the same block. */
export type LedgerReader = (database: Queryable, token: Address) => Promise<Ledger>

/** Tokens whose ledgers are remembered. */
const ledgersMax = 8

/** A reader that remembers the ledgers of the last block it saw. */
export function createLedgerReader(): LedgerReader {
  const ledgers = new Map<Address, { tip: string | null; ledger: Ledger }>()
  return async (database, token) => {
    const key = getAddress(token)
    const [progress] = await database.query<{ hash: string | null }>('SELECT hash FROM progress')
    const tip = progress?.hash ?? null
    const known = ledgers.get(key)
    if (known !== undefined && known.tip === tip) return known.ledger
    const ledger = await readLedger(database, token)
    const [oldest] = ledgers.keys()
    if (oldest !== undefined && ledgers.size >= ledgersMax) ledgers.delete(oldest)
    ledgers.set(key, { tip, ledger })
    return ledger
  }
}

/**
 * Who is entitled to what, as if every edge were pulled now, and what each has collected.
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

/** A version and all its ancestors, with the treasury. Royalties from versions beside them have come in, too. */
async function revenueOfVersion(
  database: Queryable,
  { accounts, collected }: Ledger,
  treasury: Address | undefined,
  { version, token }: { version: bigint; token: Address },
): Promise<Revenue> {
  const versions = await readAncestors(database, version)
  const positions = await readPositionsOf(database, versions)
  if (positions.length === 0) throw new AgoraiError('not_found', `There is no version ${version}.`, { field: 'id' })
  const entitlements = positions.map((position) =>
    toEntitlement(position, accountOf(accounts, position.vertex.version), collected, token),
  )
  if (treasury !== undefined)
    entitlements.push(treasuryEntitlement(accountOf(accounts, treasuryVersion), treasury, collected, token))
  // What moved along an edge inside the group is no income of the group: it was counted as a sale.
  const inside = versions.map((id) => accountOf(accounts, id))
  const sales = sum(inside.map((account) => account.sales))
  const royalties = sum([...inside, accountOf(accounts, treasuryVersion)].map((account) => account.royalties))
  const moved = sum(inside.flatMap((account) => [...account.pulled.values()]))
  return toRevenue(token, entitlements, sales + royalties - moved)
}

/** Everything that one account is entitled to. What it received is what it is entitled to: it has no dust. */
async function revenueOfAccount(
  database: Queryable,
  { accounts, collected }: Ledger,
  treasury: Address | undefined,
  { account, token }: { account: Address; token: Address },
): Promise<Revenue> {
  const positions = await readPositionsHeldBy(database, account)
  const entitlements = positions.map((position) =>
    toEntitlement(position, accountOf(accounts, position.vertex.version), collected, token),
  )
  if (treasury?.toLowerCase() === account.toLowerCase())
    entitlements.push(treasuryEntitlement(accountOf(accounts, treasuryVersion), treasury, collected, token))
  const earning = entitlements.filter(({ entitled }) => entitled !== '0')
  return toRevenue(token, earning, sum(earning.map(({ entitled }) => BigInt(entitled))))
}

function toRevenue(token: Address, entitlements: Entitlement[], received: bigint): Revenue {
  const collected = sum(entitlements.map((entitlement) => BigInt(entitlement.collected)))
  const collectable = sum(entitlements.map((entitlement) => BigInt(entitlement.collectable)))
  return {
    token: getAddress(token),
    received: `${received}`,
    entitlements,
    collected: `${collected}`,
    collectable: `${collectable}`,
    dust: `${received - collected - collectable}`,
  }
}

function toEntitlement(position: Position, account: Account, collected: Collected, token: Address): Entitlement {
  const { version } = position.vertex
  const party = {
    version: `${version}`,
    name: position.name,
    account: getAddress(position.account),
    token: getAddress(token),
  }
  if (position.role === 'owner') {
    const amounts = toAmounts(ownerEntitled(account, position.vertex), collected.owners.get(version))
    return { ...party, role: 'owner', label: null, start: null, ...amounts }
  }
  const starts = collected.contributors.get(version)
  if (position.role === 'unproven') {
    const entitled = shareEntitled(account, position, position.weightSum)
    const amounts = toAmounts(entitled, sum([...(starts?.values() ?? [])]))
    return { ...party, role: 'contributor', label: null, start: null, ...amounts }
  }
  const amounts = toAmounts(shareEntitled(account, position, position.weight), starts?.get(position.start))
  return { ...party, role: 'contributor', label: position.label, start: `${position.start}`, ...amounts }
}

/** The share of one weight. All other contributors stand as one: only the sum of their weights matters. */
function shareEntitled(account: Account, { vertex, weightSum }: Position, weight: bigint): bigint {
  const contributors = [weight, weightSum - weight].map((part) => ({ account: zeroAddress, weight: part }))
  return contributorEntitled(account, { ...vertex, contributors }, 0)
}

const treasuryEntitlement = (
  account: Account,
  treasury: Address,
  collected: Collected,
  token: Address,
): Entitlement => ({
  version: `${treasuryVersion}`,
  name: null,
  role: 'treasury',
  account: getAddress(treasury),
  label: null,
  start: null,
  token: getAddress(token),
  ...toAmounts(ownerEntitled(account, vertexOf(new Map(), treasuryVersion)), collected.owners.get(treasuryVersion)),
})

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
