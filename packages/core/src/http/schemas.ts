import { z } from 'zod'
import { assetKinds } from '../assets/kinds.js'
import { manifestSchema } from '../assets/manifest.js'
import { termsSchema } from '../assets/terms.js'
import { chainNameSchema } from '../chain/caip.js'
import { partitionsMax } from '../content/partitions.js'
import { bracketsMax, usages } from '../market/encoding.js'
import {
  addressSchema,
  bpsSchema,
  bytes32Schema,
  cidSchema,
  hexSchema,
  sealedSecretsSchema,
  uintSchema,
  unixSchema,
} from './primitives.js'

/** Bodies of the HTTP API under `/api/v1`. Money, ids and nonces are decimal strings. */

export const usageSchema = z.enum(usages)
export const kindSchema = z.enum(assetKinds)

export const nodeInfoSchema = z.strictObject({
  version: z.string(),
  chain: z.strictObject({
    id: z.number().int(),
    /** Whether it is a chain for development, where development keys and tokens are accepted. */
    local: z.boolean(),
    /** JSON-RPC of the chain: an absolute URL, or a path of this node. */
    rpc: z.string(),
    addresses: z.strictObject({
      /** The timelock that sets what is governed. */
      governor: addressSchema,
      assetRegistry: addressSchema,
      revenueLedger: addressSchema,
      accessMarket: addressSchema,
      /** Checks proofs about content. */
      contentProofs: addressSchema,
      /** Makes the contracts that operators' payment channels pay to. */
      operatorReceivers: addressSchema,
      /** x402's payment channels, and what takes EIP-3009 deposits into them; where the chain has them. */
      batchSettlement: addressSchema.optional(),
      depositCollector: addressSchema.optional(),
      /** A payment token without value; on local chains only. */
      testUsd: addressSchema.optional(),
    }),
    /** Highest block that the gateway acts on, and highest block that the index has seen. */
    confirmedBlock: z.number().int(),
    indexedBlock: z.number().int(),
  }),
  operator: z.strictObject({
    address: addressSchema,
    /** X25519 public key to which content keys are sealed. */
    encryptionKey: bytes32Schema,
    /** The least deposit into a payment channel that it sends, in base units; 0 where it takes any. */
    depositMin: uintSchema,
  }),
})

/** A chain whose index this node can be asked for, with names that mean the same everywhere (CAIP-2, -10, -19). */
export const chainSchema = z.strictObject({
  id: chainNameSchema,
  /** The chain that this node serves; the others are for reading. */
  own: z.boolean(),
  contracts: z.strictObject({ assetRegistry: z.string(), revenueLedger: z.string(), accessMarket: z.string() }),
  /** What an asset's id is put after. */
  assets: z.string(),
  index: z.string(),
  indexedBlock: z.number().int(),
  headBlock: z.number().int(),
})

export const edgeSchema = z.strictObject({ ancestor: uintSchema, bps: bpsSchema })
export const supplySchema = z.strictObject({ supplier: uintSchema, bps: bpsSchema })
export const bracketSchema = z.strictObject({ fromDay: z.number().int().min(1), bps: bpsSchema })

export const offerSchema = z.strictObject({
  id: uintSchema,
  asset: uintSchema,
  token: z.strictObject({ address: addressSchema, symbol: z.string(), decimals: z.number().int() }),
  /** Base units of the token: of a perpetual pass, or of one day of a timed one; of an exclusive offer its reserve. */
  price: uintSchema,
  usage: usageSchema,
  open: z.boolean(),
  timed: z.boolean(),
  /** Whether holders may transfer their passes. */
  transferable: z.boolean(),
  /** Hours in which a perpetual pass may be given back; 0 is final. */
  refundHours: z.number().int().min(0),
  /** Root of the accounts that may buy; null is everyone. */
  gate: bytes32Schema.nullable(),
  brackets: z.array(bracketSchema).max(bracketsMax),
  /** When an exclusive offer was listed, from which its price falls; null for the others. */
  listedAt: unixSchema.nullable(),
})

/** How many of a list are given where nobody says how many. */
export const pageDefault = 20

/** Where a page of offers ended: whether the last one was open, and its id. */
export const offerCursorSchema = z
  .string()
  .regex(/^(open|closed)-(0|[1-9]\d{0,20})$/, 'must be the nextCursor of a page')

/** A page of an asset's offers: those that are open as they were listed, then those that are not. */
export const offerListSchema = z.strictObject({
  offers: z.array(offerSchema),
  nextCursor: offerCursorSchema.nullable(),
})

export const versionSchema = z.strictObject({
  id: uintSchema,
  asset: uintSchema,
  kind: kindSchema,
  publisher: addressSchema,
  manifestDigest: bytes32Schema,
  contributorRoot: bytes32Schema,
  contributorBps: bpsSchema,
  terms: termsSchema,
  feeBps: bpsSchema,
  parents: z.array(uintSchema),
  /** Royalties: what its sales owe each ancestor. */
  edges: z.array(edgeSchema),
  suppliers: z.array(uintSchema),
  /** What its sales owe each version whose work it sells. */
  supplies: z.array(supplySchema),
  /** Whether its content is erased: it is no longer delivered, sold or built from. */
  erased: z.boolean(),
  block: z.number().int(),
  transaction: bytes32Schema,
  publishedAt: unixSchema,
})

/** Where a page of versions ended: the id of the last one, and so of the oldest. */
export const versionCursorSchema = z.string().regex(/^(0|[1-9]\d{0,14})$/, 'must be the nextCursor of a page')

/** A page of what an asset published, the newest first. */
export const versionListSchema = z.strictObject({
  versions: z.array(versionSchema),
  nextCursor: versionCursorSchema.nullable(),
})

/** A vertex of the lineage picture. `name` is null while this node does not have the manifest. */
export const vertexSchema = z.strictObject({
  version: uintSchema,
  asset: uintSchema,
  kind: kindSchema,
  name: z.string().nullable(),
  owner: addressSchema,
  edges: z.array(edgeSchema),
  parents: z.array(uintSchema),
  supplies: z.array(supplySchema),
  suppliers: z.array(uintSchema),
  terms: termsSchema,
  erased: z.boolean(),
  feeBps: bpsSchema,
  contributorBps: bpsSchema,
  contributors: z.array(z.strictObject({ account: addressSchema, weight: uintSchema, label: z.string() })),
  /** Of a collection, what it gathers; `contributors` is then empty. */
  members: z.array(z.strictObject({ version: uintSchema, weight: uintSchema })),
})

export const assetSummarySchema = z.strictObject({
  id: uintSchema,
  kind: kindSchema,
  owner: addressSchema,
  /** The current version. */
  version: versionSchema,
  /** Null while this node does not have the manifest. */
  name: z.string().nullable(),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  licence: z.string().nullable(),
  /** The first of them, open ones before those that are not. */
  offers: z.array(offerSchema).max(pageDefault),
  /** From where `GET /api/v1/assets/{id}/offers` goes on; null where these are all. */
  offersCursor: offerCursorSchema.nullable(),
  /** Passes granted so far. */
  sales: z.number().int(),
  /** Ended by its owner: nothing more is sold or built from it. */
  retired: z.boolean(),
  soldExclusively: z.boolean(),
  /** Built from a version whose terms let nobody sell what is built from it. */
  freeOnly: z.boolean(),
})

export const assetSortSchema = z.enum(['newest', 'price', 'sales', 'relevance'])
export type AssetSort = z.infer<typeof assetSortSchema>

/** Where a page of assets ended: what it was sorted by, if not by age, and the last asset. */
export const assetCursorSchema = z
  .string()
  .regex(/^((0|[1-9]\d{0,77})-)?(0|[1-9]\d{0,14})$/, 'must be the nextCursor of a page')

export const assetListSchema = z.strictObject({
  assets: z.array(assetSummarySchema),
  nextCursor: assetCursorSchema.nullable(),
})

/** Offers that are sold together, each at its own price less the discount; some may be of other assets of the owner. */
export const bundleSchema = z.strictObject({
  id: bytes32Schema,
  owner: addressSchema,
  offers: z.array(uintSchema),
  discountBps: bpsSchema,
})

export const assetDetailSchema = assetSummarySchema.extend({
  manifest: manifestSchema.nullable(),
  /** The newest of them, the newest first. */
  versions: z.array(versionSchema).max(pageDefault),
  /** From where `GET /api/v1/assets/{id}/versions` goes on; null where these are all. */
  versionsCursor: versionCursorSchema.nullable(),
  /** How many versions were published. */
  versionCount: z.number().int().min(1),
  /** Listed bundles with an offer of this asset, that its owner listed. */
  bundles: z.array(bundleSchema),
  /** The asset's payment address. */
  till: addressSchema,
})

/** A version with everything it is built from and everything built from it. */
export const lineageSchema = z.strictObject({ version: uintSchema, vertices: z.array(vertexSchema) })

/** What a party is owed out of one version, in one token, as if every edge were pulled now. Base units. */
export const entitlementSchema = z.strictObject({
  version: uintSchema,
  name: z.string().nullable(),
  role: z.enum(['owner', 'contributor', 'treasury']),
  account: addressSchema,
  label: z.string().nullable(),
  /** First unit of the contributor's weight interval; null for owner and treasury. */
  start: uintSchema.nullable(),
  token: addressSchema,
  entitled: uintSchema,
  collected: uintSchema,
  collectable: uintSchema,
})

/** Per version and token: what came in and where it is. `received = collected + collectable + dust` over all versions. */
export const revenueSchema = z.strictObject({
  token: addressSchema,
  received: uintSchema,
  entitlements: z.array(entitlementSchema),
  collected: uintSchema,
  collectable: uintSchema,
  dust: uintSchema,
  /** In the market, and not final yet: refundable prices, and timed passes' days that are not in the ledger. Not in `received`. */
  waiting: uintSchema,
})

/** A purchase. `transferred` means that the pass moved on: its new holder has one of its own. */
export const passStates = ['running', 'expired', 'refunded', 'transferred'] as const

export const passSchema = z.strictObject({
  offer: uintSchema,
  asset: uintSchema,
  holder: addressSchema,
  payer: addressSchema,
  version: uintSchema,
  /** What was paid, in base units. */
  amount: uintSchema,
  timed: z.boolean(),
  /** The pass holds before this second; null is perpetual. */
  expiry: unixSchema.nullable(),
  /** Until then the holder may give a perpetual pass back; null when the sale is final or the pass is timed. */
  refundUntil: unixSchema.nullable(),
  state: z.enum(passStates),
  transaction: bytes32Schema,
  block: z.number().int(),
})

/** A place in the order in which passes moved. */
export const passCursorSchema = z.string().regex(/^\d{1,15}-\d{1,15}$/, 'must be the last page’s nextCursor')

/** A page of an account's passes, those that moved last first. */
export const passListSchema = z.strictObject({
  passes: z.array(passSchema),
  nextCursor: passCursorSchema.nullable(),
})

export const deliveryRequestSchema = z.strictObject({
  version: uintSchema,
  holder: addressSchema,
  deliveryKey: bytes32Schema,
  operator: addressSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

export const deliveryBodySchema = z.strictObject({
  request: deliveryRequestSchema,
  signature: hexSchema,
  /** The offer whose pass entitles the holder; absent when the holder owns the asset. */
  offer: uintSchema.optional(),
})

/** Content keys and salt seeds of a version, sealed by HPKE to the delivery key, and the operator's signed word for it. */
export const deliveryGrantSchema = z.strictObject({
  version: uintSchema,
  /** Who published the version: with the manifest's digest, what the chain's commitment is made of. */
  publisher: addressSchema,
  manifestDigest: bytes32Schema,
  cid: cidSchema,
  bytes: z.number().int(),
  sealedKey: sealedSecretsSchema,
  /** Partitions whose keys are destroyed, ascending: `sealedKey` holds those of the others. Absent: none. */
  erasedPartitions: z.array(z.number().int().min(0)).min(1).max(partitionsMax).optional(),
  receipt: z.strictObject({ requestDigest: bytes32Schema, manifestDigest: bytes32Schema, grantedAt: uintSchema }),
  receiptSignature: hexSchema,
})

/** What an operator destroyed, in its own signed words: an `ErasureCertificate`, where null stands for partition -1. */
export const erasureListSchema = z.strictObject({
  erasures: z.array(
    z.strictObject({
      commitment: bytes32Schema,
      manifestDigest: bytes32Schema,
      /** The partition whose key is destroyed; null is the whole content. */
      partition: z.number().int().min(0).nullable(),
      erasedAt: z.number().int(),
      operator: addressSchema,
      signature: hexSchema,
    }),
  ),
})

/** Sent as `agorai-request` (base64url of this JSON) beside `agorai-signature` with every upload. */
export const uploadRequestSchema = z.strictObject({
  account: addressSchema,
  /** What is uploaded: `content/<cid>`, `manifests/<digest>` or `keys/<manifest digest>`. */
  resource: z.string().max(200),
  /** Length of the body. */
  bytes: uintSchema,
  /** sha-256 digest of the body; for content the digest inside its CID. */
  digest: bytes32Schema,
  operator: addressSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

/** Content key and row salt seed (32 bytes each) of every partition, in order, sealed by HPKE to the operator's key. */
export const keyDepositSchema = z.strictObject({ sealedKey: sealedSecretsSchema })

export const storedSchema = z.strictObject({ stored: z.string() })

/** How far the upload of a content is. `stored` is its CID once it is whole, checked and stored. */
export const uploadStateSchema = z.strictObject({ received: z.number().int().min(0), stored: z.string().nullable() })

export type NodeInfo = z.infer<typeof nodeInfoSchema>
export type IndexedChainInfo = z.infer<typeof chainSchema>
export type Offer = z.infer<typeof offerSchema>
export type Bundle = z.infer<typeof bundleSchema>
export type Supply = z.infer<typeof supplySchema>
export type Version = z.infer<typeof versionSchema>
export type Vertex = z.infer<typeof vertexSchema>
export type AssetSummary = z.infer<typeof assetSummarySchema>
export type AssetList = z.infer<typeof assetListSchema>
export type OfferList = z.infer<typeof offerListSchema>
export type VersionList = z.infer<typeof versionListSchema>
export type AssetDetail = z.infer<typeof assetDetailSchema>
export type Lineage = z.infer<typeof lineageSchema>
export type Entitlement = z.infer<typeof entitlementSchema>
export type Revenue = z.infer<typeof revenueSchema>
export type Pass = z.infer<typeof passSchema>
export type PassList = z.infer<typeof passListSchema>
export type DeliveryRequestBody = z.infer<typeof deliveryBodySchema>
export type DeliveryGrant = z.infer<typeof deliveryGrantSchema>
