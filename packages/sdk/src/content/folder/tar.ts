/**
 * The one tar that a folder has: POSIX ustar, files alone, in the order of their paths, nobody's, made at no time. Paths
 * and lengths that ustar cannot hold are in a pax header before the file. So equal folders are equal contents, and any
 * `tar` unpacks them.
 */

export const blockBytes = 512

/** The end of a tar: two blocks of zeros. */
export const trailerBytes = 2 * blockBytes

const encoder = new TextEncoder()
const ustarPathBytes = 100
/** Lengths of eight gibibytes and more do not fit in eleven octal digits. */
const ustarBytesMax = 8 ** 11 - 1

/** Zeros after a file of that length, up to the next block. */
export const paddingOf = (bytes: number): number => (blockBytes - (bytes % blockBytes)) % blockBytes

/** What stands before a file's bytes: one block, or three where its path or length needs a pax header. */
export function tarHeader(path: string, bytes: number): Uint8Array {
  const name = encoder.encode(path)
  const fits = name.length <= ustarPathBytes && name.every((byte) => byte < 0x80) && bytes <= ustarBytesMax
  if (fits) return headerBlock(name, bytes, '0')
  const records = encoder.encode(
    (bytes <= ustarBytesMax ? '' : paxRecord('size', String(bytes))) + paxRecord('path', path),
  )
  const header = new Uint8Array(blockBytes + records.length + paddingOf(records.length) + blockBytes)
  header.set(headerBlock(encoder.encode('PaxHeader'), records.length, 'x'))
  header.set(records, blockBytes)
  header.set(headerBlock(encoder.encode('pax'), Math.min(bytes, ustarBytesMax), '0'), header.length - blockBytes)
  return header
}

/** `<length> <key>=<value>\n`, the length counting itself. */
function paxRecord(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length
  let length = rest + 1
  while (length !== rest + String(length).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function headerBlock(name: Uint8Array, bytes: number, type: '0' | 'x'): Uint8Array {
  const block = new Uint8Array(blockBytes)
  const put = (text: string, at: number): void => block.set(encoder.encode(text), at)
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`
  block.set(name)
  put(octal(0o644, 7), 100)
  put(octal(0, 7), 108)
  put(octal(0, 7), 116)
  put(octal(bytes, 11), 124)
  put(octal(0, 11), 136)
  put(' '.repeat(8), 148)
  put(type, 156)
  put('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
