import { createHttpFacilitator } from '../adapters/facilitator/httpFacilitator.js'
import { createInference } from '../adapters/inference/createInference.js'
import type { NodeConfig } from '../config.js'
import { startGateway } from '../gateway/createGateway.js'
import type { HealthRoutesOptions } from '../gateway/health.js'
import { watchErasures } from '../worker/watchErasures.js'
import type { Closing } from './closing.js'
import type { GatewayParts, Parts } from './parts.js'
import { openDenyList, openNotices } from './takedowns.js'
import { openUploads } from './uploads.js'

export type StartGatewayRoleOptions = {
  version: string
  closing: Closing
  health: HealthRoutesOptions
  report(cause: unknown, requestId: string): void
  onWarning(message: string, cause?: unknown): void
}

/** Answers requests, and destroys the keys that the chain says are erased. @returns The port. */
export async function startGatewayRole(
  config: NodeConfig,
  parts: Parts & { gateway: GatewayParts },
  options: StartGatewayRoleOptions,
): Promise<number> {
  const { telemetry, storage, chain, addresses, startBlock, indexer, catalogue, indexHealth, otherChains } = parts
  const { version, closing, health, report, onWarning } = options
  const { uploads, stop: stopUploads } = await openUploads(config, storage, onWarning)
  closing.add(stopUploads)
  const notices = await openNotices(config)
  closing.add(notices.close)
  const server = await startGateway({
    version,
    host: config.host,
    port: config.port,
    hosts: config.hosts,
    chain,
    rpc: chain.local ? '/rpc' : (config.publicRpcUrl ?? chain.rpcUrl),
    addresses,
    storage,
    ...parts.gateway,
    catalogue,
    otherChains,
    manifests: {
      // A manifest that the index cannot take now is found again in the store once its version is published.
      addManifest: (bytes) =>
        indexer.addManifest(bytes).catch((cause: unknown) => onWarning('A manifest waits to be indexed.', cause)),
    },
    indexHealth,
    uploads,
    contentBytesMax: config.contentBytesMax,
    limits: config.clientLimits,
    behindProxy: config.behindProxy,
    webFolder: config.webFolder,
    report,
    observer: telemetry,
    notices,
    denyList: openDenyList(config, onWarning),
    ...choosePaymentWay(config.payments),
    inference: createInference(config.inference),
    onWarning,
    health: config.metrics === 'main' ? { ...health, metrics: telemetry.metrics } : health,
  })
  closing.add(() => server.stop(config.drainSeconds * 1000))
  const { assetRegistry } = addresses
  const pollMs = chain.local ? 250 : 12_000
  closing.add(watchErasures({ chain, assetRegistry, startBlock, erase: server.erase, pollMs, onWarning }).stop)
  return server.port
}

/** How payments reach the chain: by the operator's own account, or by somebody else's server. */
function choosePaymentWay(payments: NodeConfig['payments']) {
  const { facilitatorUrl: url } = payments
  return { facilitator: url === undefined ? undefined : createHttpFacilitator({ url, settleTimeoutMs }), payments }
}

/** How long somebody else's facilitator may take until a caller is told to come again. */
const settleTimeoutMs = 30_000
