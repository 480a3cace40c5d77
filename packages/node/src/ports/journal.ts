import type { DeliveryGrant, TakedownDecision } from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { ContributionJournalRecord } from './contributionRecords.js'
import type { FeedJournalRecord } from './feedRecords.js'
import type { Erasure } from './keyStore.js'
import { nameOfPayment, type PaymentJournalRecord } from './paymentRecords.js'
import type { ServiceJournalRecord } from './serviceRecords.js'

/** A version's key was checked against the stored content and kept in the key store. */
export type KeyDeposited = {
  kind: 'key-deposited'
  manifestDigest: Hex
  /** The registry's `commitmentOf` the version, once `account` publishes this manifest. */
  commitment: Hex
  cid: string
  /** Length of the ciphertext in bytes. */
  bytes: number
  /** Who deposited it. It opens this account's publications only: anyone can publish a manifest that is public. */
  account: Address
}

/**
 * A holder was given the key of a version. The grant is kept so that a lost reply can be fetched again; the key is not:
 * it is sealed again for the same delivery key.
 */
export type DeliveryGranted = {
  kind: 'delivery-granted'
  holder: Address
  nonce: Hex
  requestDigest: Hex
  /** When the request expires, in unix seconds. */
  expiry: number
  /** Of the version's key in the key store. */
  commitment: Hex
  grant: Omit<DeliveryGrant, 'sealedKey' | 'erasedPartitions'>
}

/** A key is to be destroyed. Written down first, so that a destruction that was begun is carried through. */
export type KeyErased = {
  kind: 'key-erased'
  commitment: Hex
  manifestDigest: Hex
  erasure: Erasure
}

/** The operator ceased to serve something, or serves it again. */
export type TakenDown = {
  kind: 'taken-down'
  /** sha-256 of the decision as it was signed. */
  record: Hex
  decision: TakedownDecision
}

export type JournalRecord =
  | KeyDeposited
  | DeliveryGranted
  | KeyErased
  | TakenDown
  | ContributionJournalRecord
  | FeedJournalRecord
  | PaymentJournalRecord
  | ServiceJournalRecord

/**
 * What a record is about: there is one of each name, however many gateways write. Addresses come in any case; a nonce has
 * one spelling.
 */
export function nameOfRecord(record: JournalRecord): string {
  switch (record.kind) {
    case 'key-deposited':
      return `${record.kind}/${record.commitment}`
    case 'delivery-granted':
      return `${record.kind}/${record.holder.toLowerCase()}/${record.nonce}`
    case 'taken-down':
      return `${record.kind}/${record.record}`
    case 'key-erased':
      return `${record.kind}/${record.commitment}/${record.erasure.partition ?? 'all'}`
    case 'contribution-accepted':
    case 'contributions-withdrawn':
    case 'approval-revoked':
      return `${record.kind}/${record.id}`
    case 'service-started':
    case 'service-stopped':
      return `${record.kind}/${record.request}`
    case 'segment-appended':
      return `${record.kind}/${record.signed.segment.version}/${record.signed.segment.sequence}`
    case 'feed-keys-granted':
      return `${record.kind}/${record.holder.toLowerCase()}/${record.nonce}`
    default:
      return nameOfPayment(record)
  }
}

/** What the gateway acknowledged. Everything it must remember can be rebuilt from here and from the chain. */
export type Journal = {
  /**
   * Resolves once the record is on the disk. Concurrent appends share one sync.
   *
   * @returns The record that stands under this name: another gateway may have written one before.
   * @throws AgoraiError `storage_full` when a write or sync failed. A journal in a file then refuses every further record
   * until the node is restarted: after a failed sync nobody knows what the disk holds. `database_unavailable` when the
   * server that keeps it does not answer: whether it has the record shows when it is asked again.
   */
  append(record: JournalRecord): Promise<JournalRecord>
  /** All records that were on the disk when the journal was opened, oldest first. */
  replay(): AsyncGenerator<JournalRecord>
  /**
   * Where several gateways write: what was recorded since the replay or the last call, by anybody, in the order in which it
   * became true. What one gateway alone writes it remembers.
   */
  news?(): AsyncGenerator<JournalRecord>
  /** The records that stand under these names, wherever they are; for what nobody keeps in memory. */
  find(names: readonly string[]): Promise<JournalRecord[]>
  /** @throws AgoraiError what stops it from taking records. */
  assertWritable(): Promise<void>
  close(): Promise<void>
}
