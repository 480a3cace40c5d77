import type { Address, Hex } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { z } from 'zod'
import { AgoraiError } from '../errors/AgoraiError.js'
import { addressSchema, bytes32Schema, hexSchema, uintSchema, unixSchema, versionIdSchema } from '../http/primitives.js'
import { parseStrictJson, parseWith } from '../http/strictJson.js'
import { hashMessageOf, type Mandate, type SigningDomain } from '../signing/typedData.js'
import type { SpendingPolicy } from './spending.js'

const bigintSchema = uintSchema.transform((text) => BigInt(text))

/** A mandate with its owner's signature, as JSON. */
export const signedMandateSchema = z.strictObject({
  mandate: z.strictObject({
    owner: addressSchema,
    agent: addressSchema,
    token: addressSchema,
    perCallMax: bigintSchema,
    perDayMax: bigintSchema,
    totalMax: bigintSchema,
    assets: z.array(versionIdSchema.transform((text) => BigInt(text))).max(64),
    nonce: bytes32Schema,
    expiry: unixSchema.transform((seconds) => BigInt(seconds)),
  }),
  signature: hexSchema,
})

export type SignedMandate = { mandate: Mandate; signature: Hex }

/** The header that a mandate travels in. */
export const mandateHeader = 'agorai-mandate'

/** ASCII "agm1": a channel whose salt begins so is spent under the mandate that the rest of the salt names. */
const saltTag = '0x61676d31'

/**
 * The salt of a channel that is spent under a mandate. The channel's id commits to its salt, and the owner's deposit to the
 * id: so an agent cannot leave the mandate away, or bring another.
 */
export const mandateSalt = (domain: SigningDomain, mandate: Mandate): Hex =>
  `${saltTag}${hashMessageOf(domain, 'Mandate', mandate).slice(2, 58)}` as Hex

/** Whether the channel of this salt is spent under a mandate. */
export const needsMandate = (salt: Hex): boolean => salt.toLowerCase().startsWith(saltTag)

/** The mandate as the value of its header: base64 of its JSON. */
export const encodeMandate = (signed: SignedMandate): string => btoa(mandateJson(signed))

/** A mandate as people keep it in a file. */
export const mandateJson = ({ mandate, signature }: SignedMandate): string =>
  JSON.stringify({
    mandate: {
      ...mandate,
      perCallMax: String(mandate.perCallMax),
      perDayMax: String(mandate.perDayMax),
      totalMax: String(mandate.totalMax),
      assets: mandate.assets.map(String),
      expiry: Number(mandate.expiry),
    },
    signature,
  })

const headerLengthMax = 16_384

/** @throws AgoraiError `mandate_invalid` */
export function decodeMandate(header: string): SignedMandate {
  try {
    if (header.length <= headerLengthMax) return parseWith(signedMandateSchema, parseStrictJson(atob(header)))
  } catch (cause) {
    throw invalid('The header does not hold a mandate.', cause)
  }
  throw invalid(`The header is longer than ${headerLengthMax} characters.`)
}

/** What a mandate allows, as a policy. A maximum of 0 in `totalMax`, or no asset, is no rule. */
export const policyOfMandate = ({ token, perCallMax, perDayMax, totalMax, assets }: Mandate): SpendingPolicy => ({
  token,
  perCallMax,
  perDayMax,
  totalMax: totalMax === 0n ? undefined : totalMax,
  assets: assets.length === 0 ? undefined : assets,
})

/** What a channel says of who may spend it. */
export type MandatedChannel = { payer: Address; payerAuthorizer: Address; token: Address; salt: Hex }

/**
 * Compares a mandate with the channel that it is brought for. The signature is for the caller to check.
 *
 * @param now Unix seconds.
 * @throws AgoraiError `mandate_invalid`
 */
export function assertMandateFits(
  domain: SigningDomain,
  mandate: Mandate,
  channel: MandatedChannel,
  now: number,
): void {
  if (!isAddressEqual(mandate.owner, channel.payer)) throw invalid('Its owner is not the payer of the channel.')
  if (!isAddressEqual(mandate.agent, channel.payerAuthorizer)) throw invalid('Its agent does not sign for the channel.')
  if (!isAddressEqual(mandate.token, channel.token)) throw invalid('It is for another token.')
  if (channel.salt.toLowerCase() !== mandateSalt(domain, mandate)) throw invalid('The channel is for another mandate.')
  if (BigInt(now) >= mandate.expiry) throw invalid('It has expired.')
}

const invalid = (message: string, cause?: unknown): AgoraiError =>
  new AgoraiError('mandate_invalid', message, { field: mandateHeader, cause })
