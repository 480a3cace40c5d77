import { AgoraiError, createRowEncoder, isAgoraiError, type RandomAccess } from '@agorai/core'
import type { ColumnMetaData, DecodedArray, FileMetaData, ParquetParsers, RowGroup, SchemaTree } from 'hyparquet'
import { parquetMetadata, parquetSchema } from 'hyparquet'
import { assembleNested } from 'hyparquet/src/assemble.js'
import { getTreePath } from 'hyparquet/src/schema.js'
import type { ReadRowsOptions } from '../readRowsOptions.js'
import { encodeRecord, readRecord } from './encodeRecord.js'
import { rowsInvalid } from './jsonValues.js'
import { readPages, unfoldedBytesMax, valuesMax } from './parquetPages.js'
import { createParquetConverter } from './parquetValues.js'

const magic = 'PAR1'
const footerBytesMax = 32 * 1024 * 1024
const columnsMax = 4_096

/** Values are taken as they are stored: what they mean is decided here, exactly, and not by the library. */
const asStored = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (value: number) => value,
  stringFromBytes: (value: Uint8Array) => value,
  jsonFromBytes: (value: Uint8Array) => value,
  geometryFromBytes: (value: Uint8Array) => value,
  geographyFromBytes: (value: Uint8Array) => value,
  uuidFromBytes: (value: Uint8Array) => value,
}

/**
 * The records of a Parquet file, in order, row group by row group: memory holds one row group.
 *
 * @throws AgoraiError `rows_invalid` with the row and the column where one is to blame
 */
export async function* readParquet(content: RandomAccess, options: ReadRowsOptions): AsyncGenerator<Uint8Array> {
  const metadata = await readable(readMetadata(content))
  const { columns, encode, converters, stored } = await readable(readSchema(metadata))
  let first = 0
  for (const group of metadata.row_groups) {
    const rows = await readable(checkGroup(group, content))
    const cursors = await readable(openGroup(content, stored, group, rows))
    for (let row = 0; row < rows; row++) {
      const record = readRecord(first + row, columns, (column) => converters[column]?.(cursors[column]?.()))
      options.onRecord?.(columns, record)
      yield encodeRecord(first + row, encode, record)
    }
    first += rows
  }
  if (BigInt(first) !== metadata.num_rows)
    throw rowsInvalid(`The file states ${metadata.num_rows} rows and has ${first}.`)
}

/** The columns, how their values are written, and the schema by which they are read. */
async function readSchema(metadata: FileMetaData) {
  const schema = parquetSchema(metadata)
  const columns = schema.children.map(({ element }) => element.name)
  if (columns.length > columnsMax) throw rowsInvalid(`The file has more than ${columnsMax} columns.`)
  if (columns.some((name) => !name?.trim())) throw rowsInvalid('A column has no name.')
  const converters = schema.children.map((column) => createParquetConverter(column))
  return { columns, encode: createRowEncoder(columns), converters, stored: withoutAnnotations(schema) }
}

/** What the library throws says what it could not read. */
async function readable<result>(reading: Promise<result>): Promise<result> {
  try {
    return await reading
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw rowsInvalid(`The Parquet file cannot be read: ${cause instanceof Error ? cause.message : 'damaged.'}`, cause)
  }
}

/**
 * The schema with nothing said of what values mean, but where lists are: so the library gives them as they are stored.
 * A map stays a list of groups, since as an object its keys would be texts, each once.
 */
function withoutAnnotations({ element, children, ...node }: SchemaTree): SchemaTree {
  const { converted_type, logical_type, scale: _scale, precision: _precision, ...bare } = element
  const isList = (converted_type === 'LIST' || logical_type?.type === 'LIST') && children.length > 0
  return {
    ...node,
    element: isList ? { ...bare, converted_type: 'LIST' } : bare,
    children: children.map(withoutAnnotations),
  }
}

async function readMetadata(content: RandomAccess): Promise<FileMetaData> {
  const damaged = () => rowsInvalid('This is no Parquet file, or a part of one.')
  if (content.bytes < 12) throw damaged()
  const head = await content.read(0, 4)
  const tail = await content.read(content.bytes - 8, content.bytes)
  const [begin, end] = [head, tail.subarray(4)].map((bytes) => String.fromCharCode(...bytes))
  if (begin === 'PARE' || end === 'PARE')
    throw rowsInvalid('The Parquet file is encrypted; write it without encryption.')
  if (begin !== magic || end !== magic) throw damaged()
  const footer = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true)
  if (footer > content.bytes - 12 || footer > footerBytesMax) throw damaged()
  const bytes = await content.read(content.bytes - 8 - footer, content.bytes)
  return parquetMetadata(bytes, { parsers: asStored, geoparquet: false })
}

/** Number of rows of a row group that can be read in bounded memory. */
async function checkGroup(group: RowGroup, content: RandomAccess): Promise<number> {
  const rows = Number(group.num_rows)
  const tooLarge = (what: string) =>
    new AgoraiError('rows_invalid', `A row group ${what}; write the file with smaller row groups.`)
  if (!(rows >= 0 && rows <= valuesMax)) throw tooLarge(`has ${rows} rows and at most ${valuesMax} are read`)
  let bytes = 0
  for (const { meta_data: column, file_path: path, crypto_metadata: encrypted } of group.columns) {
    if (path || encrypted !== undefined || column === undefined)
      throw rowsInvalid('A column is encrypted or lies in another file.')
    bytes += Number(column.total_uncompressed_size)
    const [start, end] = rangeOf(column)
    if (!(start >= 4 && start <= end && end <= content.bytes)) throw rowsInvalid('A column lies outside of the file.')
  }
  if (bytes > unfoldedBytesMax) throw tooLarge(`has ${bytes} bytes and at most ${unfoldedBytesMax} are read`)
  return rows
}

function rangeOf({
  dictionary_page_offset,
  data_page_offset,
  total_compressed_size,
}: ColumnMetaData): [number, number] {
  // Some writers name the dictionary after the data, or at zero where there is none.
  const dictionary = Number(dictionary_page_offset ?? 0n)
  const data = Number(data_page_offset)
  const start = dictionary > 0 && dictionary < data ? dictionary : data
  return [start, start + Number(total_compressed_size)]
}

/** Gives the values of a column one after the other. */
type Cursor = () => unknown

/** The columns of a row group, each to be read from its beginning. */
async function openGroup(content: RandomAccess, schema: SchemaTree, group: RowGroup, rows: number): Promise<Cursor[]> {
  if (rows === 0) return []
  const cursors: Cursor[] = []
  for (const node of schema.children) {
    const { name } = node.element
    const leaves: { column: ColumnMetaData; path: SchemaTree[]; chunk: Uint8Array }[] = []
    for (const { meta_data: column } of group.columns) {
      if (column?.path_in_schema[0] !== name) continue
      const chunk = new Uint8Array(await content.read(...rangeOf(column)))
      leaves.push({ column, path: getTreePath(schema, column.path_in_schema), chunk })
    }
    const [leaf, ...others] = leaves
    if (leaf === undefined) throw rowsInvalid(`Column ${name} has no values.`)
    if (leaf.path.length === 2 && others.length === 0) {
      cursors.push(cursorOver(name, readPages(leaf.chunk, leaf.column, leaf.path, asStored as ParquetParsers)))
      continue
    }
    const found = new Map<string, DecodedArray>()
    for (const { column, path, chunk } of leaves)
      found.set(
        column.path_in_schema.join('.'),
        [...readPages(chunk, column, path, asStored as ParquetParsers)][0] ?? [],
      )
    assembleNested(found, node, asStored as ParquetParsers)
    const values = found.get(name)
    if (values?.length !== rows) throw rowsInvalid(`Column ${name} has ${values?.length ?? 0} of ${rows} rows.`)
    cursors.push(cursorOver(name, [values]))
  }
  return cursors
}

function cursorOver(name: string, pages: Iterable<DecodedArray>): Cursor {
  const iterator = pages[Symbol.iterator]()
  let page: DecodedArray = []
  let at = 0
  return () => {
    while (at >= page.length) {
      const { done, value } = iterator.next()
      if (done === true) throw rowsInvalid(`Column ${name} ends before its last row.`)
      page = value
      at = 0
    }
    return page[at++]
  }
}
