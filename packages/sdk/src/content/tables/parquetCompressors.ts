import type { CompressionCodec, Compressors } from 'hyparquet'
import {
  decompressBrotli,
  decompressGzip,
  decompressLz4,
  decompressLz4Raw,
  decompressSnappy,
  decompressZstd,
} from 'hyparquet-compressors'
import { rowsInvalid } from './jsonValues.js'

/** Unfolds a page to exactly the length that its header states. */
export type Decompress = (codec: CompressionCodec, input: Uint8Array, length: number) => Uint8Array

const algorithms: Compressors = {
  SNAPPY: decompressSnappy,
  GZIP: decompressGzip,
  BROTLI: decompressBrotli,
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
  // Into a buffer of the stated length: left to itself it takes as much as the frame says.
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
}

/** For one column chunk. A page is looked at twice, first checked, then decoded; it is unfolded once. */
export function createDecompressor() {
  let last: { place: number; page: Uint8Array } | undefined
  const decompress: Decompress = (codec, input, length) => {
    if (codec === 'UNCOMPRESSED') return input
    const place = input.byteOffset
    if (last?.place === place) return last.page
    const algorithm = algorithms[codec]
    if (algorithm === undefined) throw rowsInvalid(`The compression ${codec} is not read.`)
    const page = algorithm(input, length)
    if (page.length !== length) throw rowsInvalid('A page unfolds to another length than it states.')
    last = { place, page }
    return page
  }
  const compressors = Object.fromEntries(
    Object.keys(algorithms).map((codec) => [
      codec,
      (input: Uint8Array, length: number) => decompress(codec as CompressionCodec, input, length),
    ]),
  ) as Compressors
  return { decompress, compressors }
}
