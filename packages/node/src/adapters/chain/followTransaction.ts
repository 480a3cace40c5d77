import { setTimeout as pause } from 'node:timers/promises'
import type { Hex, PublicClient, TransactionReceipt } from 'viem'

/** What was sent under one nonce: its hashes, the newest last. */
export type SentTransaction = { nonce: number; hashes: Hex[] }

/** `lost` is what another transaction took the nonce of, so that it will never be mined. */
export type Fate = TransactionReceipt | 'lost' | 'unknown'

export type FollowTransactionOptions = {
  publicClient: PublicClient
  from: Hex
  local: boolean
  /** How long a transaction may wait until it is sent again for more. */
  patienceMs: number
  /** Whether none of the account waits under a lower nonce: more for a later one would not bring it forward. */
  isFirst(): boolean
  /** Sends it again for more. Must not throw. */
  replace(): Promise<void>
  signal: AbortSignal
}

/** How often a transaction is sent. */
const sendsMax = 5
/** Every so many looks the account's nonce is asked for, too. */
const looksPerNonce = 8

/** Waits until it is known what became of a transaction, and raises its price as long as it is not. */
export async function followTransaction(sent: SentTransaction, options: FollowTransactionOptions): Promise<Fate> {
  const { publicClient, from, local, patienceMs, isFirst, replace, signal } = options
  const waitMsMax = Math.min(local ? 200 : 2_000, patienceMs)
  let waitMs = local ? 2 : 250
  let sends = 1
  let sentAtMs = Date.now()
  let taken = false
  for (let look = 1; !signal.aborted; look++) {
    const receipt = await receiptOf(publicClient, sent.hashes)
    if (receipt !== undefined) return receipt
    // Its own receipt may have come between two questions, so it is looked for once more.
    if (taken) return 'lost'
    if (look % looksPerNonce === 0) {
      const used = await publicClient.getTransactionCount({ address: from, blockTag: 'latest' }).catch(() => 0)
      taken = used > sent.nonce
    }
    if (!isFirst()) sentAtMs = Date.now()
    else if (!taken && Date.now() - sentAtMs >= patienceMs) {
      if (sends === sendsMax) return 'unknown'
      sends += 1
      await replace()
      sentAtMs = Date.now()
    }
    await pause(waitMs, undefined, { signal }).catch(() => {})
    waitMs = Math.min(2 * waitMs, waitMsMax)
  }
  return 'unknown'
}

/** The receipt of whichever of the transactions was mined; undefined while none is known. */
async function receiptOf(publicClient: PublicClient, hashes: readonly Hex[]): Promise<TransactionReceipt | undefined> {
  for (const hash of hashes) {
    const receipt = await publicClient.getTransactionReceipt({ hash }).catch(() => undefined)
    if (receipt !== undefined) return receipt
  }
  return undefined
}
