import { nodeInfoSchema } from '@agorai/core'
import type { AgoraiClient } from '@agorai/sdk'

const attemptsMax = 50
const delayMs = 100

/**
 * Waits, at most five seconds, until the node's index has seen a block, so that a page does not show what was before the
 * reader's own transaction. The transaction counts either way: an index that is late only makes the page late.
 */
export async function waitForIndex(client: AgoraiClient, block: bigint): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { chain } = await client.http.json(nodeInfoSchema, { path: 'api/v1/node' })
    if (BigInt(chain.indexedBlock) >= block) return
    await new Promise((resolve) => window.setTimeout(resolve, delayMs))
  }
}
