import { isAgoraiError } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { encodeAbiParameters, keccak256 } from 'viem/utils'
import type { ChannelAccount, SettlementReport, VersionReport } from '../ports/settlement.js'
import { bringVouchers, type VoucherOptions } from './bringVouchers.js'
import { readHandedOn } from './handedOn.js'
import type { SettlementBook } from './settlementBook.js'
import type { ReceiverFacts, VersionPayment } from './settlementChain.js'
import { isDue, ownAccounts, type SettlementPolicy } from './settlementState.js'
import { type ChannelTotal, partsToPay, sumVersions } from './settlementTotals.js'

export type SettlementRoundOptions = Omit<VoucherOptions, 'nowMs'> & {
  book: SettlementBook
  /** Takes in what the gateways wrote down since. */
  catchUp(): Promise<void>
  policy: SettlementPolicy
}

/** Another worker may claim or settle in between, which is seen and gone along with; not for ever. */
const stepsMax = 4
/** Versions of one transaction: some 12 million gas where none of them was ever paid. */
const versionsMax = 400

/**
 * Brings to the ledger what is due: claims, moves what was claimed to the receiver, has it pay the versions. Each step
 * looks at what the chain has and goes on from there, so it may be stopped between any two, and several may do it at once.
 *
 * @throws AgoraiError what `OperatorSender` throws; the next round goes on
 */
export async function settleRound(options: SettlementRoundOptions, nowMs = Date.now()): Promise<SettlementReport> {
  const { chain, book, state, policy, catchUp } = options
  await catchUp()
  const accounts = ownAccounts(book, chain)
  await look(
    options,
    accounts.filter(({ state: { channel } }) => !state.seen.has(channel)),
    await chain.head(),
  )
  const due = accounts.filter((account) => isDue(state, account, policy, nowMs))
  for (const account of due) state.idle.delete(tokenOf(account))
  const { channels, transactions } = await bringVouchers(due, { ...options, nowMs })
  const versions: VersionReport[] = []
  for (const token of new Set(accounts.map(tokenOf)))
    for (const step of await bringOver(options, token)) {
      transactions.push(step.hash)
      versions.push(...step.versions)
    }
  return { channels, versions, transactions }
}

const tokenOf = ({ state: { config } }: ChannelAccount): Address => config.token.toLowerCase() as Address

/** Looks at what the chain has of some channels. */
async function look({ chain, state }: SettlementRoundOptions, accounts: readonly ChannelAccount[], block: bigint) {
  const channels = accounts.map((account) => account.state.channel)
  for (const [channel, facts] of await chain.channels(channels, block)) state.seen.set(channel, facts)
}

type Step = { hash: Hex; versions: readonly VersionReport[] }

/**
 * Moves what was claimed in a token to the receiver, and from there to the versions. Anybody can have a channel that pays
 * the receiver, and claim a unit of it at a time: what no channel of the operator's own can have brought waits until it is as
 * much as those are claimed for.
 */
async function bringOver(options: SettlementRoundOptions, token: Address): Promise<Step[]> {
  const { state, policy } = options
  const least = state.idle.has(token) ? policy.value : 1n
  const steps = await bringAllOver(options, token, least)
  if (steps.length < stepsMax) state.idle.add(token)
  return steps
}

/** @param least Below this nothing is begun, in base units. */
async function bringAllOver(options: SettlementRoundOptions, token: Address, least: bigint): Promise<Step[]> {
  const { chain } = options
  const steps: Step[] = []
  for (let step = 0; step < stepsMax; step++) {
    const block = await chain.head()
    const facts = await chain.receiverOf(token, block)
    if (step === 0 && facts.claimed - facts.distributed < least) return steps
    if (facts.claimed > facts.settled) {
      steps.push({ hash: await chain.settle(token), versions: [] })
      continue
    }
    if (facts.settled === facts.distributed) return steps
    const created = await chain.createReceiver()
    if (created !== undefined) steps.push({ hash: created, versions: [] })
    const handed = await handOver(options, token, { ...facts, block })
    if (handed === 'nothing') return steps
    if (handed !== 'overtaken') steps.push(handed)
  }
  return steps
}

/** Hands on what waits in the receiver, unless another worker has done so since `block`. */
async function handOver(
  options: SettlementRoundOptions,
  token: Address,
  at: ReceiverFacts & { block: bigint },
): Promise<Step | 'nothing' | 'overtaken'> {
  const { chain, state, onWarning } = options
  const handedOn = await readHandedOn(chain, token, at, state.handedOn.get(token))
  state.handedOn.set(token, handedOn)
  const channels = await claimedAt(options, token, at)
  const { parts, unknown } = partsToPay(sumVersions(channels), handedOn.totals, at.settled - at.distributed)
  if (unknown > 0n)
    onWarning(`${unknown} base units of ${token} were claimed for calls that the journal does not know.`)
  if (parts.length === 0) return 'nothing'
  const paid = parts.slice(0, versionsMax)
  try {
    const hash = await chain.distribute(token, handedOn.history, paid, rootOf(channels))
    const totalOf = ({ version, amount }: VersionPayment) => (handedOn.totals.get(version) ?? 0n) + amount
    return { hash, versions: paid.map((part) => ({ token, version: part.version, total: totalOf(part) })) }
  } catch (error) {
    if (!isAgoraiError(error, 'transaction_reverted')) throw error
    const { history } = await chain.receiverOf(token, await chain.head())
    if (history === at.history) throw error
    return 'overtaken'
  }
}

/**
 * What the chain had of every channel of a token at a block at which the receiver had `claimed`. What was seen before is
 * that if it sums to it; else all of it is looked at again.
 */
async function claimedAt(
  options: SettlementRoundOptions,
  token: Address,
  at: { block: bigint; claimed: bigint },
): Promise<ChannelTotal[]> {
  const { chain, book, state, catchUp } = options
  const ofToken = () => ownAccounts(book, chain).filter((account) => tokenOf(account) === token)
  const accounts = ofToken()
  const sum = accounts.reduce((total, account) => total + (state.seen.get(account.state.channel)?.claimed ?? 0n), 0n)
  if (sum !== at.claimed) await look(options, accounts, at.block)
  // What was claimed had been written down before; so it is in the journal now, if not yet in the book.
  await catchUp()
  return ofToken().map((account) => ({ account, claimed: state.seen.get(account.state.channel)?.claimed ?? 0n }))
}

/** One word for all that the totals were made of: each channel with what was claimed of it, by ascending channel. */
function rootOf(channels: readonly ChannelTotal[]): Hex {
  const rows = channels
    .filter(({ claimed }) => claimed > 0n)
    .map(({ account, claimed }) => ({ channel: account.state.channel, claimed }))
    .toSorted((first, second) => (first.channel < second.channel ? -1 : 1))
  const tuple = {
    type: 'tuple[]',
    components: [
      { name: 'channel', type: 'bytes32' },
      { name: 'claimed', type: 'uint256' },
    ],
  }
  return keccak256(encodeAbiParameters([tuple], [rows]))
}
