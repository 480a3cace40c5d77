import { isAgoraiError } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

const timeoutMsDefault = 60_000

/**
 * Asks again while the node waits for the chain to confirm what was just done there.
 *
 * @param parameters.timeoutMs Longest wait. Default 60,000.
 * @throws AgoraiError `not_confirmed` after that wait
 */
export async function untilConfirmed<value>(
  client: AgoraiClient,
  { ask, timeoutMs = timeoutMsDefault }: { ask: () => Promise<value>; timeoutMs?: number | undefined },
): Promise<value> {
  const pauseMs = client.info.chain.local ? 50 : 2_000
  const attemptsMax = Math.max(1, Math.ceil(timeoutMs / pauseMs))
  for (let made = 1; ; made++) {
    try {
      return await ask()
    } catch (error) {
      if (!isAgoraiError(error, 'not_confirmed') || made >= attemptsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
