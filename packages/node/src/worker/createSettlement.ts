import { setTimeout as pause } from 'node:timers/promises'
import type { VoucherClaim } from '@agorai/core'
import type { Hex } from 'viem'
import type { Metrics } from '../ports/metrics.js'
import type { SettlementRecords, SettlementReport } from '../ports/settlement.js'
import { createSettlementBook, owedSince } from './settlementBook.js'
import type { SettlementChain } from './settlementChain.js'
import { settleRound } from './settlementRound.js'
import { isStuck, newState, owedOf, ownAccounts, type SettlementPolicy } from './settlementState.js'

export type SettlementOptions = {
  records: SettlementRecords
  chain: SettlementChain
  /** The operator's signature over rows that are claimed. */
  authorize(rows: readonly VoucherClaim[]): Promise<Hex>
  policy: SettlementPolicy
  pollMs: number
  metrics: Metrics
  /** Told once of each failure that is not the same as the one before. */
  onWarning(message: string, cause?: unknown): void
}

export type Settlement = {
  /** Settles once. @param everything Whatever is owed, not only what is due. */
  once(everything?: boolean): Promise<SettlementReport>
  /** Settles again and again until `stop`. */
  start(): void
  stop(): Promise<void>
}

/** Longest pause after failures: a withdrawal takes a quarter of an hour at least. */
const pauseMsMax = 120_000
const everythingPolicy: SettlementPolicy = { value: 1n, deniableValue: 1n, seconds: 0 }

/**
 * Brings what channels owe into the ledger: by value, by age, and at once where a payer begins to withdraw. It keeps
 * nothing: what is to be done follows from the journal and the chain.
 */
export function createSettlement(options: SettlementOptions): Settlement {
  const { records, chain, authorize, policy, pollMs, metrics, onWarning } = options
  const book = createSettlementBook()
  const state = newState()
  /** The first block whose withdrawals were not looked for. Of older ones each channel tells itself. */
  let nextBlock: bigint | undefined
  const ending = new AbortController()
  let running: Promise<void> | undefined

  async function catchUp(): Promise<void> {
    for await (const record of records.news()) book.apply(record)
  }

  async function watchWithdrawals(): Promise<void> {
    const head = await chain.head()
    for (const channel of nextBlock === undefined ? [] : await chain.withdrawals(nextBlock, head)) {
      const seen = state.seen.get(channel)
      if (seen !== undefined) state.seen.set(channel, { ...seen, withdrawing: true })
    }
    nextBlock = head + 1n
  }

  async function once(everything = false): Promise<SettlementReport> {
    await watchWithdrawals()
    const round = { chain, book, state, authorize, catchUp, onWarning }
    const report = await settleRound({ ...round, policy: everything ? everythingPolicy : policy })
    metrics.count('agorai_settled_channels_total', {}, report.channels.filter(isForward).length)
    return report
  }

  async function run(): Promise<void> {
    let warned: string | undefined
    for (let failures = 0; !ending.signal.aborted; ) {
      try {
        await once()
        failures = 0
        warned = undefined
      } catch (error) {
        failures += 1
        metrics.count('agorai_errors_total', { part: 'settlement' })
        const message = error instanceof Error ? error.message : String(error)
        if (message !== warned) onWarning('Channels could not be settled; it is tried again.', error)
        warned = message
      }
      const pauseMs = Math.min(pauseMsMax, pollMs * 2 ** Math.min(failures, 20))
      await pause(pauseMs, undefined, { signal: ending.signal }).catch(() => {})
    }
  }

  const owing = () => ownAccounts(book, chain).filter((account) => owedOf(state, account) > 0n)
  metrics.gauge('agorai_settlement_owing_channels', {}, () => owing().length)
  metrics.gauge(
    'agorai_settlement_stuck_channels',
    {},
    () => owing().filter((account) => isStuck(state, account, Date.now())).length,
  )
  metrics.gauge('agorai_settlement_oldest_seconds', {}, () => {
    const since = owing().flatMap(
      (account) => owedSince(account, state.seen.get(account.state.channel)?.claimed ?? 0n) ?? [],
    )
    return since.length === 0 ? 0 : Math.max(0, Date.now() / 1_000 - Math.min(...since))
  })

  return {
    once,
    start() {
      running ??= run()
    },
    async stop() {
      ending.abort()
      await running
    },
  }
}

const isForward = ({ before, after }: SettlementReport['channels'][number]): boolean => after > before
