import { AgoraiError, chainSchema, toAccountName, toAssetName, toChainName } from '@agorai/core'
import { z } from 'zod'
import type { Catalogue, IndexedChain } from '../ports/catalogue.js'
import { type Route, route } from './http/route.js'

/** The node's own chain, then the others. */
export type IndexedChains = readonly [IndexedChain, ...IndexedChain[]]

/** The catalogue of a chain by its name; of the node's own when none is named. */
export type CatalogueOf = (name: string | undefined) => Catalogue

export const catalogueOf =
  (chains: IndexedChains): CatalogueOf =>
  (name) => {
    if (name === undefined) return chains[0].catalogue
    const found = chains.find(({ id }) => toChainName(id) === name)
    if (found !== undefined) return found.catalogue
    const known = chains.map(({ id }) => toChainName(id)).join(', ')
    throw new AgoraiError('invalid_request', `This node does not index that chain. It indexes ${known}.`, {
      field: 'chain',
    })
  }

export function chainRoutes(chains: IndexedChains): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/chains',
      summary: 'The chains that this node indexes: reads take one as `chain`.',
      response: z.array(chainSchema),
      errors: [],
      handle: () => Promise.all(chains.map((chain, index) => describe(chain, index === 0))),
    }),
  ]
}

async function describe({ id, addresses, health }: IndexedChain, own: boolean): Promise<z.input<typeof chainSchema>> {
  const { assetRegistry, revenueLedger, accessMarket } = addresses
  const { state, indexedBlock, headBlock } = await health()
  return {
    id: toChainName(id),
    own,
    contracts: {
      assetRegistry: toAccountName(id, assetRegistry),
      revenueLedger: toAccountName(id, revenueLedger),
      accessMarket: toAccountName(id, accessMarket),
    },
    assets: toAssetName(id, assetRegistry, ''),
    index: state,
    indexedBlock,
    headBlock,
  }
}
