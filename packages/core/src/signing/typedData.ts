import type { AbiParameterToPrimitiveType, Address, Hex } from 'viem'
import { encodeAbiParameters, getAbiItem, hashTypedData, keccak256 } from 'viem/utils'
import { assetRegistryAbi } from '../generated/index.js'
import type { SessionAcknowledgement, SessionRequest, UsageReceipt } from '../payments/receipts.js'

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
  ChunkReceipt: [
    { name: 'requestDigest', type: 'bytes32' },
    { name: 'manifestDigest', type: 'bytes32' },
    { name: 'index', type: 'uint256' },
    { name: 'chunkHash', type: 'bytes32' },
    { name: 'sentAt', type: 'uint256' },
  ],
  ErasureCertificate: [
    { name: 'commitment', type: 'bytes32' },
    { name: 'manifestDigest', type: 'bytes32' },
    { name: 'partition', type: 'int256' },
    { name: 'erasedAt', type: 'uint256' },
    { name: 'operator', type: 'address' },
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
  ApplicationApproval: [
    { name: 'asset', type: 'uint256' },
    { name: 'owner', type: 'address' },
    { name: 'application', type: 'address' },
    { name: 'purpose', type: 'string' },
    { name: 'grantedAt', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  ApprovalRevocation: [
    { name: 'asset', type: 'uint256' },
    { name: 'owner', type: 'address' },
    { name: 'application', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  ConsentRecord: [
    { name: 'asset', type: 'uint256' },
    { name: 'contributor', type: 'address' },
    { name: 'application', type: 'address' },
    { name: 'purpose', type: 'string' },
    { name: 'label', type: 'string' },
    { name: 'rowsRoot', type: 'bytes32' },
    { name: 'grantedAt', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  Withdrawal: [
    { name: 'asset', type: 'uint256' },
    { name: 'contributor', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  ContributionsRequest: [
    { name: 'asset', type: 'uint256' },
    { name: 'owner', type: 'address' },
    { name: 'deliveryKey', type: 'bytes32' },
    { name: 'operator', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  RowRequest: [
    { name: 'version', type: 'uint256' },
    { name: 'account', type: 'address' },
    { name: 'rowDigest', type: 'bytes32' },
    { name: 'operator', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  FeedSegment: [
    { name: 'version', type: 'uint256' },
    { name: 'sequence', type: 'uint256' },
    { name: 'previous', type: 'bytes32' },
    { name: 'content', type: 'bytes32' },
    { name: 'bytes', type: 'uint256' },
    { name: 'rows', type: 'uint256' },
    { name: 'root', type: 'bytes32' },
    { name: 'publishedAt', type: 'uint256' },
  ],
  UsageReceipt: [
    { name: 'session', type: 'bytes32' },
    { name: 'channel', type: 'bytes32' },
    { name: 'counter', type: 'uint256' },
    { name: 'version', type: 'uint256' },
    { name: 'payer', type: 'address' },
    { name: 'amount', type: 'uint256' },
    { name: 'usage', type: 'string' },
    { name: 'requestHash', type: 'bytes32' },
    { name: 'responseHash', type: 'bytes32' },
    { name: 'answeredAt', type: 'uint256' },
  ],
  SessionAcknowledgement: [
    { name: 'session', type: 'bytes32' },
    { name: 'payer', type: 'address' },
    { name: 'total', type: 'uint256' },
    { name: 'at', type: 'uint256' },
  ],
  SessionRequest: [
    { name: 'asset', type: 'uint256' },
    { name: 'holder', type: 'address' },
    { name: 'offer', type: 'uint256' },
    { name: 'operator', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint256' },
  ],
  Mandate: [
    { name: 'owner', type: 'address' },
    { name: 'agent', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'perCallMax', type: 'uint256' },
    { name: 'perDayMax', type: 'uint256' },
    { name: 'totalMax', type: 'uint256' },
    { name: 'assets', type: 'uint256[]' },
    { name: 'nonce', type: 'bytes32' },
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
/** An operator's word that it sent this chunk in a delivery. `chunkHash` is sha-256 of the sealed chunk. */
export type ChunkReceipt = { requestDigest: Hex; manifestDigest: Hex; index: bigint; chunkHash: Hex; sentAt: bigint }

/** An operator's word that it destroyed the key of a partition of a version, or, for partition -1, of all of them. */
export type ErasureCertificate = {
  commitment: Hex
  manifestDigest: Hex
  partition: bigint
  erasedAt: bigint
  operator: Address
}

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

/** The owner of an asset lets an application hand in contributions for one purpose. */
export type ApplicationApproval = {
  asset: bigint
  owner: Address
  application: Address
  purpose: string
  grantedAt: bigint
  nonce: Hex
  expiry: bigint
}
/** The owner of an asset takes back every approval that an application has for it until now. Any operator may be handed it. */
export type ApprovalRevocation = { asset: bigint; owner: Address; application: Address; nonce: Hex; expiry: bigint }
/** A contributor's consent that one set of rows is used for one purpose, under the name of `label`. */
export type ConsentRecord = {
  asset: bigint
  contributor: Address
  application: Address
  purpose: string
  label: string
  /** Salted root of the rows: without the salt, which is destroyed with their key, it says nothing of them. */
  rowsRoot: Hex
  grantedAt: bigint
  nonce: Hex
  expiry: bigint
}
/** A contributor takes back all that was given to an asset until now. Any operator may be handed it. */
export type Withdrawal = { asset: bigint; contributor: Address; nonce: Hex; expiry: bigint }
/** The owner of an asset asks for what was contributed to it, sealed to a delivery key. */
export type ContributionsRequest = {
  asset: bigint
  owner: Address
  deliveryKey: Hex
  operator: Address
  nonce: Hex
  expiry: bigint
}
/** Somebody who has a row asks for the proof that it is in a version. `rowDigest` is keccak256 of the row's bytes. */
export type RowRequest = {
  version: bigint
  account: Address
  rowDigest: Hex
  operator: Address
  nonce: Hex
  expiry: bigint
}
/** One more piece of a feed, by its publisher. Its EIP-712 digest is the next one's `previous`: what is appended stays. */
export type FeedSegment = {
  version: bigint
  /** From 0. */
  sequence: bigint
  /** Digest of the segment before; zero for the first. */
  previous: Hex
  /** sha-256 inside the CID of the ciphertext. */
  content: Hex
  /** Length of the plaintext. */
  bytes: bigint
  rows: bigint
  /** Salted root of the rows. */
  root: Hex
  publishedAt: bigint
}

/** The owner of a channel lets an agent spend from it. Amounts are in base units of the token; its days are those of UTC. */
export type Mandate = {
  owner: Address
  agent: Address
  token: Address
  /** The most that one signature of the agent gives away. */
  perCallMax: bigint
  perDayMax: bigint
  /** The most ever; 0 for what the channel holds. */
  totalMax: bigint
  /** Assets that may be paid for; none for all. */
  assets: readonly bigint[]
  nonce: Hex
  expiry: bigint
}

type Messages = {
  Mandate: Mandate
  DeliveryRequest: DeliveryRequest
  UploadRequest: UploadRequest
  DeliveryReceipt: DeliveryReceipt
  ChunkReceipt: ChunkReceipt
  ErasureCertificate: ErasureCertificate
  Consent: ConsentMessage
  Publish: PublishMessage
  Purchase: PurchaseMessage
  ApplicationApproval: ApplicationApproval
  ApprovalRevocation: ApprovalRevocation
  ConsentRecord: ConsentRecord
  Withdrawal: Withdrawal
  ContributionsRequest: ContributionsRequest
  RowRequest: RowRequest
  FeedSegment: FeedSegment
  UsageReceipt: UsageReceipt
  SessionAcknowledgement: SessionAcknowledgement
  SessionRequest: SessionRequest
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
