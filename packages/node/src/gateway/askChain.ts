import { AgoraiError, isAgoraiError } from '@agorai/core'
import { BaseError, HttpRequestError, SocketClosedError, TimeoutError } from 'viem'

const isTransportFailure = (error: unknown): boolean =>
  error instanceof HttpRequestError || error instanceof TimeoutError || error instanceof SocketClosedError

/**
 * Asks the chain. What the chain itself says no to is passed on.
 *
 * @throws AgoraiError `chain_unavailable` when it does not answer.
 */
export async function askChain<value>(ask: () => Promise<value>): Promise<value> {
  try {
    return await ask()
  } catch (error) {
    if (isAgoraiError(error) || !(error instanceof BaseError)) throw error
    if (error.walk(isTransportFailure) === null) throw error
    throw new AgoraiError('chain_unavailable', 'The chain does not answer; nothing was accepted.', { cause: error })
  }
}
