import {
  AgoraiError,
  canonicalRow,
  chunkBytes,
  createRowEncoder,
  cutStream,
  isAgoraiError,
  parseStrictJson,
} from '@agorai/core'
import { createCsvParser } from './parseCsv.js'

/** How a plaintext is cut into rows: see `content.plaintext.rowFormat` of a manifest. */
export type RowFormat = 'csv' | 'jsonl' | 'binary'

export type ReadRowsOptions = {
  /** Told of each record of a `csv` or `jsonl` file, in order, before its row is yielded. CSV values are strings. */
  onRecord?: (columns: readonly string[], values: readonly unknown[]) => void
}

/** Longest record, in characters: far above any real one, and still little memory. */
const recordCharactersMax = 8 * 1024 * 1024
const columnsMax = 4096

/**
 * Cuts a content into its rows, as the row tree takes them: canonical JSON of each record, or chunks of 1 MiB. Memory does
 * not grow with the content. Each row is a fresh array.
 *
 * @param content In slices of any length.
 * @throws AgoraiError `rows_invalid` with the number of the line.
 */
export async function* readRows(
  format: RowFormat,
  content: AsyncIterable<Uint8Array>,
  options: ReadRowsOptions = {},
): AsyncGenerator<Uint8Array> {
  if (format === 'csv') yield* readCsv(content, options)
  else if (format === 'jsonl') yield* readJsonLines(content, options)
  else
    for await (const { bytes } of cutStream(content, chunkBytes)) {
      if (bytes.length > 0) yield bytes.slice()
    }
}

async function* readCsv(content: AsyncIterable<Uint8Array>, options: ReadRowsOptions): AsyncGenerator<Uint8Array> {
  const parser = createCsvParser(recordCharactersMax)
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
