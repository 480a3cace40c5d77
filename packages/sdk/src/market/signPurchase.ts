import { accessMarketAbi, testUsdAbi } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { type AgoraiClient, walletOf } from '../createAgoraiClient.js'
import { readContract } from '../transactions/readContract.js'
import { toAgoraiError } from '../transactions/toAgoraiError.js'

export type Authorization = {
  from: Address
  amount: bigint
  validAfter: bigint
  validBefore: bigint
  signature: Hex
}

const validForSeconds = 3_600n

/**
 * Signs the payment of a purchase as an EIP-3009 `ReceiveWithAuthorization` to the ledger. Its nonce names the purchase and
 * the holder, so it pays for nothing else.
 */
export async function signPurchase(
  client: AgoraiClient,
  parameters: {
    purchase: { offerId: bigint; version: bigint; amountMax: bigint; nonce: number }
    token: Address
    /** Base units. */
    price: bigint
  },
): Promise<Authorization> {
  const { purchase, token, price } = parameters
  const { accessMarket, revenueLedger } = client.info.chain.addresses
  const wallet = walletOf(client)
  const from = wallet.account.address
  const erc20 = { address: token, abi: testUsdAbi } as const
  const [name, version, nonce, block] = await Promise.all([
    readContract(client, { ...erc20, functionName: 'name', args: [] }),
    readContract(client, { ...erc20, functionName: 'version', args: [] }),
    readContract(client, {
      address: accessMarket,
      abi: accessMarketAbi,
      functionName: 'authorizationNonceOf',
      args: [purchase, from],
    }),
    client.publicClient.getBlock().catch((cause: unknown) => {
      throw toAgoraiError(cause)
    }),
  ])
  // By the chain's clock: a local chain may be ahead of or behind this machine's.
  const validBefore = block.timestamp + validForSeconds
  const message = { from, to: revenueLedger, value: price, validAfter: 0n, validBefore, nonce }
  try {
    const signature = await wallet.signTypedData({
      account: wallet.account,
      domain: { name, version, chainId: client.info.chain.id, verifyingContract: token },
      types: {
        ReceiveWithAuthorization: [
          { name: 'from', type: 'address' },
          { name: 'to', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'validAfter', type: 'uint256' },
          { name: 'validBefore', type: 'uint256' },
          { name: 'nonce', type: 'bytes32' },
        ],
      },
      primaryType: 'ReceiveWithAuthorization',
      message,
    })
    return { from, amount: price, validAfter: 0n, validBefore, signature }
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}
