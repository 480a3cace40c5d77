/** Whatever protects the operator's master keys at rest: a passphrase, or a key management service. */
export type Kms = {
  /** @throws AgoraiError `kms_unavailable` */
  wrap(plaintext: Uint8Array): Promise<Uint8Array>
  /** @throws AgoraiError `key_store_locked` when this is not what wrapped it, `kms_unavailable` */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>
}
