import { AgoraiError } from '@agorai/core'
import type { Address, Hash } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { ledgerOf } from '../transactions/contracts.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type RescueTillParameters = {
  /** An asset that the client's account owns. */
  asset: bigint
  /** Who receives it. Default: the client's account. */
  to?: Address | undefined
} & (
  | { what: 'ether' }
  /** All that the till has of a token that is not allowed for payment: one that is allowed is income, and is swept. */
  | { what: 'token'; token: Address }
  /** One token of an ERC-721 collection. */
  | { what: 'nft'; collection: Address; id: bigint }
)
export type RescueTillReturnType = {
  asset: bigint
  to: Address
  /** Base units, or the id of the NFT. */
  amountOrId: bigint
  hash: Hash
}

/**
 * Takes out of a till what is no income: ether, other tokens and NFTs that were sent to it.
 *
 * @throws AgoraiError `not_owner`, `transaction_reverted` for a token that is allowed for payment or an empty till,
 * `chain_unavailable`
 */
export async function rescueTill(client: ChainClient, parameters: RescueTillParameters): Promise<RescueTillReturnType> {
  const { asset, to = walletOf(client).account.address } = parameters
  const ledger = { ...ledgerOf(client), eventName: 'TillRescued' } as const
  const send = () => {
    switch (parameters.what) {
      case 'ether':
        return sendAndDecode(client, { ...ledger, functionName: 'rescueEther', args: [asset, to] })
      case 'token':
        return sendAndDecode(client, { ...ledger, functionName: 'rescueToken', args: [asset, parameters.token, to] })
      case 'nft': {
        const args = [asset, parameters.collection, parameters.id, to] as const
        return sendAndDecode(client, { ...ledger, functionName: 'rescueNft', args })
      }
      default:
        throw new AgoraiError('invalid_request', 'Rescue ether, a token or an nft.', { field: 'what' })
    }
  }
  const { events, hash } = await send()
  return { asset, to, amountOrId: onlyEvent(events).args.idOrAmount, hash }
}
