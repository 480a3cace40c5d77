import type { Address, Hex } from 'viem'
import { hashTypedData } from 'viem/utils'

/**
 * Signed requests. The domain names the chain and the AssetRegistry of that chain, so a signature for one deployment is
 * worth nothing on another; each message names its signer, the operator it is for, a nonce and an expiry.
 */
export const signingTypes = {
  DeliveryRequest: [
    { name: 'version', type: 'uint256' },
    { name: 'holder', type: 'address' },
    { name: 'deliveryKey', type: 'bytes32' },
    { name: 'operator', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  UploadRequest: [
    { name: 'account', type: 'address' },
    { name: 'resource', type: 'string' },
    { name: 'bytes', type: 'uint256' },
    { name: 'digest', type: 'bytes32' },
    { name: 'operator', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  DeliveryReceipt: [
    { name: 'requestDigest', type: 'bytes32' },
    { name: 'manifestDigest', type: 'bytes32' },
    { name: 'grantedAt', type: 'uint256' },
  ],
} as const

export type SigningDomain = { chainId: number; assetRegistry: Address }

export type DeliveryRequest = {
  version: bigint
  holder: Address
  deliveryKey: Hex
  operator: Address
  nonce: Hex
  expiry: bigint
}
export type UploadRequest = {
  account: Address
  resource: string
  bytes: bigint
  digest: Hex
  operator: Address
  nonce: Hex
  expiry: bigint
}
export type DeliveryReceipt = { requestDigest: Hex; manifestDigest: Hex; grantedAt: bigint }

type Messages = { DeliveryRequest: DeliveryRequest; UploadRequest: UploadRequest; DeliveryReceipt: DeliveryReceipt }

/** The EIP-712 document of a message, as wallets take it. */
export function toTypedData<name extends keyof Messages>(
  domain: SigningDomain,
  primaryType: name,
  message: Messages[name],
) {
  return {
    domain: { name: 'Agorai', version: '1', chainId: domain.chainId, verifyingContract: domain.assetRegistry },
    types: { [primaryType]: signingTypes[primaryType] } as { [key in name]: (typeof signingTypes)[name] },
    primaryType,
    message,
  }
}

/** The 32-byte EIP-712 digest that is signed. */
export function hashMessageOf<name extends keyof Messages>(
  domain: SigningDomain,
  primaryType: name,
  message: Messages[name],
): Hex {
  return hashDocument(toTypedData(domain, primaryType, message))
}

/** The 32-byte digest of any EIP-712 document. */
export const hashDocument = (document: { domain: object; types: object; primaryType: string; message: object }): Hex =>
  hashTypedData(document as Parameters<typeof hashTypedData>[0])
