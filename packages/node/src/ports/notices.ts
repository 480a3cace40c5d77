import type { Notice } from '@agorai/core'
import type { Hex } from 'viem'

export type KeptNotice = Notice & { id: Hex; receivedAt: number }

/**
 * What people told the operator. It may name persons, so it stands apart from the journal, and is removed once nobody
 * needs it any more.
 */
export type Notices = {
  /** @throws AgoraiError `busy` when there are too many that nobody has dealt with. */
  add(notice: KeptNotice): Promise<void>
  list(): Promise<KeptNotice[]>
  remove(id: Hex): Promise<void>
}

/** More than anybody reads: what fills it up is not meant to be read. */
export const noticesMax = 10_000
