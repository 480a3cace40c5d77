import type { ChainClient } from '../createChainClient.js'
import { toAgoraiError } from './toAgoraiError.js'

/** Unix seconds by the chain's clock: a local chain may be ahead of or behind this machine's. */
export const chainTime = ({ publicClient }: ChainClient): Promise<bigint> =>
  publicClient.getBlock().then(
    ({ timestamp }) => timestamp,
    (cause: unknown) => {
      throw toAgoraiError(cause)
    },
  )
