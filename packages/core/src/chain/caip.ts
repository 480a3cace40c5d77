import type { Address } from 'viem'
import { z } from 'zod'

/** Names that mean the same on every chain and in every program (Chain Agnostic Improvement Proposals). */

/** CAIP-2: a chain, such as `eip155:1`. */
export const toChainName = (chainId: number): string => `eip155:${chainId}`

/** CAIP-10: an account or a contract of a chain. */
export const toAccountName = (chainId: number, address: Address): string => `${toChainName(chainId)}:${address}`

/** CAIP-19: an asset, by its token in the registry. */
export const toAssetName = (chainId: number, assetRegistry: Address, asset: bigint | string): string =>
  `${toChainName(chainId)}/erc721:${assetRegistry.toLowerCase()}/${asset}`

export const chainNameSchema = z.string().regex(/^eip155:[1-9]\d{0,15}$/, 'must be a chain, such as eip155:1')
