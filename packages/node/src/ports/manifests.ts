import type { Hex } from 'viem'

/** Where the index finds the exact bytes of a manifest: the store that keeps what was uploaded. */
export type ManifestSource = {
  /** @param digest sha-256 of the bytes. */
  get(digest: Hex): Promise<Uint8Array | undefined>
}

/** Told of every manifest that is stored, so that search finds it at once. */
export type ManifestIndex = {
  /**
   * Adds a manifest to the index; adding it again changes nothing.
   *
   * @throws AgoraiError `manifest_invalid`
   */
  addManifest(bytes: Uint8Array): Promise<void>
}
