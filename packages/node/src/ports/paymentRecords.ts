import { type ChannelRecord, channelRecordName } from '@agorai/core'
import type { Hex } from 'viem'
import { nameOfSessionRecord, type SessionJournalRecord } from './sessionRecords.js'

/** A whole answer, kept so that it can be given again to whoever did not receive it. */
export type CallAnswered = {
  kind: 'call-answered'
  /** Whose keys these are: an account, a session, or a payment. */
  scope: string
  key: string
  /** sha-256 of what was asked; the same key for anything else is refused. */
  requestHash: Hex
  status: number
  headers: Record<string, string>
  /** base64. */
  body: string
  at: number
}

/** Records of calls that were answered so that they can be answered again. */
export const answerKinds: readonly string[] = ['call-begun', 'call-ended', 'call-answered']
/** After that nobody has them any more: an answer can be asked for again for a day, and no clock is a day off. */
export const answerSecondsMax = 2 * 24 * 3_600

export type PaymentJournalRecord = ChannelRecord | SessionJournalRecord | CallAnswered

/** There is one record of each name, however many gateways write: of several that move a channel on, one stands. */
export function nameOfPayment(record: PaymentJournalRecord): string {
  switch (record.kind) {
    case 'channel-charged':
    case 'channel-refunded':
    case 'session-opened':
    case 'session-topped-up':
    case 'session-closed':
      return channelRecordName(record)
    case 'call-answered':
      return `call/${record.scope}/${record.key}`
    default:
      return nameOfSessionRecord(record)
  }
}
