import type { Hex } from 'viem'

/** Bytes `start` to `end`, both included. */
export type ByteRange = { start: number; end: number }

/** A store of immutable objects, each named by the hash of its bytes. What it has is whole and as its name says. */
export type Storage = {
  /**
   * Stores ciphertext. It appears at once and whole, or not at all; storing it again changes nothing.
   *
   * @param bytes Length that was stated.
   * @throws AgoraiError `digest_mismatch`, `length_mismatch`, `storage_full`
   */
  putContent(cid: string, bytes: number, body: AsyncIterable<Uint8Array>): Promise<void>
  /** Length of stored ciphertext in bytes; undefined when it is not here. */
  contentBytes(cid: string): Promise<number | undefined>
  /** Reads stored ciphertext. The file is opened by the first read and closed when the reader stops. */
  readContent(cid: string, range?: ByteRange): AsyncGenerator<Uint8Array>
  /**
   * Stores the exact bytes of a manifest.
   *
   * @param digest sha-256 of the bytes.
   * @throws AgoraiError `digest_mismatch`, `storage_full`
   */
  putManifest(digest: Hex, bytes: Uint8Array): Promise<void>
  /** The exact bytes of a manifest; undefined when it is not here. */
  getManifest(digest: Hex): Promise<Uint8Array | undefined>
}
