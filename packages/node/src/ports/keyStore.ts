import type { KeptSecrets } from '@agorai/core'
import type { Address, Hex } from 'viem'

/** The operator's signed word that it destroyed a key: an EIP-712 `ErasureCertificate`. */
export type Erasure = {
  /** The partition whose key is destroyed; null is all of them. */
  partition: number | null
  /** Unix seconds. */
  erasedAt: number
  signature: Hex
}

/** What everybody may know of a kept key. */
export type KeyFacts = {
  /** The registry's `commitmentOf` the version, once `account` publishes this manifest. */
  commitment: Hex
  manifestDigest: Hex
  cid: string
  /** Length of the ciphertext in bytes. */
  bytes: number
  /** Who deposited it. It opens this account's publications only: anyone can publish a manifest that is public. */
  account: Address
}

export type KeptKey = KeyFacts & {
  /** Null for each partition whose key is destroyed. */
  secrets: KeptSecrets
  erasures: readonly Erasure[]
}

/**
 * The keys of all versions, encrypted under the operator's master key and apart from all that may be copied freely. A key
 * is lost on purpose only, and then for good: what was destroyed under a commitment never comes back.
 */
export type KeyStore = {
  /**
   * Resolves once the key is durable. What a commitment has already stays as it is, whole or destroyed.
   *
   * @throws AgoraiError `storage_full`, `database_unavailable`
   */
  put(key: KeyFacts & { secrets: KeptSecrets }): Promise<void>
  /** @throws AgoraiError `key_store_damaged` */
  get(commitment: Hex): Promise<KeptKey | undefined>
  /**
   * Destroys the key of one partition or of all; again, it changes nothing. Resolves once no store that is read from now
   * on has it.
   *
   * @returns Whether there is anything of this commitment here.
   * @throws AgoraiError `storage_full`, `database_unavailable`
   */
  destroy(commitment: Hex, erasure: Erasure): Promise<boolean>
  /** Commitments of all keys, also of destroyed ones. */
  list(): AsyncGenerator<Hex>
  /** Encrypts every key anew under the present master key. @returns How many there are. */
  rewrap(): Promise<number>
  /** The documents as they are kept, for a backup. */
  export(): AsyncGenerator<Uint8Array>
  /** Takes a document of `export` back, unless something is kept under its commitment. */
  import(document: Uint8Array): Promise<void>
  close(): Promise<void>
}
