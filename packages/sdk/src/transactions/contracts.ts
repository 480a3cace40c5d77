import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { ChainClient } from '../createChainClient.js'

/** The contracts of the client's chain, as calls name them. */
export const registryOf = ({ info }: ChainClient) =>
  ({ address: info.chain.addresses.assetRegistry, abi: assetRegistryAbi }) as const

export const ledgerOf = ({ info }: ChainClient) =>
  ({ address: info.chain.addresses.revenueLedger, abi: revenueLedgerAbi }) as const

export const marketOf = ({ info }: ChainClient) =>
  ({ address: info.chain.addresses.accessMarket, abi: accessMarketAbi }) as const
