import { AgoraiError, type Deployment, deployments, type NodeInfo, nodeInfoSchema } from '@agorai/core'
import type { LocalAccount, WalletClient } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { type ChainClient, connectChain } from './createChainClient.js'
import { createHttp, type Fetch, type Http } from './http/createHttp.js'

export type AgoraiClient = Omit<ChainClient, 'info'> & {
  /** Base URL of the node. */
  node: URL
  /** What the node said of itself when the client was made. Its block numbers age; its addresses do not. */
  info: NodeInfo
  http: Http
}

export type CreateAgoraiClientParameters = {
  /** Base URL of a node, such as `http://127.0.0.1:4670`. */
  node: string | URL
  /** Signs with a key in this process. */
  account?: LocalAccount
  /** Signs elsewhere, in a browser's wallet for instance. It must have an account. */
  walletClient?: WalletClient
  /** JSON-RPC of the chain. Default: the one that the node names, which is then believed about the chain. */
  rpcUrl?: string
  /** Contracts to trust. Default: those that are known for the chain; the node's word alone is not enough. */
  deployment?: Deployment
  /** Default: the global one. */
  fetch?: Fetch
}

/**
 * Connects to a node and to the chain that the node names.
 *
 * @throws AgoraiError `node_unavailable`, `deployment_unknown`, `invalid_request` for a bad URL or a wallet without account, `chain_not_local`
 * for a development account on any chain but the local one.
 * @example const client = await createAgoraiClient({ node: 'http://127.0.0.1:4670' })
 */
export async function createAgoraiClient(parameters: CreateAgoraiClientParameters): Promise<AgoraiClient> {
  const { account, walletClient, fetch = globalThis.fetch } = parameters
  const node = toBaseUrl(parameters.node)
  const api = createHttp(node, (...request) => fetch(...request))
  const info = await api.json(nodeInfoSchema, { path: 'api/v1/node' })
  assertKnown(info, parameters.deployment ?? deployments[info.chain.id])
  const { id, local } = info.chain
  const rpcUrl = parameters.rpcUrl ?? new URL(info.chain.rpc, node).href
  return { node, info, http: api, ...connectChain({ id, local, rpcUrl, account, walletClient }) }
}

/** Money is approved and sent to these addresses: a node could name its own. */
function assertKnown({ chain: { id, addresses } }: NodeInfo, known: Deployment | undefined): void {
  if (known === undefined)
    throw new AgoraiError('deployment_unknown', `No contracts are known on chain ${id}.`, { field: 'deployment' })
  const names = ['assetRegistry', 'revenueLedger', 'accessMarket', 'contentProofs', 'operatorReceivers'] as const
  for (const name of names)
    if (!isAddressEqual(addresses[name], known[name]))
      throw new AgoraiError('deployment_unknown', `The node's ${name} on chain ${id} is ${addresses[name]}.`, {
        field: `deployment.${name}`,
        details: { known: known[name], named: addresses[name] },
      })
}

/** @throws AgoraiError `invalid_request` */
export function toBaseUrl(input: string | URL): URL {
  const url = URL.canParse(String(input)) ? new URL(input) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new AgoraiError('invalid_request', 'The address of the node is not an http or https URL.', { field: 'node' })
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  url.search = ''
  url.hash = ''
  return url
}
