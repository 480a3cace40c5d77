import { AgoraiError } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { encodeAbiParameters, keccak256, parseAbiParameters, slice } from 'viem/utils'
import type { ReceiverFacts, SettlementChain, VersionPayment } from './settlementChain.js'

/** What a receiver has handed on in one token up to a block. Amounts are base units, cumulative. */
export type HandedOn = {
  /** The contract's one word for all payments in their order, so whoever comes to the same word has read them all. */
  history: Hex
  amount: bigint
  /** What each version has had. */
  totals: ReadonlyMap<bigint, bigint>
  /** All payments up to it are in it; -1n where nothing was read. */
  block: bigint
}

export const nothingHandedOn: HandedOn = { history: `0x${'00'.repeat(16)}`, amount: 0n, totals: new Map(), block: -1n }

/** Most RPC endpoints answer for at least so many blocks at once. */
const blocksMax = 10_000n
const historyParts = parseAbiParameters('bytes16, uint256, uint256')

/**
 * Reads from the ledger's events what a receiver has handed on, and proves by the receiver's history that it is all of it:
 * an endpoint that leaves out events, or a chain that went back, is never believed.
 *
 * @param at What the receiver says at `block`.
 * @param known What was read before, of this chain or of one that is not any more. Only what is newer is asked for.
 * @throws AgoraiError `chain_unavailable` when the events do not make the history; an endpoint that is behind has them later
 */
export async function readHandedOn(
  chain: Pick<SettlementChain, 'payments'>,
  token: Address,
  at: Pick<ReceiverFacts, 'distributed' | 'history'> & { block: bigint },
  known: HandedOn = nothingHandedOn,
): Promise<HandedOn> {
  if (at.history === known.history) return known
  for (const before of known === nothingHandedOn ? [known] : [known, nothingHandedOn]) {
    const payments = await paymentsSince(chain, token, at, before)
    const found = handOn(before, payments, at.block)
    if (found.history === at.history) return found
  }
  const message =
    `The chain's events do not tell all ${at.distributed} base units of ${token} that were handed on: ` +
    'the endpoint is behind, or keeps no old events.'
  throw new AgoraiError('chain_unavailable', message)
}

/** From the last block backwards, until nothing is missing: an operator of today reads nothing of the years before. */
async function paymentsSince(
  chain: Pick<SettlementChain, 'payments'>,
  token: Address,
  { distributed, block }: { distributed: bigint; block: bigint },
  before: HandedOn,
): Promise<VersionPayment[]> {
  const ranges: VersionPayment[][] = []
  let missing = distributed - before.amount
  for (let to = block; missing > 0n && to > before.block; to -= blocksMax) {
    const from = to - blocksMax > before.block ? to - blocksMax + 1n : before.block + 1n
    const payments = await chain.payments(token, from, to)
    for (const { amount } of payments) missing -= amount
    ranges.unshift(payments)
  }
  return ranges.flat()
}

/** As the contract counts payments. */
export function handOn(before: HandedOn, payments: readonly VersionPayment[], block: bigint): HandedOn {
  const totals = new Map(before.totals)
  let { history, amount } = before
  for (const payment of payments) {
    history = slice(keccak256(encodeAbiParameters(historyParts, [history, payment.version, payment.amount])), 0, 16)
    amount += payment.amount
    totals.set(payment.version, (totals.get(payment.version) ?? 0n) + payment.amount)
  }
  return { history, amount, totals, block }
}
