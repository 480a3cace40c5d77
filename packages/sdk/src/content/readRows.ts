import {
  AgoraiError,
  canonicalRow,
  chunkBytes,
  createRowEncoder,
  cutStream,
  isAgoraiError,
  isRandomAccess,
  parseStrictJson,
  type RandomAccess,
  type RowFormat,
} from '@agorai/core'
import { readTar } from './folder/readTar.js'
import { createCsvParser, type Separator } from './parseCsv.js'
import type { ReadRowsOptions } from './readRowsOptions.js'

/** How a plaintext is cut into rows: see `content.plaintext.rowFormat` of a manifest. */
export type { RowFormat }

/** Row formats whose end has to be read before their rows. (Of Arrow the files are, and its streams are not.) */
export const needsRandomAccess = (format: RowFormat): boolean => format === 'parquet' || format === 'arrow'

/** Longest record, in characters: far above any real one, and still little memory. */
const recordCharactersMax = 8 * 1024 * 1024
const columnsMax = 4096

/**
 * Cuts a content into its rows, as the row tree takes them: canonical JSON of each record or file, or chunks of 1 MiB;
 * docs/content.md says how each is written. Memory does not grow with the content; of Parquet and Arrow it holds a row
 * group or a batch. Each row is a fresh array, but those of `binary`, which are overwritten when the next is asked for.
 *
 * @param content In slices of any length, or, as Parquet and Arrow files need it, a content of which any part can be read.
 * @throws AgoraiError `rows_invalid` with the number of the line or row, `unsafe_name` for a path in a folder
 */
export async function* readRows(
  format: RowFormat,
  content: AsyncIterable<Uint8Array> | RandomAccess,
  options: ReadRowsOptions = {},
): AsyncGenerator<Uint8Array> {
  // Most readers of rows never meet these two, and the page should not carry them for those who do.
  if (format === 'parquet') {
    if (!isRandomAccess(content))
      throw new AgoraiError('rows_invalid', 'A Parquet file is read from its end, not as a stream.')
    const { readParquet } = await import('./tables/readParquet.js')
    yield* readParquet(content, options)
    return
  }
  if (format === 'arrow') {
    const { readArrow } = await import('./tables/readArrow.js')
    yield* readArrow(content, options)
    return
  }
  const stream = isRandomAccess(content) ? content.stream() : content
  if (format === 'tar') yield* readTar(stream, options)
  else if (format === 'csv') yield* readSeparated(',', stream, options)
  else if (format === 'tsv') yield* readSeparated('\t', stream, options)
  else if (format === 'jsonl') yield* readJsonLines(stream, options)
  else
    for await (const { bytes } of cutStream(stream, chunkBytes)) {
      if (bytes.length > 0) yield bytes
    }
}

async function* readSeparated(
  separator: Separator,
  content: AsyncIterable<Uint8Array>,
  options: ReadRowsOptions,
): AsyncGenerator<Uint8Array> {
  const parser = createCsvParser(recordCharactersMax, separator)
  let columns: readonly string[] | undefined
  let encode: ReturnType<typeof createRowEncoder> | undefined
  const toRow = (line: number, values: readonly string[]): Uint8Array | undefined => {
    if (columns === undefined || encode === undefined) {
      columns = checkHeader(values)
      encode = createRowEncoder(columns)
      return undefined
    }
    if (values.length !== columns.length)
      throw rowError(line, `the row has ${values.length} values and the header ${columns.length} columns.`)
    options.onRecord?.(columns, values)
    return encode(values)
  }
  for await (const text of decode(content))
    for (const { line, values } of parser.push(text)) {
      const row = toRow(line, values)
      if (row !== undefined) yield row
    }
  for (const { line, values } of parser.end()) {
    const row = toRow(line, values)
    if (row !== undefined) yield row
  }
}

function checkHeader(columns: readonly string[]): readonly string[] {
  if (columns.length > columnsMax) throw rowError(1, `the header has more than ${columnsMax} columns.`)
  if (columns.some((name) => name.trim() === '')) throw rowError(1, 'a column of the header has no name.')
  if (new Set(columns).size !== columns.length) throw rowError(1, 'two columns of the header have the same name.')
  return columns
}

async function* readJsonLines(
  content: AsyncIterable<Uint8Array>,
  options: ReadRowsOptions,
): AsyncGenerator<Uint8Array> {
  let line = 0
  const toRow = (text: string): Uint8Array => {
    line++
    const record = parseRecord(line, text)
    options.onRecord?.(Object.keys(record), Object.values(record))
    return canonicalRow(record)
  }
  let rest = ''
  for await (const text of decode(content)) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > recordCharactersMax)
      throw rowError(line + 1, `a row has more than ${recordCharactersMax} characters.`)
    for (const each of lines) yield toRow(each)
  }
  if (rest !== '') yield toRow(rest)
}

function parseRecord(line: number, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseStrictJson(text.endsWith('\r') ? text.slice(0, -1) : text, { bytesMax: 4 * recordCharactersMax })
  } catch (cause) {
    throw rowError(line, isAgoraiError(cause) ? cause.shortMessage : 'the row cannot be read.', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw rowError(line, 'the row is not a JSON object.')
  return value as Record<string, unknown>
}

/** UTF-8 to text, however characters are cut; a byte order mark at the start is left out. */
async function* decode(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  try {
    for await (const slice of content) {
      yield decoder.decode(slice, { stream: true })
      bytes += slice.length
    }
    yield decoder.decode()
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new AgoraiError('rows_invalid', `The file is not UTF-8 after about byte ${bytes}.`, {
      details: { bytes },
      cause,
    })
  }
}

const rowError = (line: number, message: string, cause?: unknown): AgoraiError =>
  new AgoraiError('rows_invalid', `Line ${line}: ${message}`, { details: { line }, cause })
