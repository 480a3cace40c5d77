import { concatBytes } from 'viem/utils'
import { readRows } from '../content/readRows.js'
import type { ContentSource } from '../publishing/measureContent.js'

const lineFeed = Uint8Array.of(0x0a)
const sliceBytes = 65_536

/**
 * JSON lines in the one form in which rows are handed on: each row as canonical JSON and a line feed. So contributions
 * can stand after one another, and equal rows have equal bytes.
 *
 * @throws AgoraiError `rows_invalid` with the line
 */
export async function* canonicalLines(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for await (const row of readRows('jsonl', content)) {
    parts.push(row, lineFeed)
    bytes += row.length + 1
    if (bytes < sliceBytes) continue
    yield concatBytes(parts)
    parts = []
    bytes = 0
  }
  if (bytes > 0) yield concatBytes(parts)
}

/** A source of rows in their canonical form. It is read once for its length. */
export async function toCanonicalSource(source: Pick<ContentSource, 'fileName' | 'stream'>): Promise<ContentSource> {
  let bytes = 0
  for await (const slice of canonicalLines(source.stream())) bytes += slice.length
  return {
    fileName: source.fileName,
    mediaType: 'application/jsonl',
    bytes,
    stream: () => canonicalLines(source.stream()),
  }
}
