import type { ColumnMetaData, DecodedArray, PageHeader, ParquetParsers, SchemaTree } from 'hyparquet'
import { parquetHeader, readPage } from 'hyparquet/src/column.js'
import { convert } from 'hyparquet/src/convert.js'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js'
import { rowsInvalid } from './jsonValues.js'
import { createDecompressor, type Decompress } from './parquetCompressors.js'

/** Most values of one column in one row group; far above what writers put there. */
export const valuesMax = 2 ** 24

/** Most bytes that the pages of a column unfold to in one row group. */
export const unfoldedBytesMax = 512 * 1024 * 1024

/**
 * The values of a column chunk as they are stored, page by page; those of a nested column all at once. What a page states
 * of itself decides how much memory its decoder takes, and a run of two thousand million values is five bytes long: so
 * before a page is decoded every count in it is held against the one above it, up to the row group's.
 *
 * @param path From the root of the schema to the column.
 * @throws AgoraiError `rows_invalid`
 */
export function* readPages(
  chunk: Uint8Array,
  column: ColumnMetaData,
  path: SchemaTree[],
  parsers: ParquetParsers,
): Generator<DecodedArray> {
  const element = path.at(-1)?.element
  if (element === undefined) throw damaged('is not in the schema.')
  const levels = { repetition: widthOf(getMaxRepetitionLevel(path)), definition: widthOf(getMaxDefinitionLevel(path)) }
  const { decompress, compressors } = createDecompressor()
  const { type, codec, path_in_schema: pathInSchema } = column
  const decoder = { pathInSchema, element, schemaPath: path, type, codec, compressors, parsers, utf8: false }
  const isFlat = path.length === 2 && levels.repetition === 0
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: 0 }
  const values = Number(column.num_values)
  if (!(values <= valuesMax)) throw damaged(`has ${values} values in one row group; at most ${valuesMax} are read.`)
  let dictionary: DecodedArray | undefined
  let nested: DecodedArray | undefined
  let seen = 0
  let unfolded = 0
  while (seen < values) {
    const header = parquetHeader(reader)
    const { compressed_page_size: size, uncompressed_page_size: unfoldedSize } = header
    if (!(size >= 0 && unfoldedSize >= 0 && size <= chunk.length - reader.offset))
      throw damaged('has a page that is cut.')
    unfolded += unfoldedSize
    if (unfolded > unfoldedBytesMax) throw damaged(`unfolds to more than ${unfoldedBytesMax} bytes in one row group.`)
    if (header.type === 'DICTIONARY_PAGE') {
      const entries = header.dictionary_page_header?.num_values ?? 0
      if (!(entries >= 0 && entries <= Math.max(values, unfoldedSize))) throw damaged('has a dictionary that lies.')
      const { data = [] } = readPage(reader, header, decoder, undefined, undefined, 0)
      dictionary = convert(data, decoder)
      continue
    }
    const count = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? -1
    if (!(count >= 0 && count <= values - seen)) throw damaged('has a page that states more values than the column.')
    const page = chunk.subarray(reader.offset, reader.offset + size)
    const isWide = count > 0 && checkPage(page, header, count, levels, column, decompress)
    seen += count
    const { data = [] } = readPage(
      reader,
      header,
      isWide ? { ...decoder, type: 'INT64' } : decoder,
      dictionary,
      nested,
      0,
    )
    if (isFlat) yield data
    else nested = data
  }
  if (nested !== undefined) yield nested
}

const damaged = (message: string) => rowsInvalid(`A column ${message}`)

const widthOf = (level: number): number => 32 - Math.clz32(level)

/** Whether it counts 32 bits in 64, as some writers do with numbers without a sign: they are taken modulo 2^32 then. */
function checkPage(
  bytes: Uint8Array,
  header: PageHeader,
  count: number,
  levels: { repetition: number; definition: number },
  column: ColumnMetaData,
  decompress: Decompress,
): boolean {
  const v2 = header.data_page_header_v2
  const encoding = (v2 ?? header.data_page_header)?.encoding
  let values: Uint8Array
  if (v2 === undefined) {
    let rest = decompress(column.codec, bytes, header.uncompressed_page_size)
    for (const width of [levels.repetition, levels.definition]) {
      if (width === 0) continue
      const length = lengthAt(rest)
      if (length > rest.length - 4) throw damaged('has levels that are cut.')
      checkRuns(rest.subarray(4, 4 + length), width, count)
      rest = rest.subarray(4 + length)
    }
    values = rest
  } else {
    const {
      repetition_levels_byte_length: repetition,
      definition_levels_byte_length: definition,
      num_nulls,
      num_rows,
    } = v2
    if (!(repetition >= 0 && definition >= 0 && repetition + definition <= bytes.length))
      throw damaged('has levels that are cut.')
    if (!(num_nulls >= 0 && num_nulls <= count && num_rows >= 0 && num_rows <= count))
      throw damaged('has a page that lies.')
    if (levels.repetition > 0) checkRuns(bytes.subarray(0, repetition), levels.repetition, count)
    if (levels.definition > 0) checkRuns(bytes.subarray(repetition, repetition + definition), levels.definition, count)
    const packed = bytes.subarray(repetition + definition)
    const unpackedBytes = header.uncompressed_page_size - repetition - definition
    values = v2.is_compressed === false ? packed : decompress(column.codec, packed, unpackedBytes)
    if (count === num_nulls) return false
  }
  if (values.length === 0) return false
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    const width = values[0] ?? 0
    if (width > 32) throw damaged('has indices of more than 32 bits.')
    if (width > 0) checkRuns(values.subarray(1), width, count)
  } else if (encoding === 'RLE') checkRuns(values.subarray(4, 4 + lengthAt(values)), 1, count)
  else if (encoding === 'DELTA_BYTE_ARRAY') checkPrefixes(values, count)
  return encoding === 'DELTA_BINARY_PACKED' && column.type === 'INT32' && beginsWide(values)
}

function lengthAt(bytes: Uint8Array): number {
  if (bytes.length < 4) throw damaged('has a page that is cut.')
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}

/** No run may be longer than what is left; runs packed by eights may be so by less than eight. */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  let at = 0
  for (let seen = 0; seen < count && at < bytes.length; ) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined || shift > 28) throw damaged('has a run without an end.')
      header += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    const isPacked = header % 2 === 1
    const length = Math.floor(header / 2)
    const run = isPacked ? 8 * length : length
    if (run > count - seen + (isPacked ? 7 : 0) && (!isPacked || length * width > bytes.length - at + width))
      throw damaged('has a run that is longer than the page.')
    at += isPacked ? length * width : Math.ceil(width / 8)
    seen += run
  }
}

/** Values that repeat the beginning of the one before can grow with every value. */
function checkPrefixes(values: Uint8Array, count: number): void {
  const reader = { view: new DataView(values.buffer, values.byteOffset, values.byteLength), offset: 0 }
  // The third number of the header is how many there are; nulls are not among them.
  const stated = { ...reader }
  const [, , total = 0] = [readVarint(stated), readVarint(stated), readVarint(stated)]
  if (total > count) throw damaged('has a page that states more values than the column.')
  const prefixes = new Int32Array(total)
  if (total > 0) deltaBinaryUnpack(reader, total, prefixes)
  let bytes = 0
  for (const prefix of prefixes) {
    bytes += prefix
    if (prefix < 0 || bytes > unfoldedBytesMax) throw damaged(`unfolds to more than ${unfoldedBytesMax} bytes.`)
  }
}

/** The fourth number of the header is the first value, its sign in the lowest bit. */
function beginsWide(values: Uint8Array): boolean {
  const reader = { view: new DataView(values.buffer, values.byteOffset, values.byteLength), offset: 0 }
  for (let skipped = 0; skipped < 3; skipped++) readVarint(reader)
  let first = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.view.getUint8(reader.offset++)
    first |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return first >= 2n ** 32n
  }
  throw damaged('has a number without an end.')
}

function readVarint(reader: { view: DataView; offset: number }): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = reader.view.getUint8(reader.offset++)
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw damaged('has a number without an end.')
}
