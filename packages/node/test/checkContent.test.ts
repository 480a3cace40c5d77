import { createHash } from 'node:crypto'
import { type ContentManifest, chunkBytes, sealedBytes } from '@agorai/core'
import { describeCroissant } from '@agorai/sdk'
import { RecordBatchFileWriter, tableFromArrays } from 'apache-arrow'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { checkContent } from '../src/gateway/checkContent.js'
import type { Storage } from '../src/ports/storage.js'
import { type SealedAsset, sealAsset, withoutKey } from './support.js'

const numbers = Array.from({ length: 2_000 }, (_, index) => index)
const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'i', data: numbers, type: 'INT32' },
      { name: 'word', data: numbers.map((i) => `word ${i}`), type: 'STRING' },
    ],
    rowGroupSize: 700,
  }),
)
const arrow = RecordBatchFileWriter.writeAll(tableFromArrays({ i: Int32Array.from(numbers) })).toUint8Array(true)

/** The same file with bytes before its end that nothing in it points to. */
function withGap(file: Uint8Array, bytes: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const footer = file.length - 8 - view.getUint32(file.length - 8, true)
  return Buffer.concat([file.subarray(0, footer), new Uint8Array(bytes), file.subarray(footer)])
}

/** A store of one ciphertext, and how many bytes of it were read. */
function storing({ cid, ciphertext }: SealedAsset) {
  const read = { bytes: 0 }
  const storage = {
    putChunkHashes: async () => undefined,
    contentBytes: async (asked: string) => (asked === cid ? ciphertext.length : undefined),
    async *readContent(_: string, range = { start: 0, end: ciphertext.length - 1 }) {
      const part = ciphertext.subarray(range.start, range.end + 1)
      read.bytes += part.length
      for (let at = 0; at < part.length; at += 65_536) yield part.subarray(at, at + 65_536)
    },
  } as Partial<Storage> as Storage
  return { storage, read }
}

const check = async (asset: SealedAsset, secrets = asset.secrets): Promise<void> =>
  checkContent(storing(asset).storage, asset.manifest, secrets)

const withPlaintext = (manifest: ContentManifest, change: object): ContentManifest => ({
  ...manifest,
  content: { ...manifest.content, plaintext: { ...manifest.content.plaintext, ...change } },
})

describe.each([
  ['parquet', parquet],
  ['arrow', arrow],
] as const)('%s', (rowFormat, file) => {
  test('is opened where it is asked for, and agrees with its manifest', async () => {
    await check(await sealAsset(file, rowFormat))
  })

  test.each([
    ['rows', { rows: 1_999 }, 'length_mismatch'],
    ['more rows', { rows: 2_001 }, 'length_mismatch'],
    ['root', { root: `0x${'11'.repeat(32)}` }, 'digest_mismatch'],
    ['format', { rowFormat: 'jsonl' }, 'rows_invalid'],
  ])('with other %s than stated is refused', async (_, change, code) => {
    const asset = await sealAsset(file, rowFormat, (manifest) => withPlaintext(manifest, change))
    await expect(check(asset)).rejects.toMatchObject({ code })
  })

  test('under another key is refused', async () => {
    const asset = await sealAsset(file, rowFormat)
    await expect(check(asset, withoutKey(asset))).rejects.toMatchObject({ code: 'key_invalid' })
  })

  test('that is none is refused', async () => {
    const asset = await sealAsset(new TextEncoder().encode('PAR1 or ARROW1'), 'binary', (manifest) =>
      withPlaintext(manifest, { rowFormat }),
    )
    await expect(check(asset)).rejects.toMatchObject({ code: 'rows_invalid' })
  })
})

test('a chunk that holds no row has to open too', async () => {
  const asset = await sealAsset(withGap(parquet, 3 * chunkBytes), 'parquet')
  await check(asset)
  const at = sealedBytes(chunkBytes) + 100
  asset.ciphertext[at] = (asset.ciphertext[at] ?? 0) ^ 1
  await expect(check(asset)).rejects.toMatchObject({ code: 'key_invalid' })
})

test('what is read again is a few chunks, and not the content for each of its columns', async () => {
  const asset = await sealAsset(withGap(parquet, 8 * chunkBytes), 'parquet')
  const { storage, read } = storing(asset)
  await checkContent(storage, asset.manifest, asset.secrets)
  // Once to open all of it, once to hash its chunks.
  expect(read.bytes).toBeLessThan(2 * asset.ciphertext.length + 6 * chunkBytes)
})

test('rows that are shown and are not of the content are refused', async () => {
  const rows = new TextEncoder().encode('{"a":1}\n{"a":2}\n')
  const row = { index: 1, row: '{"a":2}', salt: `0x${'07'.repeat(32)}`, proof: [`0x${'08'.repeat(32)}`] } as const
  const sample = { rows: [{ ...row, proof: [...row.proof] }], previews: [] }
  const asset = await sealAsset(rows, 'jsonl', (manifest) => ({ ...manifest, sample }))
  await expect(check(asset)).rejects.toMatchObject({ code: 'digest_mismatch', field: 'sample.rows' })
})

test.each(['jsonl', 'parquet'] as const)('a Croissant description of %s that lies is refused', async (rowFormat) => {
  const asset = await sealAsset(rowFormat === 'parquet' ? parquet : new TextEncoder().encode('{"a":1}\n'), rowFormat)
  const { croissant, ...manifest } = asset.manifest
  const sha256 = `0x${createHash('sha256').update(asset.ciphertext).digest('hex')}` as const
  const made = describeCroissant(manifest, { sha256, date: '2026-11-22' })
  const checked = (described: typeof made) =>
    checkContent(storing(asset).storage, { ...manifest, croissant: described }, asset.secrets)
  await checked(made)
  const other = describeCroissant(manifest, { sha256: `0x${'11'.repeat(32)}`, date: '2026-11-22' })
  for (const [field, lie] of [
    ['croissant.size', { ...made, size: '1000000 rows' }],
    ['croissant.distribution', other],
  ] as const)
    await expect(checked(lie)).rejects.toMatchObject({ code: 'digest_mismatch', field })
})
