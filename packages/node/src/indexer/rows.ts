import { ChainInconsistentError } from './ChainInconsistentError.js'

/** Rows as COPY takes them in its text format, each with its line's end; they fill the first `length` bytes. */
export type Rows = { bytes: Buffer; length: number }

export const emptyRows = (): Rows => ({ bytes: Buffer.alloc(1 << 16), length: 0 })

export const bytesOf = ({ bytes, length }: Rows): Buffer => bytes.subarray(0, length)

/**
 * Adds one row.
 *
 * @param room The bytes that it has at most, its line's end among them.
 * @throws RangeError when it had more.
 */
export function addRow(rows: Rows, room: number, write: (rows: Rows) => void): void {
  reserve(rows, room)
  const end = rows.length + room
  write(rows)
  writeByte(rows, lineEnd)
  if (rows.length > end) throw new RangeError(`A row of ${room} bytes was ${rows.length - end} longer.`)
}

function reserve(rows: Rows, bytes: number): void {
  if (rows.length + bytes <= rows.bytes.length) return
  const wider = Buffer.alloc(2 * rows.bytes.length + bytes)
  wider.set(bytesOf(rows))
  rows.bytes = wider
}

const zero = 0x30
export const tab = 0x09
const lineEnd = 0x0a

/** The value of a hex digit by its byte, and its lower-case form; 16 and 0 of what is none. */
const digits = '0123456789abcdef'
const values = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = digits.indexOf(String.fromCharCode(byte).toLowerCase())
  return value < 0 ? 16 : value
})
const lowerCase = Uint8Array.from(values, (value) => digits.charCodeAt(value) || 0)

export const malformed = () => new ChainInconsistentError('A log of ours has another form than its event.')

export function writeByte(rows: Rows, byte: number): void {
  rows.bytes[rows.length++] = byte
}

/** Text without anything that COPY would read in another way. */
export function writeText(rows: Rows, text: string): void {
  rows.length += rows.bytes.write(text, rows.length, 'latin1')
}

/** A whole number below 2^53. */
export function writeNumber(rows: Rows, value: number): void {
  const { bytes } = rows
  let width = 1
  for (let power = 10; power <= value; power *= 10) width++
  let left = value
  for (let at = rows.length + width - 1; at >= rows.length; at--) {
    const rest = Math.floor(left / 10)
    bytes[at] = zero + (left - 10 * rest)
    left = rest
  }
  rows.length += width
}

/** Digits that a number holds exactly. */
const exactDigits = 13

/**
 * @returns What the hex digits from `start` to `end` say; larger numbers are rounded.
 * @throws ChainInconsistentError when one is no digit.
 */
export function readNumber(text: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = values[text[at] as number] as number
    if (digit > 15) throw malformed()
    value = 16 * value + digit
  }
  return value
}

/** Hex digits as a decimal number. */
export function writeDecimal(rows: Rows, text: Buffer, start: number, end: number): void {
  let first = start
  while (first < end && text[first] === zero) first++
  const value = readNumber(text, first, end)
  if (end - first <= exactDigits) writeNumber(rows, value)
  else writeText(rows, BigInt(`0x${text.toString('latin1', first, end)}`).toString())
}

/** Hex digits in lower case, after `0x`. */
export function writeHex(rows: Rows, text: Buffer, start: number, end: number): void {
  const { bytes } = rows
  bytes[rows.length++] = zero
  bytes[rows.length++] = 0x78
  for (let at = start; at < end; at++) {
    const digit = lowerCase[text[at] as number] as number
    if (digit === 0) throw malformed()
    bytes[rows.length++] = digit
  }
}
