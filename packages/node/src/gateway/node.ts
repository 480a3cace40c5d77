import { type Deployment, nodeInfoSchema } from '@agorai/core'
import { z } from 'zod'
import type { Catalogue, IndexHealth } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { OperatorKeys } from '../ports/keys.js'
import { openApiDocument } from './http/openApi.js'
import { type Route, route } from './http/route.js'

export type NodeRoutesOptions = {
  version: string
  chain: Chain
  /** JSON-RPC for everybody: an absolute URL, or a path of this node. */
  rpc: string
  addresses: Deployment
  keys: OperatorKeys
  catalogue: Catalogue
  indexHealth(): Promise<IndexHealth>
  /** The least deposit into a payment channel, in base units. */
  depositMin: bigint
}

const healthSchema = z.strictObject({
  status: z.enum(['ok', 'degraded']),
  index: z.string(),
  indexedBlock: z.number().int(),
  headBlock: z.number().int(),
})

/** What this node is: its chain, its contracts, its operator, its state. */
export function nodeRoutes(options: NodeRoutesOptions): Route[] {
  const { version, chain, rpc, addresses, keys, catalogue, indexHealth, depositMin } = options
  const { governor, assetRegistry, revenueLedger, accessMarket, contentProofs, operatorReceivers } = addresses
  const { batchSettlement, depositCollector, testUsd } = addresses
  return [
    route({
      method: 'get',
      path: '/api/v1/node',
      summary: 'The chain, the contracts and the operator of this node.',
      response: nodeInfoSchema,
      errors: ['chain_unavailable'],
      async handle() {
        const [confirmedBlock, indexedBlock] = await Promise.all([
          chain.confirmedBlockNumber(),
          catalogue.indexedBlock(),
        ])
        return {
          version,
          chain: {
            id: chain.id,
            local: chain.local,
            rpc,
            addresses: {
              governor,
              assetRegistry,
              revenueLedger,
              accessMarket,
              contentProofs,
              operatorReceivers,
              ...(batchSettlement && depositCollector ? { batchSettlement, depositCollector } : {}),
              ...(testUsd && chain.local ? { testUsd } : {}),
            },
            confirmedBlock: Number(confirmedBlock),
            indexedBlock,
          },
          operator: {
            address: keys.account.address,
            encryptionKey: keys.encryption.publicKey,
            depositMin: String(depositMin),
          },
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/health',
      summary: 'Whether this node does its work.',
      response: healthSchema,
      errors: ['chain_unavailable'],
      async handle() {
        await chain.confirmedBlockNumber()
        const { state, indexedBlock, headBlock } = await indexHealth()
        const status = state === 'following' || state === 'catching_up' || state === 'starting' ? 'ok' : 'degraded'
        return { status, index: state, indexedBlock, headBlock } as const
      },
    }),
  ]
}

/** The OpenAPI document of all routes, itself included. */
export function withOpenApi(routes: readonly Route[], version: string): Route[] {
  const all: Route[] = [...routes]
  all.push(
    route({
      method: 'get',
      path: '/api/v1/openapi.json',
      summary: 'This interface as an OpenAPI 3.1 document.',
      rawResponse: 'application/json',
      errors: [],
      handle: async () => Response.json(document, { headers: { 'access-control-allow-origin': '*' } }),
    }),
  )
  const document = openApiDocument(all, version)
  return all
}
