import { nodeInfoSchema } from '@agorai/core'
import type { AgoraiClient } from '@agorai/sdk'

const delayMs = 100

/**
 * Waits until the node has seen a block: `indexedBlock` before a page reads again what the reader's own transaction has
 * changed, `confirmedBlock` before the operator is asked for what was bought. When the time is over the caller goes on:
 * the transaction counts either way, and the node answers for itself.
 *
 * @param parameters.timeoutMs Default 5,000.
 */
export async function waitForBlock(
  client: AgoraiClient,
  parameters: { block: bigint; seenAs: 'indexedBlock' | 'confirmedBlock'; timeoutMs?: number },
): Promise<void> {
  const { block, seenAs, timeoutMs = 5_000 } = parameters
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += delayMs) {
    const { chain } = await client.http.json(nodeInfoSchema, { path: 'api/v1/node' })
    if (BigInt(chain[seenAs]) >= block) return
    await new Promise((resolve) => window.setTimeout(resolve, delayMs))
  }
}
