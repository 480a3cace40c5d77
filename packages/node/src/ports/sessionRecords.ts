import type { Address, Hex } from 'viem'

/** A gateway took a slice of a session's ceiling, on which it charges by itself. */
export type LeaseTaken = {
  kind: 'lease-taken'
  session: string
  /** From 0, one after the other over all gateways. */
  number: number
  gateway: string
  /** Base units; of free calls, how many. */
  amount: string
  /** Unix seconds. */
  at: number
}

/** The session gives no more slices. It stands in their row, so none is taken after it. */
export type SessionClosing = { kind: 'session-closing'; session: string; number: number; gateway: string; at: number }

/** What was charged on a slice. With the last part of it, what is left of the slice is free again. */
export type LeaseReturned = {
  kind: 'lease-returned'
  session: string
  number: number
  /** From 0. */
  part: number
  last: boolean
  /** One line a call, as `chargeLine` writes it. */
  calls: string[]
  /** Whether its gateway was gone for too long, so that what it charged is not asked for. */
  forfeited?: true
}

/** A session that a pass or the free calls of a day pay for. */
export type SessionGranted = {
  kind: 'session-granted'
  session: string
  by: 'pass' | 'free'
  holder: Address
  asset: string
  nonce: Hex
  /** EIP-712 digest of the signed request: handed in again, it gives the same session. */
  request: Hex
  /** Of the free calls of one day, how many this session took, on which day since 1970, and as which slice of the day. */
  free?: { calls: number; day: number; number: number }
  openedAt: number
  expiresAt: number
}

/** The payer's signed word for what a session's calls came to. */
export type SessionAcknowledged = {
  kind: 'session-acknowledged'
  session: string
  total: string
  at: string
  signature: Hex
}

/** A gateway began a call that has an idempotency key. */
export type CallBegun = {
  kind: 'call-begun'
  /** Who chose the key. */
  scope: string
  /** sha-256 of the key in base64url. */
  key: string
  /** From 0; the next one follows one that came to nothing. */
  attempt: number
  /** sha-256 of method, target and body in base64url. */
  requestHash: string
  gateway: string
  at: number
}

/** What an attempt came to: an answer that was charged for, or nothing. */
export type CallEnded = {
  kind: 'call-ended'
  scope: string
  key: string
  attempt: number
  at: number
  answer?: KeptAnswer
}

/** `body` in base64; undefined where it was too large to be kept. */
export type KeptAnswer = { status: number; headers: Record<string, string>; body?: string | undefined }

export type SessionJournalRecord =
  | LeaseTaken
  | SessionClosing
  | LeaseReturned
  | SessionGranted
  | SessionAcknowledged
  | CallBegun
  | CallEnded

/** One of each name stands, however many gateways write. */
export function nameOfSessionRecord(record: SessionJournalRecord): string {
  switch (record.kind) {
    case 'lease-taken':
    case 'session-closing':
      return `lease/${record.session}/${record.number}`
    case 'lease-returned':
      return `lease-returned/${record.session}/${record.number}/${record.part}`
    case 'session-granted': {
      const holder = record.holder.toLowerCase()
      if (record.free === undefined) return `session-granted/${holder}/${record.nonce}`
      return `free-calls/${record.asset}/${holder}/${record.free.day}/${record.free.number}`
    }
    case 'session-acknowledged':
      return `session-acknowledged/${record.session}/${record.total}`
    case 'call-begun':
      return `call-begun/${record.scope}/${record.key}/${record.attempt}`
    case 'call-ended':
      return `call-ended/${record.scope}/${record.key}/${record.attempt}`
  }
}
