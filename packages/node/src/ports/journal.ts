import type { DeliveryGrant } from '@agorai/core'
import type { Address, Hex } from 'viem'

/** A content key was checked against the stored content and kept, sealed to the operator as it arrived. */
export type KeyDeposited = {
  kind: 'key-deposited'
  manifestDigest: Hex
  /** The registry's `commitmentOf` the version, once `account` publishes this manifest. */
  commitment: Hex
  cid: string
  /** Length of the ciphertext in bytes. */
  bytes: number
  sealedKey: Hex
  /** Who deposited it. It opens this account's publications only: anyone can publish a manifest that is public. */
  account: Address
}

/** A holder was given the key of a version. The grant is kept so that a lost reply can be fetched again. */
export type DeliveryGranted = {
  kind: 'delivery-granted'
  holder: Address
  nonce: Hex
  requestDigest: Hex
  /** When the request expires, in unix seconds. */
  expiry: number
  grant: DeliveryGrant
}

export type JournalRecord = KeyDeposited | DeliveryGranted

/** What the gateway acknowledged. Everything it must remember can be rebuilt from here and from the chain. */
export type Journal = {
  /**
   * Resolves once the record is on the disk. Concurrent appends share one sync.
   *
   * @throws AgoraiError `storage_full` when a write or sync failed. The journal then refuses every further record until
   * the node is restarted: after a failed sync nobody knows what the disk holds.
   */
  append(record: JournalRecord): Promise<void>
  /** All records that were on the disk when the journal was opened, oldest first. */
  replay(): AsyncGenerator<JournalRecord>
  close(): Promise<void>
}
