import { type ChannelRecord, needsMandate, noSpending, type Spending, unspend } from '@agorai/core'
import type { Hex } from 'viem'

/** What was given away of the channels that are spent under a mandate. */
export type MandateBook = {
  spendingOf(channel: Hex): Spending
  /** Takes a record that stands. */
  apply(record: ChannelRecord): void
}

type Entry = {
  spending: Spending /** The highest that was signed in the session that is open. */
  ceiling: bigint
  day: number
}

const secondsPerDay = 86_400

export function createMandateBook(): MandateBook {
  const entries = new Map<Hex, Entry>()

  function entryOf(record: ChannelRecord): Entry | undefined {
    const known = entries.get(record.channel)
    if (known !== undefined || record.config === undefined || !needsMandate(record.config.salt)) return known
    const entry = { spending: noSpending, ceiling: 0n, day: 0 }
    entries.set(record.channel, entry)
    return entry
  }

  return {
    spendingOf: (channel) => entries.get(channel)?.spending ?? noSpending,
    apply(record) {
      const entry = entryOf(record)
      if (entry === undefined) return
      const day = Math.floor(record.at / secondsPerDay)
      if (record.kind === 'channel-charged') add(entry, day, BigInt(record.to) - BigInt(record.from))
      if (record.kind === 'session-opened') {
        entry.ceiling = BigInt(record.ceiling)
        add(entry, day, entry.ceiling - BigInt(record.from))
      }
      if (record.kind === 'session-topped-up') {
        add(entry, day, BigInt(record.ceiling) - entry.ceiling)
        entry.ceiling = BigInt(record.ceiling)
      }
      if (record.kind === 'session-closed') {
        // What a session did not use comes back to the day of its last top-up, which gave it away.
        const { spending } = entry
        const unspent = entry.ceiling - BigInt(record.to)
        const ofToday = entry.day === spending.day && unspent <= spending.today
        entry.spending = unspend(spending, { asset: undefined }, unspent, ofToday ? spending.day : -1)
      }
    },
  }
}

function add(entry: Entry, day: number, amount: bigint): void {
  const { spending } = entry
  const isNew = day > spending.day
  entry.day = isNew ? day : spending.day
  entry.spending = {
    day: entry.day,
    today: (isNew ? 0n : spending.today) + amount,
    byAsset: {},
    total: spending.total + amount,
  }
}
