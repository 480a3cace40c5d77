import { AgoraiError, type ByteReader, canonicalRow, createByteReader, createSha256 } from '@agorai/core'
import { concatBytes } from 'viem/utils'
import type { ReadRowsOptions } from '../readRowsOptions.js'
import { takeAll } from '../takeAll.js'
import { checkPath, comparePaths } from './checkPath.js'
import { blockBytes, paddingOf, tarHeader, trailerBytes } from './tar.js'

/** A file of a folder. `content` is read to its end before the next file is asked for. */
export type TarFile = { path: string; bytes: number; content: AsyncIterable<Uint8Array> }

const paxBytesMax = 4_096
const columns = ['bytes', 'path', 'sha256'] as const

/** The rows of a folder: for each file its path, its length and its sha-256. */
export async function* readTar(
  content: AsyncIterable<Uint8Array>,
  options: ReadRowsOptions,
): AsyncGenerator<Uint8Array> {
  const hash = await createSha256()
  for await (const { path, bytes, content: file } of readTarFiles(content)) {
    for await (const slice of file) hash.update(slice)
    const sha256 = hash.digest()
    options.onRecord?.(columns, [bytes, path, sha256])
    yield canonicalRow({ bytes, path, sha256 })
  }
}

/**
 * The files of a folder's content. Nothing but the one tar that a folder has is taken: what a header says is written
 * again, and must be the same to the last byte.
 *
 * @throws AgoraiError `rows_invalid`, `unsafe_name`
 */
export async function* readTarFiles(content: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const reader = createByteReader(content)
  try {
    let before: string | undefined
    for (let index = 0; ; index++) {
      const first = await takeAll(reader, blockBytes)
      if (first.every((byte) => byte === 0)) return await checkEnd(reader)
      const { path, bytes } = await readHeader(reader, first, index)
      if (before !== undefined && comparePaths(before, path) >= 0)
        throw refused(index, 'it does not stand in the order of the paths, or twice.')
      before = path
      let left = bytes
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const slice of reader.pass(bytes)) {
          left -= slice.length
          yield slice
        }
      }
      yield { path, bytes, content: counted() }
      for await (const slice of reader.pass(left)) left -= slice.length
      if (left > 0) throw refused(index, 'the content ends inside of it.')
      const padding = await takeAll(reader, paddingOf(bytes))
      if (padding.some((byte) => byte !== 0)) throw refused(index, 'something stands after its end.')
    }
  } finally {
    await reader.close()
  }
}

async function readHeader(
  reader: ByteReader,
  first: Uint8Array,
  index: number,
): Promise<{ path: string; bytes: number }> {
  const isPax = first[156] === 0x78
  if (!isPax) return checkHeader(first, text(first.subarray(0, 100)), octal(first), index)
  const paxBytes = octal(first)
  if (!(paxBytes > 0 && paxBytes <= paxBytesMax)) throw refused(index, 'its pax header is damaged.')
  const records = await takeAll(reader, paxBytes + paddingOf(paxBytes))
  const last = await takeAll(reader, blockBytes)
  const whole = concatBytes([first, records, last])
  const found = new Map([...text(records).matchAll(/\d+ (path|size)=(.*)\n/g)].map(([, key, value]) => [key, value]))
  const size = found.get('size')
  return checkHeader(whole, found.get('path') ?? '', size === undefined ? octal(last) : Number(size), index)
}

function checkHeader(header: Uint8Array, path: string, bytes: number, index: number): { path: string; bytes: number } {
  const refuse = refused(
    index,
    'its header is not that of a folder published here; open the archive as an archive instead.',
  )
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw refuse
  if (checkPath(path) !== path) throw refuse
  const expected = tarHeader(path, bytes)
  if (expected.length !== header.length || expected.some((byte, at) => byte !== header[at])) throw refuse
  return { path, bytes }
}

async function checkEnd(reader: ByteReader): Promise<void> {
  const end = await reader.take(trailerBytes)
  if (end.length !== trailerBytes - blockBytes || end.some((byte) => byte !== 0))
    throw new AgoraiError('rows_invalid', 'A folder ends in two blocks of zeros and nothing after them.')
}

/** Up to the first zero. What is no UTF-8 never equals the header that is written again. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(end === -1 ? bytes : bytes.subarray(0, end))
}

const octal = (block: Uint8Array): number => Number.parseInt(text(block.subarray(124, 136)), 8)

const refused = (index: number, why: string): AgoraiError =>
  new AgoraiError('rows_invalid', `File ${index + 1} of the folder: ${why}`, { details: { file: index + 1 } })
