import type { Hex } from 'viem'

/** Bytes `start` to `end`, both included. */
export type ByteRange = { start: number; end: number }

/** What an object is: each kind is named by another hash. */
export type ObjectKind = 'content' | 'manifests' | 'chunks'

/** `name` is what the object is asked by: a CID, or the digest or root of the others. */
export type StoredObject = { name: string; bytes: number; storedAt: Date }

/** Ciphertext that came in as a file of this machine. `isChecked`: its CID was computed while it came. */
export type ArrivedFile = { path: string; isChecked: boolean }

/** A store of immutable objects, each named by the hash of its bytes. What it has is whole and as its name says. */
export type Storage = {
  /**
   * Stores ciphertext. It appears at once and whole, or not at all; storing it again changes nothing.
   *
   * @param bytes Length that was stated.
   * @param arrived The same bytes as a file, which a store on the same disk may take instead of writing another.
   * @throws AgoraiError `digest_mismatch`, `length_mismatch`, `storage_full`, `storage_unavailable`
   */
  putContent(cid: string, bytes: number, body: AsyncIterable<Uint8Array>, arrived?: ArrivedFile): Promise<void>
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
  /**
   * Stores the hashes of a content's chunks, one after the other. They were compared with the root, which names them.
   *
   * @throws AgoraiError `storage_full`
   */
  putChunkHashes(root: Hex, hashes: Uint8Array): Promise<void>
  getChunkHashes(root: Hex): Promise<Uint8Array | undefined>
  /** All objects of a kind, in the order of their names' ends. */
  list(kind: ObjectKind): AsyncGenerator<StoredObject>
  /** Removes an object that nobody needs any more; again, it changes nothing. */
  remove(kind: ObjectKind, name: string): Promise<void>
  /**
   * Bytes that it still takes; undefined where that has no bound.
   *
   * @throws AgoraiError what stops it from taking anything.
   */
  roomBytes(): Promise<number | undefined>
}
