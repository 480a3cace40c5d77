import type { SigningDomain } from '@agorai/core'
import type { OperatorKeys } from '../ports/keys.js'
import type { Storage } from '../ports/storage.js'
import { createBlocks } from './blocks.js'
import { createChunkHashes } from './chunkHashes.js'
import { createChunkReceipts } from './chunkReceipts.js'
import { contentRoutes } from './content.js'
import { createTurns } from './createTurns.js'
import type { Route } from './http/route.js'
import { ipfsRoutes } from './ipfs.js'
import { createBuckets } from './limits.js'

/** What one client may ask of content and deliveries; 0 is no limit. */
export type ClientLimits = { requestsPerSecond: number; bytesPerSecond: number; freeAccounts: number }

export type ServingOptions = {
  storage: Storage
  domain: SigningDomain
  account: OperatorKeys['account']
  limits: ClientLimits
}

/** Pieces of content that are read at once, whoever asks for them. */
const readsMax = 8
const burstSeconds = 5
/** A buyer asks for receipts when something is wrong, not all the time. */
const receiptsPerSecond = 8
const limitedPaths = /^\/(api\/v1\/(content|deliveries|manifests)|ipfs)\b/

/** Everything that sends content, within what each client may ask. */
export function createServing({ storage, domain, account, limits }: ServingOptions) {
  const { requestsPerSecond, bytesPerSecond } = limits
  const ofRequests = { perSecond: requestsPerSecond, burst: burstSeconds * requestsPerSecond }
  const requests = createBuckets(ofRequests)
  const clientBytes = createBuckets({ perSecond: bytesPerSecond, burst: burstSeconds * bytesPerSecond })
  const limit = createBuckets({ perSecond: receiptsPerSecond, burst: 64 })
  const sending = { storage, turns: createTurns({ runningMax: readsMax }), clientBytes }
  return {
    /** Deliveries of one holder. */
    holders: createBuckets(ofRequests),
    routes: [
      ...contentRoutes({
        ...sending,
        chunkHashes: createChunkHashes(storage),
        receipts: createChunkReceipts({ domain, account, limit }),
      }),
      ...ipfsRoutes({ ...sending, blocks: createBlocks(storage) }),
    ],
    /** Routes that answer `rate_limited` to a client who asks too often. */
    limit: (routes: readonly Route[]): Route[] =>
      routes.map((item) =>
        limitedPaths.test(item.path)
          ? {
              ...item,
              async handle(input) {
                requests.take(input.client)
                return item.handle(input)
              },
            }
          : item,
      ),
  }
}
