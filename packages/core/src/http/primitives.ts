import { isAddress } from 'viem/utils'
import { z } from 'zod'

const uint256Max = `${2n ** 256n - 1n}`

/** A uint256 as a decimal string. `BigInt()` is no validator: `BigInt('') === 0n`. */
export const uintSchema = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/, 'must be a decimal integer without sign or leading zeros')
  // Decimal strings of one length compare as their numbers do.
  .refine((value) => value.length < uint256Max.length || value <= uint256Max, 'must be below 2^256')
/** Id of a version or an asset, which the registry keeps in 48 bits. */
export const versionIdSchema = uintSchema.refine(
  (value) => value.length <= 15 && Number(value) < 2 ** 48,
  'must be below 2^48',
)
/** A 20-byte address in lower case, or in mixed case with its right EIP-55 checksum. Compare with `isAddressEqual`. */
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hex digits')
  .refine((value) => isAddress(value), 'must be in lower case, or with the right checksum')
  .transform((value) => value as `0x${string}`)
/** 32 bytes, 0x and 64 lower-case hex digits. */
export const bytes32Schema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, 'must be 0x and 64 lower-case hex digits')
  .transform((value) => value as `0x${string}`)
const bytesSchema = (digitsMax: number) =>
  z
    .string()
    .max(digitsMax)
    .regex(/^0x([0-9a-f]{2})*$/, 'must be 0x and an even number of hex digits')
    .transform((value) => value as `0x${string}`)
/** Any bytes in lower-case hex. */
export const hexSchema = bytesSchema(8_192)
/** The secrets of 1,024 partitions, sealed. */
export const sealedSecretsSchema = bytesSchema(132_000)
/** Control characters but line feed and tab, and characters that turn the direction of the text after them. */
const unseen = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
/** What a person wrote, trimmed: at least one character, nothing that hides or turns other text. */
export const plainTextSchema = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => value.isWellFormed() && !unseen.test(value), 'must be plain text')
/** A CIDv1 in base32, as `ipfs add --cid-version=1` prints it. */
export const cidSchema = z.string().regex(/^baf[a-z2-7]{56}$/, 'must be a CIDv1 in base32')
export const bpsSchema = z.number().int().min(0).max(10_000)
/** Whole seconds since 1970. */
export const unixSchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 40)
