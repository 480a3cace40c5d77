import { z } from 'zod'
import { addressSchema, bytes32Schema, cidSchema, hexSchema, plainTextSchema, uintSchema } from '../http/primitives.js'
import type { ApplicationApproval, ApprovalRevocation, ConsentRecord, Withdrawal } from '../signing/typedData.js'

/**
 * What owners, contributors and applications sign about contributed rows. None of it ever goes on a chain: manifests
 * name a consent by its digest, which holds a nonce and so says nothing of its text.
 */
const purposeSchema = plainTextSchema(500)

/** The public name of a contributor: a manifest credits it, so it should not say who a person is. */
export const contributorLabelSchema = plainTextSchema(80)

export const applicationApprovalSchema = z.strictObject({
  asset: uintSchema,
  owner: addressSchema,
  application: addressSchema,
  purpose: purposeSchema,
  grantedAt: uintSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

export const approvalRevocationSchema = z.strictObject({
  asset: uintSchema,
  owner: addressSchema,
  application: addressSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

export const consentRecordSchema = z.strictObject({
  asset: uintSchema,
  contributor: addressSchema,
  application: addressSchema,
  purpose: purposeSchema,
  label: contributorLabelSchema,
  rowsRoot: bytes32Schema,
  grantedAt: uintSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

export const withdrawalSchema = z.strictObject({
  asset: uintSchema,
  contributor: addressSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

/** A document with its signature, as it is handed on. */
export const signedApprovalSchema = z.strictObject({ approval: applicationApprovalSchema, signature: hexSchema })
export const signedRevocationSchema = z.strictObject({ revocation: approvalRevocationSchema, signature: hexSchema })
export const signedConsentRecordSchema = z.strictObject({ consent: consentRecordSchema, signature: hexSchema })
export const signedWithdrawalSchema = z.strictObject({ withdrawal: withdrawalSchema, signature: hexSchema })

/** What a contributor hands on with the rows: the seed opens `rowsRoot`, and is worth nothing without them. */
export const consentedRowsSchema = signedConsentRecordSchema.extend({ saltSeed: bytes32Schema })

/** The rows of a contribution as they are stored: JSON lines, sealed like a content whose id is the consent's nonce. */
const contributedRowsSchema = z.strictObject({
  cid: cidSchema,
  /** Length of the ciphertext. */
  bytes: z.number().int().min(17),
  plaintextBytes: z.number().int().min(1),
  rows: z.number().int().min(1),
})

/** What an application hands in. `sealedKey` holds key and salt seed of the rows, sealed to the operator. */
export const contributionSchema = z.strictObject({
  approval: signedApprovalSchema,
  consent: signedConsentRecordSchema,
  content: contributedRowsSchema,
  sealedKey: hexSchema,
})

export const contributionStates = ['accepted', 'expired', 'withdrawn'] as const

/** A contribution as the owner of the asset is told of it. */
export const contributionRecordSchema = z.strictObject({
  /** Digest of the consent record. */
  id: bytes32Schema,
  consent: signedConsentRecordSchema,
  content: contributedRowsSchema,
  acceptedAt: uintSchema,
  state: z.enum(contributionStates),
  /** Key and salt seed, sealed to the delivery key that was asked with. Null when they are destroyed. */
  sealedKey: hexSchema.nullable(),
})

export const contributionsRequestSchema = z.strictObject({
  request: z.strictObject({
    asset: uintSchema,
    owner: addressSchema,
    deliveryKey: bytes32Schema,
    operator: addressSchema,
    nonce: bytes32Schema,
    expiry: uintSchema,
  }),
  signature: hexSchema,
})

export const contributionListSchema = z.strictObject({
  asset: uintSchema,
  contributions: z.array(contributionRecordSchema),
  withdrawals: z.array(z.strictObject({ contributor: addressSchema, recordedAt: uintSchema })),
  /** Applications whose approvals from before that second hold no longer. */
  revocations: z.array(z.strictObject({ application: addressSchema, recordedAt: uintSchema })),
})

/** What anyone may know: how many, never who or what. */
export const contributionCountsSchema = z.strictObject({
  asset: uintSchema,
  /** Those whose consent holds, and their rows. */
  accepted: z.number().int(),
  rows: z.number().int(),
  contributors: z.number().int(),
  withdrawals: z.number().int(),
})

/** What became of a revocation. What the application handed in before is the contributors' to take back, and stays. */
export const revocationReceiptSchema = z.strictObject({
  /** Digest of the revocation. */
  id: bytes32Schema,
  asset: uintSchema,
  application: addressSchema,
  /** Approvals that were given up to this second hold no longer. */
  recordedAt: uintSchema,
  /** Contributions that the application handed in, and that were not taken back. */
  kept: z.array(bytes32Schema),
})

/** What became of a withdrawal. Copies that buyers hold are out of the operator's reach. */
export const withdrawalReceiptSchema = z.strictObject({
  /** Digest of the withdrawal. */
  id: bytes32Schema,
  asset: uintSchema,
  contributor: addressSchema,
  recordedAt: uintSchema,
  /** Contributions that were taken back: their keys are destroyed. */
  contributions: z.array(bytes32Schema),
  /** Partitions of versions whose keys are destroyed; each has an erasure certificate. */
  erased: z.array(z.strictObject({ manifestDigest: bytes32Schema, partition: z.number().int().min(0) })),
  /** Versions of the dataset that had the rows. */
  versions: z.array(uintSchema),
  /** What was built from those versions, or sells or gathers their work, directly or not. */
  descendants: z.array(z.strictObject({ version: uintSchema, asset: uintSchema, name: z.string().nullable() })),
})

export const rowRequestSchema = z.strictObject({
  request: z.strictObject({
    version: uintSchema,
    account: addressSchema,
    rowDigest: bytes32Schema,
    operator: addressSchema,
    nonce: bytes32Schema,
    expiry: uintSchema,
  }),
  signature: hexSchema,
  /** The offer whose pass entitles the account; absent when it gave the row itself, or owns the asset. */
  offer: uintSchema.optional(),
})

/** Proof that one row is in a version. It opens that row alone: its salt says nothing of the others'. */
export const rowProofSchema = z.strictObject({
  version: uintSchema,
  publisher: addressSchema,
  manifestDigest: bytes32Schema,
  root: bytes32Schema,
  rows: z.number().int().min(1),
  index: z.number().int().min(0),
  salt: bytes32Schema,
  proof: z.array(bytes32Schema).max(64),
})

export type SignedApproval = z.infer<typeof signedApprovalSchema>
export type SignedRevocation = z.infer<typeof signedRevocationSchema>
export type RevocationReceipt = z.infer<typeof revocationReceiptSchema>
export type SignedConsentRecord = z.infer<typeof signedConsentRecordSchema>
export type ConsentedRows = z.infer<typeof consentedRowsSchema>
export type SignedWithdrawal = z.infer<typeof signedWithdrawalSchema>
export type ContributionBody = z.infer<typeof contributionSchema>
export type ContributionRecord = z.infer<typeof contributionRecordSchema>
export type ContributionList = z.infer<typeof contributionListSchema>
export type ContributionCounts = z.infer<typeof contributionCountsSchema>
export type ContributionsRequestBody = z.infer<typeof contributionsRequestSchema>
export type WithdrawalReceipt = z.infer<typeof withdrawalReceiptSchema>
export type RowRequestBody = z.infer<typeof rowRequestSchema>
export type RowProof = z.infer<typeof rowProofSchema>

/** The documents as they are signed: JSON has their numbers as decimal strings. */
export const toApprovalMessage = (approval: SignedApproval['approval']): ApplicationApproval => ({
  ...approval,
  asset: BigInt(approval.asset),
  grantedAt: BigInt(approval.grantedAt),
  expiry: BigInt(approval.expiry),
})

export const toRevocationMessage = (revocation: SignedRevocation['revocation']): ApprovalRevocation => ({
  ...revocation,
  asset: BigInt(revocation.asset),
  expiry: BigInt(revocation.expiry),
})

export const toConsentMessage = (consent: SignedConsentRecord['consent']): ConsentRecord => ({
  ...consent,
  asset: BigInt(consent.asset),
  grantedAt: BigInt(consent.grantedAt),
  expiry: BigInt(consent.expiry),
})

export const toWithdrawalMessage = (withdrawal: SignedWithdrawal['withdrawal']): Withdrawal => ({
  ...withdrawal,
  asset: BigInt(withdrawal.asset),
  expiry: BigInt(withdrawal.expiry),
})
