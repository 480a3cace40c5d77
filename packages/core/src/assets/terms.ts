import { z } from 'zod'
import { bpsSchema } from '../http/primitives.js'

/** Most that a version may ask of its descendants, and of a service that sells its work, of 10,000. */
export const royaltyBpsMax = 5_000
export const serveBpsMax = 9_000

/** On what terms others may build from a version or sell its work. */
export const termsSchema = z.strictObject({
  /** Whether others may build from it. */
  derivatives: z.boolean(),
  /** What every descendant's sales owe it. */
  royaltyBps: bpsSchema.max(royaltyBpsMax),
  /** What a service that sells its work owes it; 0 offers no such right. */
  serveBps: bpsSchema.max(serveBpsMax),
  /** Whether others need the owner's signed consent, to sell its work too. */
  consent: z.boolean(),
  /** Whether others must name it. */
  attribution: z.boolean(),
  /** Whether what others build may be sold; without it, it is free, directly built or not. */
  commercial: z.boolean(),
})

export type Terms = z.infer<typeof termsSchema>

/** The same in a seller's own document, where what is not said is the usual: anyone may build and sell, naming it. */
export const statedTermsSchema = z.strictObject({
  derivatives: termsSchema.shape.derivatives.default(true),
  royaltyBps: termsSchema.shape.royaltyBps,
  serveBps: termsSchema.shape.serveBps.default(0),
  consent: termsSchema.shape.consent.default(false),
  attribution: termsSchema.shape.attribution.default(true),
  commercial: termsSchema.shape.commercial.default(true),
})

/** Terms as `IAssetRegistry.Terms` holds them. */
export type TermsWord = { royaltyBps: number; serveBps: number; flags: number }

const flagOf = { derivatives: 1, consent: 2, attribution: 4, commercial: 8 } as const

/** Terms as the registry takes them. */
export const encodeTerms = ({ royaltyBps, serveBps, ...said }: Terms): TermsWord => ({
  royaltyBps,
  serveBps,
  flags:
    (said.derivatives ? flagOf.derivatives : 0) +
    (said.consent ? flagOf.consent : 0) +
    (said.attribution ? flagOf.attribution : 0) +
    (said.commercial ? flagOf.commercial : 0),
})

/** Terms as the registry gives them. */
export const decodeTerms = ({ royaltyBps, serveBps, flags }: TermsWord): Terms => ({
  derivatives: (flags & flagOf.derivatives) !== 0,
  royaltyBps,
  serveBps,
  consent: (flags & flagOf.consent) !== 0,
  attribution: (flags & flagOf.attribution) !== 0,
  commercial: (flags & flagOf.commercial) !== 0,
})
