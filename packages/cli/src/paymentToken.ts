import { AgoraiError } from '@agorai/core'
import type { ChainClient } from '@agorai/sdk'
import { type Address, erc20Abi, isAddressEqual, zeroAddress } from 'viem'

export type PaymentToken = { address: Address; symbol: string; decimals: number }

/**
 * The token that prices are given in: the one without value on a local chain, else the one that is named.
 *
 * @throws AgoraiError `invalid_request` when none is named and the chain has no default.
 */
export async function paymentToken(client: ChainClient, named?: string): Promise<PaymentToken> {
  const address = named ?? client.info.chain.addresses.testUsd
  if (address === undefined || !/^0x[0-9a-fA-F]{40}$/.test(address))
    throw new AgoraiError('invalid_request', 'Name the payment token by its address, with --token.', { field: 'token' })
  const token = { address: address as Address, abi: erc20Abi } as const
  const [symbol, decimals] = await Promise.all([
    client.publicClient.readContract({ ...token, functionName: 'symbol' }),
    client.publicClient.readContract({ ...token, functionName: 'decimals' }),
  ])
  return { address: token.address, symbol, decimals }
}

/** The token of an offer by the chain: its decimals decide what `--max 10` means. A free offer need not have one. */
export const offerToken = async (client: ChainClient, token: Address): Promise<PaymentToken> =>
  isAddressEqual(token, zeroAddress) ? { address: token, symbol: '', decimals: 0 } : paymentToken(client, token)
