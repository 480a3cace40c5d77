import { z } from 'zod'
import { mapChunks } from '../content/chunkRoot.js'
import { partitionsMax } from '../content/partitions.js'
import { AgoraiError } from '../errors/AgoraiError.js'
import {
  addressSchema,
  bpsSchema,
  bytes32Schema,
  cidSchema,
  plainTextSchema as text,
  uintSchema,
  versionIdSchema,
} from '../http/primitives.js'
import { fileNameSchema } from './fileName.js'
import { historySchema } from './history.js'
import { assetKinds, contentKinds, supplyKinds } from './kinds.js'
import { modelCardSchema } from './modelCard.js'
import { profileSchema } from './profile.js'
import { sampleSchema } from './sample.js'
import { servingSchema } from './serving.js'
import { statedTermsSchema, termsSchema } from './terms.js'

/** What is read row by row. A `tar` is a folder, a row for each file; `binary` is everything else, a row for each MiB. */
export const rowFormats = ['csv', 'tsv', 'jsonl', 'parquet', 'arrow', 'tar', 'binary'] as const

export type RowFormat = (typeof rowFormats)[number]

/** Whoever checks a content hashes each row, so their number has an end. */
const rowsMax = 2 ** 26

const partitionSchema = z.strictObject({
  /** Who gave it, by place in `contributors.leaves`; null is the publisher. */
  contributor: z.number().int().min(0).nullable(),
  bytes: z.number().int().min(1),
  rows: z.number().int().min(1),
})

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const contentSchema = z
  .strictObject({
    /** CID of the ciphertext, the same that `ipfs add --cid-version=1` gives. */
    cid: cidSchema,
    /** Length of the ciphertext in bytes. */
    bytes: z.number().int().min(16),
    /** Root over the sealed chunks, of which there are `chunks`; see `content/chunkRoot`. A contract reads it here. */
    chunkRoot: bytes32Schema,
    chunks: z.number().int().min(1),
    plaintext: z.strictObject({
      fileName: fileNameSchema,
      mediaType: z
        .string()
        .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/)
        .max(100),
      bytes: z.number().int().min(0),
      /** Root of the salted Merkle tree over the rows; see `content/rows`. */
      root: bytes32Schema,
      /** How the plaintext is cut into rows: records of a table, files of a folder, or 1 MiB chunks; see docs/content.md. */
      rowFormat: z.enum(rowFormats),
      rows: z.number().int().min(0).max(rowsMax),
    }),
    /** The parts that contributors gave, in order, each sealed under its own key. Absent: the content is one part. */
    partitions: z.array(partitionSchema).min(1).max(partitionsMax).optional(),
  })
  .refine(({ partitions, plaintext }) => partitions === undefined || plaintext.rowFormat === 'jsonl', {
    message: 'must be absent but for rows of JSON',
    path: ['partitions'],
  })
  .refine(
    ({ partitions, plaintext }) =>
      partitions === undefined ||
      (sum(partitions.map(({ bytes }) => bytes)) === plaintext.bytes &&
        sum(partitions.map(({ rows }) => rows)) === plaintext.rows),
    { message: 'must be the whole content together, in bytes and in rows', path: ['partitions'] },
  )
  .refine((content) => content.chunks === mapChunks(content).chunks, {
    message: 'must be the number of chunks that so many bytes make',
    path: ['chunks'],
  })

const fieldSchema = z.strictObject({
  name: text(200),
  type: z.enum(['string', 'integer', 'number', 'boolean', 'mixed']),
})

/** A count that anyone who has the asset and the evaluation rows can take again. */
const metricSchema = z
  .strictObject({
    name: z.literal('correct'),
    correct: z.number().int().min(0),
    total: z.number().int().min(1),
    /** Root of the unsalted Merkle tree over the evaluation rows (salt of zeros), so that both sides mean the same rows. */
    evaluationRoot: bytes32Schema,
    description: text(500),
  })
  .refine(({ correct, total }) => correct <= total, { message: 'must be at most the total', path: ['correct'] })

const contributorSchema = z.strictObject({
  account: addressSchema.refine((account) => !/^0x0*$/.test(account), 'must not be the zero address'),
  weight: uintSchema.refine((weight) => weight !== '0', 'must be at least 1'),
  label: text(80),
})

/** Decimal strings without leading zeros ascend by length first. */
const isAscending = (ids: readonly string[]): boolean =>
  ids.every((id, i) => {
    const before = ids[i - 1] ?? ''
    return before.length < id.length || (before.length === id.length && before < id)
  })

/** Whether the weights fit in the 64 bits that the contributor tree has for their sum. */
function isWeightSumSafe(leaves: readonly { weight: string }[]): boolean {
  // A weight that is no number is reported where it stands.
  const weights = leaves.filter(({ weight }) => /^[0-9]+$/.test(weight))
  return weights.reduce((sum, { weight }) => sum + BigInt(weight), 0n) < 2n ** 64n
}

const versionIds = (max: number) =>
  z.array(versionIdSchema).max(max).refine(isAscending, 'must be ascending, each once')

const memberSchema = z.strictObject({
  version: versionIdSchema,
  weight: uintSchema.refine((weight) => weight !== '0', 'must be at least 1'),
})

/** What comes in the segments of a feed: rows of JSON with these fields, about as often as this. */
const feedSchema = z.strictObject({
  fields: z.array(fieldSchema).min(1).max(4096),
  cadenceSeconds: z.number().int().min(1).max(31_536_000).optional(),
})

/** What a seller states of a version; the rest of the manifest is measured from the content. */
const statedFields = {
  kind: z.enum(assetKinds),
  name: text(120),
  description: text(4000),
  tags: z.array(text(40)).max(20),
  licence: z.strictObject({
    /** SPDX licence identifier as the source declares it, such as `CC-BY-SA-3.0`; see `assertKnownLicence`. */
    spdx: z.string().regex(/^[A-Za-z0-9.+-]{1,64}$/),
    /** Where the source declares it. */
    source: text(500),
    attribution: text(500),
  }),
  contributors: z.strictObject({
    /** Of a collection, the share of its members. */
    bps: bpsSchema,
    /** Whose work is inside, in the order of the contributor tree; weights are whole numbers such as rows given. */
    leaves: z.array(contributorSchema).max(10_000).refine(isWeightSumSafe, 'weights together must be below 2^64'),
  }),
  /** What a collection gathers, in the order of its contributor tree. */
  members: z
    .array(memberSchema)
    .max(10_000)
    .refine((members) => isAscending(members.map(({ version }) => version)), 'must be ascending, each once')
    .refine(isWeightSumSafe, 'weights together must be below 2^64')
    .default([]),
  /** Versions whose work this one sells, each owed its own `serveBps`. */
  suppliers: versionIds(4).default([]),
  metrics: z.array(metricSchema).max(8),
  /** Of a feed that is appended to. */
  feed: feedSchema.optional(),
  /** Of a service that sells calls. */
  serving: servingSchema.optional(),
  /** MLCommons Croissant 1.0 JSON-LD of a dataset. */
  croissant: z.record(z.string(), z.json()).optional(),
  modelCard: modelCardSchema.optional(),
}

/** As many contributions as one asset may have. */
export const consentsMax = 10_000

const originSchema = text(4000)
const builtFromSchema = versionIds(16)

/**
 * A seller's own words about a version, as a document: the manifest without what is measured. Lists that are left out are
 * empty; a manifest states them all.
 */
export const statementSchema = z.strictObject({
  ...statedFields,
  tags: statedFields.tags.default([]),
  contributors: statedFields.contributors.default({ bps: 0, leaves: [] }),
  metrics: statedFields.metrics.default([]),
  terms: statedTermsSchema,
  provenance: z.strictObject({ description: originSchema, builtFrom: builtFromSchema.default([]) }),
})

export type Statement = z.infer<typeof statementSchema>

/**
 * The public document of a version. The chain holds the sha-256 of its exact bytes. Unknown fields are refused, so that
 * two readers never disagree about what was published.
 */
export const manifestSchema = z
  .strictObject({
    agorai: z.literal('1'),
    ...statedFields,
    terms: termsSchema,
    /** 32 random bytes that bind each encrypted chunk to this version. There when `content` is. */
    contentId: bytes32Schema.optional(),
    content: contentSchema.optional(),
    /** There when `content` is. */
    fields: z.array(fieldSchema).max(4096).optional(),
    /** Figures of the content that the seller makes public. */
    profile: profileSchema.optional(),
    /** Parts of the content that the seller makes public. */
    sample: sampleSchema.optional(),
    provenance: z.strictObject({
      description: originSchema,
      /** Versions that this one was built from: the registry's `parents`. */
      builtFrom: builtFromSchema,
      /** Digests of the consent records of those whose rows are in it. They hold a nonce, so they say nothing of the text. */
      consents: z.array(bytes32Schema).min(1).max(consentsMax).optional(),
      /** Where on a chain the rows come from; whoever doubts them reads them there again. */
      history: historySchema.optional(),
    }),
  })
  .refine(({ provenance, content }) => provenance.consents === undefined || content?.partitions !== undefined, {
    message: 'must be absent but for a content in partitions',
    path: ['provenance', 'consents'],
  })
  .refine((manifest) => manifest.content !== undefined || !contentKinds.includes(manifest.kind), {
    message: 'must be there for a dataset, model or algorithm',
    path: ['content'],
  })
  .refine((manifest) => manifest.feed === undefined || manifest.kind === 'feed', {
    message: 'must be absent but for a feed',
    path: ['feed'],
  })
  .refine((manifest) => manifest.serving === undefined || supplyKinds.includes(manifest.kind), {
    message: 'must be absent but for a service, agent or pipeline',
    path: ['serving'],
  })
  .refine(
    ({ serving, suppliers }) =>
      serving === undefined ||
      (serving.model === undefined ? serving.runtime === 'upstream' : suppliers.includes(serving.model)),
    { message: 'must name one of the suppliers', path: ['serving', 'model'] },
  )
  .refine((manifest) => manifest.kind !== 'feed' || (manifest.content ?? manifest.feed) !== undefined, {
    message: 'must be there for a feed without a content',
    path: ['feed'],
  })
  .refine((manifest) => manifest.content === undefined || manifest.kind !== 'collection', {
    message: 'must not be there for a collection',
    path: ['content'],
  })
  .refine((manifest) => (manifest.contentId === undefined) === (manifest.content === undefined), {
    message: 'must be there exactly when there is content',
    path: ['contentId'],
  })
  .refine((manifest) => (manifest.fields === undefined) === (manifest.content === undefined), {
    message: 'must be there exactly when there is content',
    path: ['fields'],
  })
  .refine((manifest) => manifest.content !== undefined || (manifest.profile ?? manifest.sample) === undefined, {
    message: 'must not be there without content',
    path: ['profile'],
  })
  .refine(({ content, sample }) => (sample?.rows.at(-1)?.index ?? -1) < (content?.plaintext.rows ?? 0), {
    message: 'must be rows of the content',
    path: ['sample', 'rows'],
  })
  .refine((manifest) => manifest.kind !== 'dataset' || manifest.croissant !== undefined, {
    message: 'must be there for a dataset',
    path: ['croissant'],
  })
  .refine((manifest) => manifest.kind !== 'model' || manifest.modelCard !== undefined, {
    message: 'must be there for a model',
    path: ['modelCard'],
  })
  .refine((manifest) => manifest.suppliers.length === 0 || supplyKinds.includes(manifest.kind), {
    message: 'must be empty but for a service, agent or pipeline',
    path: ['suppliers'],
  })
  .refine((manifest) => manifest.members.length === 0 || manifest.kind === 'collection', {
    message: 'must be empty but for a collection',
    path: ['members'],
  })
  .refine(
    ({ content, contributors }) =>
      content?.partitions?.every(({ contributor }) => (contributor ?? -1) < contributors.leaves.length) ?? true,
    { message: 'must name contributors by their place', path: ['content', 'partitions'] },
  )
  .refine((manifest) => manifest.contributors.leaves.length === 0 || manifest.kind !== 'collection', {
    message: 'must be empty for a collection, whose members are credited instead',
    path: ['contributors', 'leaves'],
  })
  .refine(
    (manifest) => manifest.contributors.bps === 0 || manifest.contributors.leaves.length + manifest.members.length > 0,
    { message: 'must name someone when contributors have a share', path: ['contributors', 'leaves'] },
  )

export type Manifest = z.infer<typeof manifestSchema>

/** A manifest with everything that a delivery needs. */
export type ContentManifest = Manifest & { [name in 'contentId' | 'content' | 'fields']: NonNullable<Manifest[name]> }

/** Whether the version has a content to deliver. The schema lets the three fields stand together only. */
export const hasContent = (manifest: Manifest): manifest is ContentManifest => manifest.content !== undefined

/**
 * The manifest as one with a content.
 *
 * @throws AgoraiError `nothing_to_deliver` for a version that has none, such as a collection or a live service.
 */
export function requireContent(manifest: Manifest): ContentManifest {
  if (hasContent(manifest)) return manifest
  throw new AgoraiError('nothing_to_deliver', `This ${manifest.kind} was published without one.`)
}
