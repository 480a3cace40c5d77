import { toTypedData, type UploadRequest } from '@agorai/core'
import type { Hex } from 'viem'
import { getAddress } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type SignUploadParameters = {
  /** What is uploaded: `content/<cid>`, `manifests/<digest>` or `keys/<digest>`; also its path. */
  resource: string
  bytes: number
  /** sha-256 of the body; for content the digest inside its CID. */
  digest: Hex
}

const validForSeconds = 1_800

/** Headers by which an account puts its name to an upload. `isValid` says whether they still serve for a while. */
export type SignedUpload = { headers: Record<string, string>; isValid(): boolean }

/** @throws AgoraiError `wallet_declined` */
export async function signUpload(
  client: AgoraiClient,
  { resource, bytes, digest }: SignUploadParameters,
): Promise<SignedUpload> {
  const expiry = Math.floor(Date.now() / 1000) + validForSeconds
  const message: UploadRequest = {
    account: getAddress(walletOf(client).account.address),
    resource,
    bytes: BigInt(bytes),
    digest,
    operator: getAddress(client.info.operator.address),
    nonce: randomWord(),
    expiry: BigInt(expiry),
  }
  const domain = { chainId: client.info.chain.id, assetRegistry: client.info.chain.addresses.assetRegistry }
  const signature = await signMessage(client, toTypedData(domain, 'UploadRequest', message))
  const request = { ...message, bytes: String(message.bytes), expiry: String(message.expiry) }
  return {
    headers: { 'agorai-request': toBase64Url(JSON.stringify(request)), 'agorai-signature': signature },
    isValid: () => Date.now() / 1000 < expiry - validForSeconds / 2,
  }
}

const toBase64Url = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
