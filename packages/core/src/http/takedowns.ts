import type { Address, Hex } from 'viem'
import { z } from 'zod'
import { addressSchema, bytes32Schema, cidSchema, plainTextSchema, uintSchema, unixSchema } from './primitives.js'

/** What an operator may cease to serve, each kind with its name. Taking down says nothing to the chain. */
const targetSchemas = {
  asset: uintSchema,
  version: uintSchema,
  manifest: bytes32Schema,
  cid: cidSchema,
  account: addressSchema,
} as const satisfies Record<string, z.ZodType<string>>

export type TargetKind = keyof typeof targetSchemas

const isTarget = (value: string): boolean => {
  const at = value.indexOf(':')
  const kind = value.slice(0, at)
  return (
    at > 0 &&
    Object.hasOwn(targetSchemas, kind) &&
    targetSchemas[kind as TargetKind].safeParse(value.slice(at + 1)).success
  )
}

/** `asset:12`, `version:40`, `manifest:0x…`, `cid:bafy…` or `account:0x…`, in lower case. */
export const targetSchema = z
  .string()
  .max(120)
  .refine(isTarget, 'must be asset:<id>, version:<id>, manifest:<digest>, cid:<cid> or account:<address>')
  .transform((value) => value.toLowerCase())

/** The one spelling of a target. */
export const targetOf = {
  asset: (id: bigint | string) => `asset:${id}`,
  version: (id: bigint | string) => `version:${id}`,
  manifest: (digest: Hex) => `manifest:${digest.toLowerCase()}`,
  cid: (cid: string) => `cid:${cid}`,
  account: (address: Address) => `account:${address.toLowerCase()}`,
} as const

export const takedownReasons = [
  'copyright',
  'personal-data',
  'illegal-content',
  'malware',
  'fraud',
  'court-order',
  'terms',
  'other',
] as const
const reasonSchema = z.enum(takedownReasons)

/** Anyone's word that something should not be served. `contact` is for the operator alone. */
export const noticeSchema = z.strictObject({
  target: targetSchema,
  reason: reasonSchema,
  text: plainTextSchema(5_000),
  contact: plainTextSchema(200).optional(),
})

export const noticeReceiptSchema = z.strictObject({ notice: bytes32Schema })

/** The operator's decision. `statement` is public: it says why, and names no person. */
export const takedownDecisionSchema = z.strictObject({
  action: z.enum(['take-down', 'reinstate']),
  target: targetSchema,
  reason: reasonSchema,
  statement: plainTextSchema(2_000),
  /** The notice that led to it. */
  notice: bytes32Schema.optional(),
  decidedAt: unixSchema,
})

/** The public record. The value of an account is left out: it may stand for a person. */
export const takedownListSchema = z.strictObject({
  decisions: z.array(
    z.strictObject({
      record: bytes32Schema,
      action: z.enum(['take-down', 'reinstate']),
      kind: z.enum(Object.keys(targetSchemas) as [TargetKind, ...TargetKind[]]),
      value: z.string().nullable(),
      reason: reasonSchema,
      statement: z.string(),
      decidedAt: unixSchema,
      /** Whether this is the last word on its target. */
      standing: z.boolean(),
    }),
  ),
})

export type Notice = z.output<typeof noticeSchema>
export type TakedownDecision = z.output<typeof takedownDecisionSchema>
export type TakedownList = z.output<typeof takedownListSchema>
