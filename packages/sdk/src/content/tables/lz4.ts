import { rowsInvalid } from './jsonValues.js'

const magic = 0x184d2204
const damaged = () => rowsInvalid('An LZ4 frame is damaged.')

/**
 * Unfolds an LZ4 frame, as Arrow files have them. Checksums are passed over: what was sealed is authentic, and what is
 * damaged does not unfold to the stated length.
 *
 * @param length What it unfolds to.
 */
export function decompressLz4Frame(input: Uint8Array, length: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  if (input.length < 7 || view.getUint32(0, true) !== magic) throw damaged()
  const flags = view.getUint8(4)
  if (flags >> 6 !== 1 || (flags & 0x01) !== 0) throw damaged()
  const output = new Uint8Array(length)
  const checksumBytes = flags & 0x10 ? 4 : 0
  let at = 7 + (flags & 0x08 ? 8 : 0)
  let written = 0
  for (;;) {
    if (at + 4 > input.length) throw damaged()
    const header = view.getUint32(at, true)
    at += 4
    if (header === 0) break
    const bytes = header & 0x7fff_ffff
    const block = input.subarray(at, at + bytes)
    if (block.length !== bytes) throw damaged()
    if (header >= 0x8000_0000) {
      if (written + bytes > length) throw damaged()
      output.set(block, written)
      written += bytes
    } else written = unfoldBlock(block, output, written)
    at += bytes + checksumBytes
  }
  if (written !== length) throw damaged()
  return output
}

/** Blocks may repeat what earlier ones wrote. */
function unfoldBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let at = 0
  let written = start
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    for (let byte = 255; nibble === 15 && byte === 255; length += byte) {
      if (at >= block.length) throw damaged()
      byte = block[at++] as number
    }
    return length
  }
  while (at < block.length) {
    const token = block[at++] as number
    const literals = lengthFrom(token >> 4)
    if (at + literals > block.length || written + literals > output.length) throw damaged()
    output.set(block.subarray(at, at + literals), written)
    at += literals
    written += literals
    if (at === block.length) break
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8)
    at += 2
    const repeated = 4 + lengthFrom(token & 15)
    if (distance === 0 || distance > written || written + repeated > output.length) throw damaged()
    for (let i = 0; i < repeated; i++, written++) output[written] = output[written - distance] as number
  }
  return written
}
