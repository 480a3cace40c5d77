import { AgoraiError, isLocalChain } from '@agorai/core'
import { createPublicClient, defineChain, http, type Transport } from 'viem'
import type { Chain } from '../../ports/chain.js'

export type OpenRpcChainOptions = {
  rpcUrl: string
  /** How many blocks must follow a block before the node acts on it, or that the chain must have made it final. */
  confirmations: number | 'finalized'
  /** How the endpoint is reached. */
  makeTransport?(url: string, config: { retryCount: number; timeout: number }): Transport
}

const requestTimeoutMs = 10_000

/**
 * Uses a chain that somebody else runs.
 *
 * @throws AgoraiError `chain_unavailable` when it does not answer.
 */
export async function openRpcChain(options: OpenRpcChainOptions): Promise<Chain> {
  const { rpcUrl, confirmations, makeTransport = http } = options
  const transport = makeTransport(rpcUrl, { retryCount: 1, timeout: requestTimeoutMs })
  const id = await answerOf(() => createPublicClient({ transport }).getChainId())
  const chain = defineChain({
    id,
    name: `Chain ${id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const publicClient = createPublicClient({ chain, transport })
  return {
    id,
    local: isLocalChain(id),
    rpcUrl,
    publicClient,
    async confirmedBlockNumber() {
      if (confirmations === 'finalized') {
        const { number } = await answerOf(() => publicClient.getBlock({ blockTag: 'finalized' }))
        return number
      }
      const head = await answerOf(() => publicClient.getBlockNumber({ cacheTime: 0 }))
      return head < confirmations ? -1n : head - BigInt(confirmations)
    },
    stop: async () => {},
  }
}

async function answerOf<value>(ask: () => Promise<value>): Promise<value> {
  try {
    return await ask()
  } catch (cause) {
    // The URL may hold a secret, and viem quotes it; so the message says no more than this.
    throw new AgoraiError('chain_unavailable', 'The endpoint in AGORAI_RPC_URL does not answer.', { cause })
  }
}
