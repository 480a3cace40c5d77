import { addressSchema, bracketSchema, bracketsMax, usageSchema } from '@agorai/core'
import { z } from 'zod'

/** Offers in a document, as people write them: prices are in whole tokens, and what is not said is the usual. */
export const offerDocumentSchema = z
  .array(
    z.strictObject({
      price: z.string(),
      usage: usageSchema,
      timed: z.boolean().optional(),
      transferable: z.boolean().optional(),
      refundHours: z.number().int().optional(),
      gate: z.array(addressSchema).min(1).optional(),
      brackets: z.array(bracketSchema).max(bracketsMax).optional(),
    }),
  )
  .max(16)

/** The accounts behind a gate, in a document. */
export const accountListSchema = z.array(addressSchema).min(1)
