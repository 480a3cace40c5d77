import type { AbiParameterToPrimitiveType, Address, Hex } from 'viem'
import { encodeAbiParameters, getAbiItem, hashTypedData, keccak256 } from 'viem/utils'
import { assetRegistryAbi } from '../generated/index.js'

/**
 * What is signed. The domain names the chain and one contract of that chain, so a signature for one deployment is worth
 * nothing on another: the AccessMarket for a purchase, else the AssetRegistry. Requests to an operator name their signer,
 * the operator, a nonce and an expiry; the other documents are read by the contracts.
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
  Consent: [
    { name: 'version', type: 'uint256' },
    { name: 'publisher', type: 'address' },
    { name: 'manifestDigest', type: 'bytes32' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  Publish: [
    { name: 'publisher', type: 'address' },
    { name: 'kind', type: 'uint8' },
    { name: 'manifestDigest', type: 'bytes32' },
    { name: 'terms', type: 'bytes32' },
    { name: 'nonce', type: 'uint256' },
    { name: 'expiry', type: 'uint256' },
  ],
  Purchase: [
    { name: 'offerId', type: 'uint256' },
    { name: 'version', type: 'uint256' },
    { name: 'payer', type: 'address' },
    { name: 'holder', type: 'address' },
    { name: 'quantity', type: 'uint32' },
    { name: 'amountMax', type: 'uint256' },
    { name: 'nonce', type: 'uint32' },
    { name: 'expiry', type: 'uint256' },
  ],
} as const

export type SigningDomain = { chainId: number; assetRegistry: Address }
export type MarketDomain = { chainId: number; accessMarket: Address }

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

/** The owner of `version` lets `publisher` build from it, or sell its work, in the publication of one manifest. */
export type ConsentMessage = { version: bigint; publisher: Address; manifestDigest: Hex; nonce: Hex; expiry: bigint }
/** A publication that anyone may send for its publisher. `terms` is `publicationTermsHash`. */
export type PublishMessage = {
  publisher: Address
  kind: number
  manifestDigest: Hex
  terms: Hex
  nonce: bigint
  expiry: bigint
}
/** A purchase that anyone may send for its payer. */
export type PurchaseMessage = {
  offerId: bigint
  version: bigint
  payer: Address
  holder: Address
  quantity: number
  amountMax: bigint
  nonce: number
  expiry: bigint
}

type Messages = {
  DeliveryRequest: DeliveryRequest
  UploadRequest: UploadRequest
  DeliveryReceipt: DeliveryReceipt
  Consent: ConsentMessage
  Publish: PublishMessage
  Purchase: PurchaseMessage
}
type DomainOf<name extends keyof Messages> = name extends 'Purchase' ? MarketDomain : SigningDomain

/** The EIP-712 document of a message, as wallets take it. */
export function toTypedData<name extends keyof Messages>(
  domain: DomainOf<name>,
  primaryType: name,
  message: Messages[name],
) {
  const verifyingContract = 'accessMarket' in domain ? domain.accessMarket : domain.assetRegistry
  return {
    domain: { name: 'Agorai', version: '1', chainId: domain.chainId, verifyingContract },
    types: { [primaryType]: signingTypes[primaryType] } as { [key in name]: (typeof signingTypes)[name] },
    primaryType,
    message,
  }
}

/** The 32-byte EIP-712 digest that is signed. */
export function hashMessageOf<name extends keyof Messages>(
  domain: DomainOf<name>,
  primaryType: name,
  message: Messages[name],
): Hex {
  return hashDocument(toTypedData(domain, primaryType, message))
}

/** The 32-byte digest of any EIP-712 document. */
export const hashDocument = (document: { domain: object; types: object; primaryType: string; message: object }): Hex =>
  hashTypedData(document as Parameters<typeof hashTypedData>[0])

const publishFor = getAbiItem({ abi: assetRegistryAbi, name: 'publishFor' })
const [, , publicationParameter, offersParameter] = publishFor.inputs

/** A publication and first offers, as the registry takes them. */
export type PublicationArgument = AbiParameterToPrimitiveType<typeof publicationParameter>
export type OfferTermsArgument = AbiParameterToPrimitiveType<typeof offersParameter>[number]

/** What a signed publication commits to beside its manifest: keccak256(abi.encode(publication, offers)). */
export const publicationTermsHash = (publication: PublicationArgument, offers: readonly OfferTermsArgument[]): Hex =>
  keccak256(encodeAbiParameters([publicationParameter, offersParameter], [publication, offers]))
