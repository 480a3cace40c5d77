import { isAgoraiError, isDeniable, type VoucherClaim } from '@agorai/core'
import type { Hex } from 'viem'
import type { ChannelAccount, ChannelReport } from '../ports/settlement.js'
import type { SettlementChain } from './settlementChain.js'
import type { SettlementState } from './settlementState.js'

/** Rows of one transaction: some 4 million gas. */
const rowsMax = 100
/** What cannot be claimed is tried again after this long, or as soon as the channel is charged more. */
const againMs = 3_600_000

export type VoucherOptions = {
  chain: SettlementChain
  state: SettlementState
  /** The operator's signature over rows. */
  authorize(rows: readonly VoucherClaim[]): Promise<Hex>
  onWarning(message: string, cause?: unknown): void
  nowMs: number
}

type Row = VoucherClaim & { before: bigint; token: Hex; lost: bigint; withdrawing: boolean; charged: bigint }

/**
 * Claims what channels owe, as far as they hold it, and remembers what the chain has of them now. A row that the contract
 * refuses does not stop the others.
 *
 * @returns What was found and done, and the hashes of what was sent.
 */
export async function bringVouchers(
  accounts: readonly ChannelAccount[],
  options: VoucherOptions,
): Promise<{ channels: ChannelReport[]; transactions: Hex[] }> {
  const { chain, state, onWarning, nowMs } = options
  const rows = await readRows(accounts, options)
  const transactions: Hex[] = []
  const open = rows.filter(({ before, totalClaimed }) => totalClaimed > before)
  if (open.length > 0) {
    const created = await chain.createReceiver()
    if (created !== undefined) transactions.push(created)
  }
  const refused = new Set<Hex>()
  for (const group of groupsOf(open))
    transactions.push(...(await claimRows(group, options, (row) => refused.add(row.channel))))
  const channels = rows.map((row) => {
    const { channel, token, charged, before, totalClaimed, withdrawing } = row
    // A journal that was lost knows less than the chain: nothing is claimed back.
    const after = refused.has(channel) || totalClaimed < before ? before : totalClaimed
    const lost = refused.has(channel) ? charged - before : row.lost
    state.seen.set(channel, { ...(state.seen.get(channel) ?? { balance: 0n, withdrawing }), claimed: after })
    if (lost > 0n) {
      state.stuck.set(channel, { charged, againAtMs: nowMs + againMs })
      onWarning(`Channel ${channel} owes ${lost} base units that cannot be claimed.`)
    } else state.stuck.delete(channel)
    return { channel, token, charged, before, after, lost, withdrawing }
  })
  return { channels, transactions }
}

/** Rows that are claimed together. What a wallet's contract does when it is asked for its signature is its own loss alone. */
function groupsOf(rows: readonly Row[]): Row[][] {
  const keys = rows.filter(({ config }) => !isDeniable(config))
  const groups = Array.from({ length: Math.ceil(keys.length / rowsMax) }, (_, index) =>
    keys.slice(index * rowsMax, (index + 1) * rowsMax),
  )
  return [...groups, ...rows.filter(({ config }) => isDeniable(config)).map((row) => [row])]
}

/** What each channel owes, and what of it the chain lets be claimed. */
async function readRows(accounts: readonly ChannelAccount[], { chain, state }: VoucherOptions): Promise<Row[]> {
  const facts = await chain.channels(
    accounts.map(({ state: { channel } }) => channel),
    await chain.head(),
  )
  return accounts.flatMap(({ state: account }) => {
    const { channel, config, charged, signedMax, signature } = account
    const fact = facts.get(channel)
    if (fact === undefined) return []
    state.seen.set(channel, fact)
    const { balance, claimed: before, withdrawing } = fact
    // The chain never claims more than a channel holds.
    const lost = charged > balance ? charged - balance : 0n
    const totalClaimed = charged - lost
    const voucher = { channel, config, maxClaimableAmount: signedMax, signature, totalClaimed }
    return [{ ...voucher, before, charged, token: config.token, lost, withdrawing }]
  })
}

/** Claims rows in one transaction; those that the contract refuses together in two, until it is known which one it is. */
async function claimRows(rows: readonly Row[], options: VoucherOptions, onRefused: (row: Row) => void): Promise<Hex[]> {
  const [first] = rows
  if (first === undefined) return []
  try {
    return [await options.chain.claim(rows, await options.authorize(rows))]
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (rows.length === 1) {
      options.onWarning(`Channel ${first.channel} cannot be claimed.`, error)
      onRefused(first)
      return []
    }
    const middle = rows.length >> 1
    return [
      ...(await claimRows(rows.slice(0, middle), options, onRefused)),
      ...(await claimRows(rows.slice(middle), options, onRefused)),
    ]
  }
}

/** The contract said no, whatever its reason; as opposed to a chain that did not answer. */
const isRefusal = (error: unknown): boolean => isAgoraiError(error, 'transaction_reverted')
