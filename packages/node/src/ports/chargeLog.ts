import type { KeptAnswer } from './sessionRecords.js'

/** One charged call of a session, as a gateway writes it down before it answers. */
export type ChargeRecord = {
  kind: 'charge'
  session: string
  /** The slice that it was charged on. */
  lease: number
  /** As `chargeLine` writes it. */
  call: string
  /** Where the call had an idempotency key: what it was answered, so that charge and answer are written as one. */
  keyed?: { scope: string; key: string; attempt: number; answer: KeptAnswer }
}

/**
 * What one gateway has charged on slices of sessions that it has not given back yet. It is local, because it is written
 * for every call; what must be known to all gateways goes to the journal when a slice is given back.
 */
export type ChargeLog = {
  /** The name of this gateway among those of its operator, the same after a restart. */
  gateway: string
  /** Resolves once the record is on the disk. @throws AgoraiError `storage_full` as the journal does. */
  append(record: ChargeRecord): Promise<ChargeRecord>
  /** What was written before this process began, oldest first. */
  replay(): AsyncGenerator<ChargeRecord>
  /** @throws AgoraiError why it takes nothing more */
  assertWritable(): Promise<void>
  /** Bytes written since the last turn. */
  bytes(): number
  /** Goes on in a new file. @returns Forgets what was written before; called once all of it was given back. */
  turn(): Promise<() => Promise<void>>
  close(): Promise<void>
}
