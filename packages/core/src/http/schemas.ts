import { z } from 'zod'
import { assetKinds } from '../assets/kinds.js'
import { manifestSchema } from '../assets/manifest.js'
import { usages } from '../market/encoding.js'
import { addressSchema, bpsSchema, bytes32Schema, cidSchema, hexSchema, uintSchema, unixSchema } from './primitives.js'

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
      assetRegistry: addressSchema,
      revenueLedger: addressSchema,
      accessMarket: addressSchema,
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
  }),
})

export const edgeSchema = z.strictObject({ ancestor: uintSchema, bps: bpsSchema })

export const offerSchema = z.strictObject({
  id: uintSchema,
  asset: uintSchema,
  token: z.strictObject({ address: addressSchema, symbol: z.string(), decimals: z.number().int() }),
  /** Base units of the token. */
  price: uintSchema,
  usage: usageSchema,
  open: z.boolean(),
})

export const versionSchema = z.strictObject({
  id: uintSchema,
  asset: uintSchema,
  kind: kindSchema,
  publisher: addressSchema,
  manifestDigest: bytes32Schema,
  contributorRoot: bytes32Schema,
  contributorBps: bpsSchema,
  royaltyBps: bpsSchema,
  feeBps: bpsSchema,
  parents: z.array(uintSchema),
  edges: z.array(edgeSchema),
  block: z.number().int(),
  transaction: bytes32Schema,
  publishedAt: unixSchema,
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
  feeBps: bpsSchema,
  royaltyBps: bpsSchema,
  contributorBps: bpsSchema,
  contributors: z.array(z.strictObject({ account: addressSchema, weight: uintSchema, label: z.string() })),
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
  offers: z.array(offerSchema),
  /** Passes granted so far. */
  sales: z.number().int(),
})

export const assetListSchema = z.strictObject({
  assets: z.array(assetSummarySchema),
  nextCursor: uintSchema.nullable(),
})

export const assetDetailSchema = assetSummarySchema.extend({
  manifest: manifestSchema.nullable(),
  versions: z.array(versionSchema),
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
})

export const passSchema = z.strictObject({
  offer: uintSchema,
  asset: uintSchema,
  holder: addressSchema,
  version: uintSchema,
  amount: uintSchema,
  transaction: bytes32Schema,
  block: z.number().int(),
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

/** The content key and row salt of a version, sealed by HPKE to the delivery key, and the operator's signed word for it. */
export const deliveryGrantSchema = z.strictObject({
  version: uintSchema,
  /** Who published the version: with the manifest's digest, what the chain's commitment is made of. */
  publisher: addressSchema,
  manifestDigest: bytes32Schema,
  cid: cidSchema,
  bytes: z.number().int(),
  sealedKey: hexSchema,
  receipt: z.strictObject({ requestDigest: bytes32Schema, manifestDigest: bytes32Schema, grantedAt: uintSchema }),
  receiptSignature: hexSchema,
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

/** Content key (32 bytes) and row salt seed (32 bytes) sealed by HPKE to the operator's encryption key. */
export const keyDepositSchema = z.strictObject({ sealedKey: hexSchema })

export const storedSchema = z.strictObject({ stored: z.string() })

export type NodeInfo = z.infer<typeof nodeInfoSchema>
export type Offer = z.infer<typeof offerSchema>
export type Version = z.infer<typeof versionSchema>
export type Vertex = z.infer<typeof vertexSchema>
export type AssetSummary = z.infer<typeof assetSummarySchema>
export type AssetList = z.infer<typeof assetListSchema>
export type AssetDetail = z.infer<typeof assetDetailSchema>
export type Lineage = z.infer<typeof lineageSchema>
export type Entitlement = z.infer<typeof entitlementSchema>
export type Revenue = z.infer<typeof revenueSchema>
export type Pass = z.infer<typeof passSchema>
export type DeliveryRequestBody = z.infer<typeof deliveryBodySchema>
export type DeliveryGrant = z.infer<typeof deliveryGrantSchema>
