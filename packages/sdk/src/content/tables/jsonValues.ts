import { AgoraiError } from '@agorai/core'

/** How the values of typed tables are written in rows; docs/content.md says so for every type. */

/** Digits of a fraction of a second: none, milliseconds, microseconds, nanoseconds. */
export type SecondDigits = 0 | 3 | 6 | 9

export const rowsInvalid = (message: string, cause?: unknown): AgoraiError =>
  new AgoraiError('rows_invalid', message, { cause })

const safe = BigInt(Number.MAX_SAFE_INTEGER)

/** A number where JSON holds it exactly, else its decimal digits as a string. */
export const integerValue = (value: number | bigint): number | string =>
  typeof value === 'number' ? value : value >= -safe && value <= safe ? Number(value) : String(value)

/** @throws AgoraiError `rows_invalid` for what JSON has no number for. */
export function floatValue(value: number): number {
  if (Number.isFinite(value)) return value
  throw rowsInvalid(`${value} is no JSON number; write null, or leave the row out.`)
}

/** IEEE 754 half precision, from its 16 bits. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return floatValue(fraction === 0 ? sign * Infinity : Number.NaN)
  return sign * (exponent === 0 ? 2 ** -24 * fraction : 2 ** (exponent - 15) * (1 + fraction / 1024))
}

/** A decimal with all the digits of its scale, such as `-0.50`. */
export function decimalValue(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : ''
  const digits = String(unscaled < 0n ? -unscaled : unscaled)
  if (scale <= 0) return `${sign}${digits === '0' ? digits : digits + '0'.repeat(-scale)}`
  const padded = digits.padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

/** The number that big-endian bytes in two's complement stand for. */
export function signedValue(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(8 * bytes.length, value)
}

/** Days since 1970-01-01 as `YYYY-MM-DD`, in the Gregorian calendar before its beginning too. */
export function dateValue(days: number): string {
  // Counted in eras of 400 years from 0000-03-01, so that leap days come last.
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${yearText(year)}-${twoDigits(month)}-${twoDigits(day)}`
}

/** Years beyond four digits have a sign and at least six, as ISO 8601 asks. */
const yearText = (year: number): string =>
  year >= 0 && year <= 9999
    ? String(year).padStart(4, '0')
    : `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`

const twoDigits = (value: number): string => String(value).padStart(2, '0')

const unitsPerDay = (digits: SecondDigits): bigint => 86_400n * 10n ** BigInt(digits)

/** Units since midnight as `HH:MM:SS`, with exactly the given digits after the seconds. */
export function timeValue(units: bigint, digits: SecondDigits): string {
  if (units < 0n || units > unitsPerDay(digits)) throw rowsInvalid(`${units} is no time of the day.`)
  const perSecond = 10n ** BigInt(digits)
  const seconds = Number(units / perSecond)
  const fraction = digits === 0 ? '' : `.${String(units % perSecond).padStart(digits, '0')}`
  const [hour, minute] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return `${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(seconds % 60)}${fraction}`
}

/** Units since 1970 as `YYYY-MM-DDTHH:MM:SS`, with the digits of its unit, and `Z` where it is an instant. */
export function timestampValue(units: bigint, digits: SecondDigits, isInstant: boolean): string {
  const perDay = unitsPerDay(digits)
  const ofDay = ((units % perDay) + perDay) % perDay
  const days = Number((units - ofDay) / perDay)
  return `${dateValue(days)}T${timeValue(ofDay, digits)}${isInstant ? 'Z' : ''}`
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws AgoraiError `rows_invalid` for bytes that are not UTF-8. */
export function textValue(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw rowsInvalid('A text is not UTF-8.', cause)
  }
}

/** Bytes as base64 with padding. */
export function bytesValue(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(text)
}

export function uuidValue(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
