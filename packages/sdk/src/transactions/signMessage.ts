import type { Hex } from 'viem'
import { bytesToHex } from 'viem/utils'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { toAgoraiError } from './toAgoraiError.js'

/** An EIP-712 document, as `toTypedData` makes it. */
export type TypedDocument = { domain: object; types: object; primaryType: string; message: object }

/**
 * Signs an EIP-712 document with the client's account.
 *
 * @throws AgoraiError `wallet_declined`, `invalid_request` without an account
 */
export async function signMessage(client: ChainClient, document: TypedDocument): Promise<Hex> {
  const wallet = walletOf(client)
  try {
    const request = { account: wallet.account, ...document } as Parameters<typeof wallet.signTypedData>[0]
    return await wallet.signTypedData(request)
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}

/** A value that nobody used before. */
export const randomWord = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
