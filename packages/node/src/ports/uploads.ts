import type { Address } from 'viem'

/** A ciphertext that an account sends, perhaps in several goes. */
export type ContentUpload = {
  account: Address
  cid: string
  /** Length of the whole. */
  bytes: number
}

/** Where content arrives: what was sent stays until the rest comes, and is stored once all of it is there. */
export type Uploads = {
  /**
   * How many bytes of it are here already.
   *
   * @throws AgoraiError `quota_exceeded` when the account may not begin it.
   */
  receivedBytes(upload: ContentUpload): Promise<number>
  /**
   * Takes more of it. What arrives before the sender breaks off stays. A second sender of the same takes the place of the
   * first, which is as good as gone; or both write the same, where neither process knows of the other.
   *
   * @param start Where the body begins; nothing before it may be missing.
   * @returns How many bytes are here now; all of them when it is whole, checked and stored.
   * @throws AgoraiError `length_mismatch`, `digest_mismatch`, `quota_exceeded`, `storage_full`, `busy`
   */
  receive(upload: ContentUpload, start: number, body: AsyncIterable<Uint8Array>): Promise<number>
  /** Forgets what nobody has continued for long. @returns How many there were. */
  expire(): Promise<number>
}
