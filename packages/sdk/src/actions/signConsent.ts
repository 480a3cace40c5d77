import { toTypedData } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { chainTime } from '../transactions/chainTime.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type SignConsentParameters = {
  /** A version of an asset that the client's account owns. */
  version: bigint
  /** Who may build from it, or sell its work. */
  publisher: Address
  /** Of the one manifest that may be published with it; `prepareAsset` gives it. */
  manifestDigest: Hex
  /** How long it holds. Default: 30 days. */
  validForSeconds?: number | undefined
}

/** An owner's signed consent, as `publishAsset` takes it. Used once. */
export type SignedConsent = {
  version: bigint
  nonce: Hex
  /** Last second at which it holds, unix. */
  expiry: bigint
  signature: Hex
}

const validForSecondsDefault = 30 * 86_400

/**
 * Signs that one publisher may build one manifest from a version of the account's, or sell its work. Nothing is sent: the
 * publisher hands it in with the publication. Until then `revokeConsent` takes it back.
 *
 * @throws AgoraiError `wallet_declined`, `chain_unavailable`
 */
export async function signConsent(client: ChainClient, parameters: SignConsentParameters): Promise<SignedConsent> {
  const { version, publisher, manifestDigest, validForSeconds = validForSecondsDefault } = parameters
  walletOf(client)
  const nonce = randomWord()
  const expiry = (await chainTime(client)) + BigInt(validForSeconds)
  const { id: chainId, addresses } = client.info.chain
  const message = { version, publisher, manifestDigest, nonce, expiry }
  const domain = { chainId, assetRegistry: addresses.assetRegistry }
  const signature = await signMessage(client, toTypedData(domain, 'Consent', message))
  return { version, nonce, expiry, signature }
}
