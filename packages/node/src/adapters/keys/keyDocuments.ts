import type { Hex } from 'viem'
import type { KeyDocument } from './keyDocument.js'

/** Where closed keys lie. Every change is durable when it resolves. */
export type KeyDocuments = {
  /** Commitments in ascending order of their place. */
  list(): AsyncGenerator<Hex>
  /** @throws AgoraiError `key_store_damaged` */
  read(commitment: Hex): Promise<KeyDocument | undefined>
  /** Unless there is one. */
  insert(document: KeyDocument): Promise<void>
  /**
   * Puts another in the place of one, with nobody in between; `undefined` leaves it. The old one is gone from what is read.
   *
   * @returns Whether there is one.
   */
  change(commitment: Hex, change: (document: KeyDocument) => KeyDocument | undefined): Promise<boolean>
  /** Gets rid of what changes left behind. */
  settle(): Promise<void>
  close(): Promise<void>
}
