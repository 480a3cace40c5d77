import type { Deployment } from '@agorai/core'
import type { Catalogue, IndexedChain, IndexHealth } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { ChargeLog } from '../ports/chargeLog.js'
import type { DenyList } from '../ports/denyList.js'
import type { Facilitator } from '../ports/facilitator.js'
import type { Inference } from '../ports/inference.js'
import type { Journal } from '../ports/journal.js'
import type { KeyStore } from '../ports/keyStore.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { ManifestIndex } from '../ports/manifests.js'
import type { Notices } from '../ports/notices.js'
import type { OperatorSender } from '../ports/operatorSender.js'
import type { Storage } from '../ports/storage.js'
import type { Uploads } from '../ports/uploads.js'
import { callRoutes } from './calls/callRoutes.js'
import { catalogueRoutes } from './catalogue.js'
import { catalogueOf, chainRoutes, type IndexedChains } from './chains.js'
import { contentUploadRoutes } from './contentUploads.js'
import { contributionRoutes } from './contributions.js'
import { deliveryRoutes } from './deliveries.js'
import { createDocs } from './docs.js'
import { createEraser, type EraseKey, finishErasures } from './eraseKey.js'
import { erasureRoutes } from './erasures.js'
import { eventRoutes } from './events.js'
import { feedKeyName } from './feeds/feedKeys.js'
import { feedRoutes } from './feeds/feeds.js'
import { type HealthRoutesOptions, healthRoutes } from './health.js'
import { createApp } from './http/createApp.js'
import { hostNameOf } from './http/guards.js'
import type { RequestObserver } from './http/observeRequests.js'
import type { ReportFailure } from './http/problems.js'
import type { Route } from './http/route.js'
import { type HttpServer, serveHttp } from './http/serveHttp.js'
import { type Memory, rebuildMemory } from './memory.js'
import { nodeRoutes, withOpenApi } from './node.js'
import { createBuiltInFacilitator } from './payments/builtInFacilitator.js'
import { createCashier } from './payments/createCashier.js'
import { openPayments, type PaymentSettings } from './payments/openPayments.js'
import { rpcRoutes } from './rpc.js'
import { createServices } from './services/createServices.js'
import { serviceRoutes } from './services/routes.js'
import { type ClientLimits, createServing } from './serving.js'
import { createSessions } from './sessions/createSessions.js'
import { createStaticFiles } from './static.js'
import { createDenials } from './takedowns/denials.js'
import { takedownRoutes } from './takedowns/routes.js'
import { servedCatalogue, servedDelivery, servedStorage, servedUploads } from './takedowns/served.js'
import { uploadRoutes } from './uploads.js'
import { finishWithdrawals } from './withdrawContributions.js'

export type StartGatewayOptions = {
  version: string
  host: string
  port: number
  /** Host names under which this node is known besides those of this machine. */
  hosts: readonly string[]
  chain: Chain
  /** JSON-RPC for everybody: an absolute URL, or a path of this node. */
  rpc: string
  addresses: Deployment
  storage: Storage
  journal: Journal
  keys: OperatorKeys
  keyStore: KeyStore
  catalogue: Catalogue
  /** Chains that can be read here besides. */
  otherChains: readonly IndexedChain[]
  manifests: ManifestIndex
  indexHealth(): Promise<IndexHealth>
  uploads: Uploads
  contentBytesMax: number
  limits: ClientLimits
  /** Whether a proxy of the operator's own says who asks. */
  behindProxy: boolean
  webFolder: string
  report: ReportFailure
  observer: RequestObserver
  health: HealthRoutesOptions
  notices: Notices
  denyList: DenyList
  sender: OperatorSender
  /** Somebody else's; undefined for the operator's own account. */
  facilitator: Facilitator | undefined
  payments: PaymentSettings
  inference: Inference
  /** What this gateway charges on sessions. */
  charges: ChargeLog
  onWarning(message: string, cause?: unknown): void
}

/** How long a caller waits for a payment to be mined, before it is told to come again. */
const settleTimeoutMs = 30_000

export type Gateway = HttpServer & { erase: EraseKey }

/** @throws AgoraiError `port_in_use`, `journal_damaged`, `key_store_damaged` */
export async function startGateway(options: StartGatewayOptions): Promise<Gateway> {
  const { version, host, port, chain, rpc, addresses, keys } = options
  const memory = await rebuildMemory(options.journal)
  const domain = { chainId: chain.id, assetRegistry: addresses.assetRegistry }
  const operator = keys.account.address
  const denials = createDenials(memory, options.denyList)
  const storage = servedStorage(options.storage, denials)
  const catalogue = servedCatalogue(options.catalogue, denials)
  const uploader = { chain, domain, operator, denials }
  const { manifests, keyStore, contentBytesMax } = options
  const uploads = servedUploads(options.uploads, denials)
  const services = createServices({
    chain,
    addresses,
    catalogue,
    storage,
    memory,
    keyStore,
    inference: options.inference,
    denials,
  })
  const eraseKey = createEraser({ domain, keys, memory, keyStore })
  const erase: EraseKey = async (commitment, partition) => {
    await eraseKey(commitment, partition)
    await services.forget(commitment)
    // A version that is erased whole is no feed any more, either.
    if (partition === undefined) await eraseKey(feedKeyName(commitment))
  }
  await finishErasures({ memory, keyStore })
  await finishWithdrawals({ memory, erase })
  const serving = createServing({ storage, domain, account: keys.account, limits: options.limits })
  const { sender, facilitator = createBuiltInFacilitator({ sender, settleTimeoutMs }) } = options
  const payments = await openPayments({
    chain,
    addresses,
    keys,
    memory,
    sender,
    facilitator,
    settings: options.payments,
  })
  const { channels, quotes } = payments
  const sessions = await createSessions({
    ...{ memory, chain, addresses, keys, domain },
    journal: options.journal,
    log: options.charges,
    freeAccounts: options.limits.freeAccounts,
    vouchers: channels && { desk: channels.desk, mandates: channels.mandates, quotes },
    findService: async (asset) => (await services.get(asset)).service,
    onWarning: options.onWarning,
  })
  const cashier = createCashier({ payments, sessions })
  const stopping = new AbortController()
  const own = { id: chain.id, addresses, catalogue, health: async () => options.indexHealth() }
  const chains: IndexedChains = [own, ...options.otherChains]
  const served = servedDelivery({ chain, addresses, memory, denials })
  const feedOptions = { ...uploader, addresses, storage, memory, keys, keyStore, stopping: stopping.signal }
  const routes = withOpenApi(
    [
      ...nodeRoutes({
        ...{ version, chain, rpc, addresses, keys, catalogue, indexHealth: options.indexHealth },
        depositMin: channels?.terms.depositMin ?? 0n,
      }),
      ...chainRoutes(chains),
      ...catalogueRoutes(catalogueOf(chains)),
      ...eventRoutes(catalogueOf(chains), stopping.signal),
      ...serving.routes,
      ...contentUploadRoutes({ ...uploader, storage, uploads, contentBytesMax }),
      ...uploadRoutes({ ...uploader, storage, memory, manifests, keys, keyStore, erase }),
      ...deliveryRoutes({ chain, addresses, domain, keys, keyStore, memory, catalogue, holders: serving.holders }).map(
        served,
      ),
      ...takedownRoutes({ ...uploader, memory, notices: options.notices }),
      ...erasureRoutes({ operator, memory, keyStore }),
      ...contributionRoutes({ ...uploader, addresses, storage, memory, keys, keyStore, catalogue, erase }),
      ...feedRoutes(feedOptions).map((item) => (item.method === 'post' ? served(item) : item)),
      ...serviceRoutes({ ...uploader, memory, services, channels: channels?.terms }),
      ...callRoutes({ services, cashier }),
      ...sessions.routes,
      ...rpcRoutes(chain),
      ...healthRoutes(options.health),
    ],
    version,
  )
  const serveDocs = createDocs()
  const serveFile = createStaticFiles(options.webFolder)
  const app = createApp({
    routes: withCaughtUp(serving.limit(routes), memory),
    fallback: async (request) => serveDocs(request) ?? (await serveFile(request)),
    hosts: hostNames(host, options.hosts),
    connectOrigins: rpc.startsWith('/') ? [] : [new URL(rpc).origin],
    report: options.report,
    observer: options.observer,
  })
  const server = await serveHttp({ host, port, behindProxy: options.behindProxy, ...app })
  return {
    ...server,
    stop: async (drainMs) => {
      // A stream of events would never end by itself.
      stopping.abort()
      await server.stop(drainMs)
      // What is not given back now is at the next start.
      await sessions
        .stop()
        .catch((cause: unknown) => options.onWarning('Slices of sessions wait for the next start.', cause))
      await payments.stop()
      await services.close()
    },
    erase,
  }
}

/** How old what a reader is told may be where other gateways write, too. */
const staleMsMax = 1_000

/** Whoever changes something is answered by what all gateways know; whoever reads, by what they knew a moment ago. */
function withCaughtUp(routes: readonly Route[], memory: Memory): Route[] {
  let caughtUpAt = Number.NEGATIVE_INFINITY
  return routes.map((item) => ({
    ...item,
    async handle(input) {
      if (item.hot === true) return item.handle(input)
      if (item.method !== 'get') await memory.catchUp()
      else if (performance.now() - caughtUpAt > staleMsMax) {
        caughtUpAt = performance.now()
        await memory.catchUp().catch(() => {})
      }
      return item.handle(input)
    },
  }))
}

export type StartHealthServerOptions = {
  host: string
  port: number
  health: HealthRoutesOptions
  observer: RequestObserver
  report: ReportFailure
}

/** Health and metrics on a port of their own, for the operator's machines. */
export function startHealthServer({
  host,
  port,
  health,
  observer,
  report,
}: StartHealthServerOptions): Promise<HttpServer> {
  const routes = healthRoutes(health)
  const app = createApp({
    routes,
    fallback: async () => undefined,
    hosts: undefined,
    connectOrigins: [],
    report,
    observer,
  })
  return serveHttp({ host, port, ...app })
}

function hostNames(host: string, more: readonly string[]): ReadonlySet<string> {
  const names = ['localhost', '127.0.0.1', '::1', host, ...more].map((name) =>
    hostNameOf(name.includes(':') && !name.startsWith('[') ? `[${name}]` : name),
  )
  return new Set(names.filter((name) => name !== undefined))
}
