import type { Address, Hex } from 'viem'
import type { DeliveryGranted, Journal, JournalRecord, KeyDeposited } from '../ports/journal.js'

/** What the gateway knows without asking the disk: rebuilt from the journal at each start. */
export type Memory = {
  /** The key of every version that the registry holds under this commitment, which names its publisher. */
  keyOf(commitment: Hex): KeyDeposited | undefined
  /** What was granted under a holder's nonce. Forgotten once the request has expired, as it is refused from then on. */
  grantOf(holder: Address, nonce: Hex): DeliveryGranted | undefined
  /** Appends a record and, once it is on the disk, remembers it. */
  record(record: JournalRecord): Promise<void>
}

/** How many grants come between two sweeps of the expired ones. */
const sweepEvery = 1_024

export async function rebuildMemory(journal: Journal): Promise<Memory> {
  const keys = new Map<Hex, KeyDeposited>()
  const grants = new Map<string, DeliveryGranted>()
  let sinceSweep = 0

  function remember(record: JournalRecord): void {
    if (record.kind === 'key-deposited') {
      keys.set(record.commitment, record)
      return
    }
    grants.set(slotOf(record.holder, record.nonce), record)
    sinceSweep += 1
    if (sinceSweep < sweepEvery) return
    sinceSweep = 0
    const now = Date.now() / 1000
    for (const [slot, { expiry }] of grants) if (expiry < now) grants.delete(slot)
  }

  for await (const record of journal.replay()) remember(record)

  return {
    keyOf: (commitment) => keys.get(commitment),
    grantOf: (holder, nonce) => grants.get(slotOf(holder, nonce)),
    async record(record) {
      await journal.append(record)
      remember(record)
    },
  }
}

/** Addresses come in any case; a nonce has one spelling. */
export const slotOf = (holder: Address, nonce: Hex): string => `${holder.toLowerCase()}/${nonce}`
