import { type Hash, type PublicClient, type TransactionReceipt, WaitForTransactionReceiptTimeoutError } from 'viem'

export type WaitForReceiptOptions = {
  /** Longest wait. Default 120,000. */
  timeoutMs?: number
  pollingInterval?: number
}

const attemptMs = 2_000

/**
 * Waits until a transaction is mined. A chain that mines on demand makes no further block by itself, and its receipt may
 * appear a moment after its block: waiting for the next block would be waiting for ever, so the receipt is asked for again.
 *
 * @throws WaitForTransactionReceiptTimeoutError after `timeoutMs`
 */
export async function waitForReceipt(
  client: PublicClient,
  hash: Hash,
  { timeoutMs = 120_000, pollingInterval = 5 }: WaitForReceiptOptions = {},
): Promise<TransactionReceipt> {
  const attempts = Math.max(1, Math.ceil(timeoutMs / attemptMs))
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.waitForTransactionReceipt({ hash, pollingInterval, timeout: attemptMs })
    } catch (error) {
      if (!(error instanceof WaitForTransactionReceiptTimeoutError) || attempt >= attempts) throw error
    }
  }
}
