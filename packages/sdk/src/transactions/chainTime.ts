import type { ChainClient } from '../createChainClient.js'
import { toAgoraiError } from './toAgoraiError.js'

/**
 * Unix seconds by the chain's clock, which on a local chain may be ahead of or behind this machine's. There the clock of the
 * last block stands still while nothing happens, so it is that of the next one.
 */
export const chainTime = ({ publicClient, info }: ChainClient): Promise<bigint> =>
  publicClient.getBlock({ blockTag: info.chain.local ? 'pending' : 'latest' }).then(
    ({ timestamp }) => timestamp,
    (cause: unknown) => {
      throw toAgoraiError(cause)
    },
  )
