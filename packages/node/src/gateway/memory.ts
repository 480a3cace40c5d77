import { type ChannelBook, createChannelBook } from '@agorai/core'
import type { Address, Hex } from 'viem'
import {
  type DeliveryGranted,
  type Journal,
  type JournalRecord,
  type KeyDeposited,
  type KeyErased,
  nameOfRecord,
} from '../ports/journal.js'
import { createKeyedBook, type KeyedBook } from './calls/keyedBook.js'
import { type ContributionBook, createContributionBook } from './contributionBook.js'
import { createFeedBook, type FeedBook } from './feeds/feedBook.js'
import { type AnswerBook, createAnswerBook } from './payments/answerBook.js'
import { createMandateBook, type MandateBook } from './payments/mandateBook.js'
import { createServiceBook, type ServiceBook } from './services/serviceBook.js'
import { createSessionBook, type SessionBook } from './sessions/sessionBook.js'
import { createTakedownBook, type TakedownBook } from './takedowns/takedownBook.js'

/** What the gateway knows without asking the disk: rebuilt from the journal at each start. */
export type Memory = {
  /** What was deposited for every version that the registry holds under this commitment, which names its publisher. */
  keyOf(commitment: Hex): KeyDeposited | undefined
  /** What was granted under a holder's nonce. Forgotten once the request has expired, as it is refused from then on. */
  grantOf(holder: Address, nonce: Hex): DeliveryGranted | undefined
  /** What was contributed to datasets, and taken back. */
  book: ContributionBook
  /** What was appended to feeds. */
  feeds: FeedBook
  /** What the operator ceased to serve. */
  takedowns: TakedownBook
  /** Services that their owners asked this operator to serve. */
  services: ServiceBook
  /** What was charged on payment channels. */
  channels: ChannelBook
  /** What agents gave away of the channels of others. */
  mandates: MandateBook
  /** Sessions, and the slices of them that gateways hold. */
  sessions: SessionBook
  /** Calls with idempotency keys. */
  keyed: KeyedBook
  /** Answers that can be given again. */
  answers: AnswerBook
  /** What was destroyed, of one manifest or of all; oldest first. */
  erasures(manifestDigest?: Hex): KeyErased[]
  /**
   * Appends a record and, once it is on the disk, remembers it.
   *
   * @returns The record that stands under its name, which another gateway may have written before.
   */
  record<record extends JournalRecord>(record: record): Promise<record>
  /** Learns what other gateways recorded until now, where there are any. */
  catchUp(): Promise<void>
}

/** How many grants come between two sweeps of the expired ones. */
const sweepEvery = 1_024

export async function rebuildMemory(journal: Journal): Promise<Memory> {
  const keys = new Map<Hex, KeyDeposited>()
  const grants = new Map<string, DeliveryGranted>()
  const erasures = new Map<string, KeyErased>()
  const book = createContributionBook()
  const feeds = createFeedBook()
  const takedowns = createTakedownBook()
  const services = createServiceBook()
  const channels = createChannelBook()
  const mandates = createMandateBook()
  const sessions = createSessionBook()
  const keyed = createKeyedBook()
  const answers = createAnswerBook()
  let sinceSweep = 0

  function remember(record: JournalRecord): void {
    // First what comes with every call.
    if ('channel' in record) {
      const stands = channels.apply(record) !== undefined
      if (stands) mandates.apply(record)
      if (stands && 'session' in record) sessions.apply(record)
      return
    }
    if ('session' in record) {
      sessions.apply(record)
      return
    }
    if (record.kind === 'call-begun' || record.kind === 'call-ended') {
      keyed.apply(record)
      return
    }
    if (record.kind === 'call-answered') {
      answers.remember(record)
      return
    }
    if (record.kind === 'key-deposited') {
      keys.set(record.commitment, record)
      return
    }
    if (record.kind === 'taken-down') {
      takedowns.add(record)
      return
    }
    if (record.kind === 'key-erased') {
      erasures.set(nameOfRecord(record), record)
      return
    }
    if (record.kind === 'segment-appended' || record.kind === 'feed-keys-granted') {
      feeds.remember(record)
      return
    }
    if (record.kind === 'service-started' || record.kind === 'service-stopped') {
      services.remember(record)
      return
    }
    if (record.kind !== 'delivery-granted') {
      book.remember(record)
      return
    }
    grants.set(slotOf(record.holder, record.nonce), record)
    sinceSweep += 1
    if (sinceSweep < sweepEvery) return
    sinceSweep = 0
    const now = Date.now() / 1000
    for (const [slot, { expiry }] of grants) if (expiry < now) grants.delete(slot)
  }

  for await (const record of journal.replay()) remember(record)

  /** One look at a time; whoever comes during one waits for the next, which sees all that was there when it asked. */
  let looking: Promise<void> | undefined
  let next: Promise<void> | undefined
  async function look(): Promise<void> {
    for await (const record of journal.news?.() ?? []) remember(record)
  }
  function catchUp(): Promise<void> {
    if (journal.news === undefined) return Promise.resolve()
    if (looking === undefined) {
      looking = look().finally(() => {
        looking = undefined
      })
      return looking
    }
    next ??= looking
      .catch(() => {})
      .then(() => {
        next = undefined
        return catchUp()
      })
    return next
  }

  return {
    keyOf: (commitment) => keys.get(commitment),
    book,
    feeds,
    takedowns,
    services,
    channels,
    mandates,
    sessions,
    keyed,
    answers,
    grantOf: (holder, nonce) => grants.get(slotOf(holder, nonce)),
    erasures: (digest) => [...erasures.values()].filter((each) => [undefined, each.manifestDigest].includes(digest)),
    async record(record) {
      const standing = (await journal.append(record)) as typeof record
      // What everybody writes is remembered in everybody's order.
      if (journal.news === undefined) remember(standing)
      else await catchUp()
      return standing
    },
    catchUp,
  }
}

/** Addresses come in any case; a nonce has one spelling. */
export const slotOf = (holder: Address, nonce: Hex): string => `${holder.toLowerCase()}/${nonce}`
