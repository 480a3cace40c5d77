import type { Deployment } from '@agorai/core'
import type { Catalogue, IndexHealth } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { Journal } from '../ports/journal.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { ManifestIndex } from '../ports/manifests.js'
import type { Storage } from '../ports/storage.js'
import { catalogueRoutes } from './catalogue.js'
import { contentRoutes } from './content.js'
import { deliveryRoutes } from './deliveries.js'
import { createDocs } from './docs.js'
import { createApp } from './http/createApp.js'
import { hostNameOf } from './http/guards.js'
import type { ReportFailure } from './http/problems.js'
import { type HttpServer, serveHttp } from './http/serveHttp.js'
import { rebuildMemory } from './memory.js'
import { nodeRoutes, withOpenApi } from './node.js'
import { rpcRoutes } from './rpc.js'
import { createStaticFiles } from './static.js'
import { uploadRoutes } from './uploads.js'

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
  catalogue: Catalogue
  manifests: ManifestIndex
  indexHealth(): IndexHealth
  contentBytesMax: number
  webFolder: string
  report: ReportFailure
}

/** @throws AgoraiError `port_in_use`, `journal_damaged` */
export async function startGateway(options: StartGatewayOptions): Promise<HttpServer> {
  const { version, host, port, chain, rpc, addresses, storage, keys, catalogue } = options
  const memory = await rebuildMemory(options.journal)
  const domain = { chainId: chain.id, assetRegistry: addresses.assetRegistry }
  const uploader = { chain, domain, operator: keys.account.address }
  const { manifests, contentBytesMax } = options
  const routes = withOpenApi(
    [
      ...nodeRoutes({ version, chain, rpc, addresses, keys, catalogue, indexHealth: options.indexHealth }),
      ...catalogueRoutes(catalogue),
      ...contentRoutes(storage),
      ...uploadRoutes({ ...uploader, storage, memory, manifests, keys, contentBytesMax }),
      ...deliveryRoutes({ chain, addresses, domain, keys, memory, catalogue }),
      ...rpcRoutes(chain),
    ],
    version,
  )
  const serveDocs = createDocs()
  const serveFile = createStaticFiles(options.webFolder)
  const app = createApp({
    routes,
    fallback: async (request) => serveDocs(request) ?? (await serveFile(request)),
    hosts: hostNames(host, options.hosts),
    connectOrigins: rpc.startsWith('/') ? [] : [new URL(rpc).origin],
    report: options.report,
  })
  return serveHttp({ host, port, ...app })
}

function hostNames(host: string, more: readonly string[]): ReadonlySet<string> {
  const names = ['localhost', '127.0.0.1', '::1', host, ...more].map((name) =>
    hostNameOf(name.includes(':') && !name.startsWith('[') ? `[${name}]` : name),
  )
  return new Set(names.filter((name) => name !== undefined))
}
