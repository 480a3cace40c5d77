import type { Address, Hex } from 'viem'
import { getAddress } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { randomWord } from '../transactions/signMessage.js'

const validForSeconds = 1_800

/** What every signed request to an operator has: who asks, whom, once, and until when. */
export const requestFields = (client: AgoraiClient): { operator: Address; nonce: Hex; expiry: bigint } => ({
  operator: getAddress(client.info.operator.address),
  nonce: randomWord(),
  expiry: BigInt(Math.floor(Date.now() / 1000) + validForSeconds),
})

export const signerOf = (client: AgoraiClient): Address => getAddress(walletOf(client).account.address)

export const signingDomainOf = ({ info: { chain } }: Pick<AgoraiClient, 'info'>) => ({
  chainId: chain.id,
  assetRegistry: chain.addresses.assetRegistry,
})
