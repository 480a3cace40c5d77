import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { inMemory } from '@agorai/core'
import {
  type AgoraiClient,
  buyOffer,
  collectBytes,
  fetchDelivery,
  publishAsset,
  readRows,
  verifyDelivery,
} from '@agorai/sdk'
import { type LocalSource, openArchive, openFile, openFolder } from '@agorai/sdk/ingest'
import { DuckDBInstance } from '@duckdb/node-api'
import { RecordBatchFileWriter, RecordBatchStreamWriter, tableFromArrays } from 'apache-arrow'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flowers, train } from './flowers.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/**
 * Each format as a content: published, checked by the operator, bought, downloaded and verified, over HTTP and on a chain;
 * and its rows are those that somebody else reads in it.
 */

const folder = mkdtempSync(join(tmpdir(), 'agorai-formats-'))
let marketplace: Marketplace
let duck: Awaited<ReturnType<DuckDBInstance['connect']>>

beforeAll(async () => {
  duck = await (await DuckDBInstance.create()).connect()
  marketplace = await startMarketplace()
})
afterAll(async () => {
  await marketplace.stop()
  rmSync(folder, { recursive: true, force: true })
})

const save = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const statementOf = (source: LocalSource) =>
  ({
    kind: 'dataset',
    name: `Formats: ${source.fileName}`,
    description: 'One of every format.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'e2e/formats.test.ts', attribution: 'nobody' },
    provenance: { description: 'Made for a test.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    content: source,
    rowFormat: source.format.rowFormat,
    offers: [{ token: marketplace.token, price: 0n, usage: 'train' }],
  }) satisfies Parameters<typeof publishAsset>[1]

const publish = (client: AgoraiClient, source: LocalSource) => publishAsset(client, statementOf(source))

/** Sells it for nothing to byron, who verifies what was delivered. */
async function trade(source: LocalSource) {
  const { ada, byron } = marketplace
  const published = await publish(ada, source)
  await buyOffer(byron, { offer: published.offers[0] ?? 0n, amountMax: 0n })
  const delivery = await fetchDelivery(byron, { version: published.version })
  const plaintext = await collectBytes(delivery.plaintext())
  expect(Buffer.from(plaintext).equals(await collectBytes(source.stream()))).toBe(true)
  const { checks } = await verifyDelivery(byron, { ...delivery, plaintext: inMemory(plaintext).stream })
  const rows: Record<string, unknown>[] = []
  if (source.format.rowFormat !== 'binary')
    for await (const row of readRows(source.format.rowFormat, inMemory(plaintext)))
      rows.push(JSON.parse(new TextDecoder().decode(row)))
  await source.close?.()
  return { manifest: published.manifest, plaintext, rows, checks: checks.map(({ name }) => name) }
}

const passed = [
  'content.plaintext.bytes',
  'content.plaintext.rows',
  'content.plaintext.root',
  'content.cid',
  'croissant',
  'manifest',
  'terms',
]

/** What DuckDB reads in a file. */
async function readByDuckDb(from: string): Promise<unknown[]> {
  const reader = await duck.runAndReadAll(`SELECT to_json(r)::VARCHAR FROM (SELECT * FROM ${from}) r`)
  return reader.getRows().map(([json]) => JSON.parse(json as string))
}

const birds = `SELECT i, 'bird ' || i AS name, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 8.0 END AS weight, i % 2 = 0 AS sings,
  [i, i + 1] AS ringed, {'x': i, 'y': -i} AS place FROM range(500) t(i)`
const fieldsOfBirds = [
  { name: 'i', type: 'integer' },
  { name: 'name', type: 'string' },
  { name: 'weight', type: 'number' },
  { name: 'sings', type: 'boolean' },
  { name: 'ringed', type: 'mixed' },
  { name: 'place', type: 'mixed' },
]

describe('tables', () => {
  test('Parquet that DuckDB wrote', async () => {
    const path = join(folder, 'birds.parquet')
    await duck.run(`COPY (${birds}) TO '${path}' (FORMAT parquet, CODEC zstd, ROW_GROUP_SIZE 2048)`)
    const { manifest, rows, checks } = await trade(await openFile(path))
    expect(manifest.content?.plaintext).toMatchObject({
      rowFormat: 'parquet',
      rows: 500,
      mediaType: 'application/vnd.apache.parquet',
    })
    expect(manifest.fields).toEqual(fieldsOfBirds)
    expect(rows).toEqual(await readByDuckDb(`'${path}'`))
    expect(checks).toEqual(passed)
  })

  test('Parquet that another program wrote, of more than one chunk', async () => {
    const numbers = Array.from({ length: 60_000 }, (_, index) => index)
    const path = save(
      'numbers.parquet',
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'i', data: numbers, type: 'INT32' },
            { name: 'noise', data: numbers.map((i) => Math.sin(i) * 1e6), type: 'DOUBLE' },
            { name: 'word', data: numbers.map((i) => `word ${(i * 7_919) % 60_000}`), type: 'STRING' },
          ],
          rowGroupSize: 25_000,
          codec: 'UNCOMPRESSED',
        }),
      ),
    )
    expect(readFileSync(path).length).toBeGreaterThan(1_048_576)
    const { rows, checks } = await trade(await openFile(path))
    expect(rows).toEqual(await readByDuckDb(`'${path}'`))
    expect(checks).toEqual(passed)
  })

  const arrowTable = tableFromArrays({
    i: Int32Array.from({ length: 300 }, (_, i) => i),
    big: BigInt64Array.from({ length: 300 }, (_, i) => BigInt(i) * 2n ** 50n),
    name: Array.from({ length: 300 }, (_, i) => `bird ${i % 7}`),
  })
  const arrowRows = Array.from({ length: 300 }, (_, i) => ({
    big: i < 8 ? i * 2 ** 50 : String(BigInt(i) * 2n ** 50n),
    i,
    name: `bird ${i % 7}`,
  }))

  test.each([
    ['file', 'birds.arrow', RecordBatchFileWriter.writeAll(arrowTable).toUint8Array(true)],
    ['stream', 'birds.arrows', RecordBatchStreamWriter.writeAll(arrowTable).toUint8Array(true)],
  ])('an Arrow %s', async (_, name, bytes) => {
    const { manifest, rows, checks } = await trade(await openFile(save(name, bytes)))
    expect(manifest.content?.plaintext).toMatchObject({ rowFormat: 'arrow', rows: 300 })
    expect(rows).toEqual(arrowRows)
    expect(checks).toEqual(passed)
  })

  test.each([
    ['tsv', 'name\tnote\nwren\t"small\tbrown"\ngull\t"says ""a"""\n', ", delim='\t', quote='\"'"],
    ['csv', 'name,note\nwren,"small,brown"\ngull,"=cmd|\' /C calc\'!A0"\n', ''],
  ])('%s, whose values stay as they are', async (ending, text, options) => {
    const path = save(`birds.${ending}`, text)
    const { manifest, rows, checks } = await trade(await openFile(path))
    expect(manifest.content?.plaintext).toMatchObject({ rowFormat: ending, rows: 2 })
    expect(rows).toEqual(await readByDuckDb(`read_csv('${path}', header=true, all_varchar=true${options})`))
    expect(checks).toEqual(passed)
  })

  test('JSON lines in gzip', async () => {
    const path = save('birds.jsonl.gz', gzipSync('{"name":"wren"}\n{"name":"gull","weight":1.5}\n'))
    const { manifest, rows, checks } = await trade(await openArchive(path))
    expect(manifest.content?.plaintext).toMatchObject({ fileName: 'birds.jsonl', rowFormat: 'jsonl', rows: 2 })
    expect(rows).toEqual(
      await readByDuckDb(`read_json('${path}')`).then(([wren, gull]) => [
        { name: (wren as { name: string }).name },
        gull,
      ]),
    )
    expect(checks).toEqual(passed)
  })
})

describe('files', () => {
  test('a folder of images, a row for each', async () => {
    const images = join(folder, 'images')
    mkdirSync(join(images, 'sea'), { recursive: true })
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
    for (const name of ['wren.png', 'sea/gull.png'])
      writeFileSync(join(images, name), Buffer.concat([png, Buffer.from(name)]))
    const source = await openFolder(images)
    expect(source.format.family).toBe('image')
    const { manifest, rows, checks } = await trade(source)
    expect(manifest.content?.plaintext).toMatchObject({ fileName: 'images.tar', rowFormat: 'tar', rows: 2 })
    expect(rows.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['sea/gull.png', 28],
      ['wren.png', 24],
    ])
    expect(checks).toEqual(passed)
  })

  const safetensors = (): Buffer => {
    const header = Buffer.from('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ')
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    return Buffer.concat([length, header, Buffer.alloc(8)])
  }
  const gguf = (): Buffer => {
    const head = Buffer.alloc(24)
    head.write('GGUF')
    head.writeUInt32LE(3, 4)
    return head
  }

  test.each([
    ['text', 'birds.txt', () => Buffer.from('Of birds.\n')],
    ['onnx', 'flowers.onnx', () => Buffer.from(train(flowers(20, 1)))],
    ['safetensors', 'w.safetensors', safetensors],
    ['gguf', 'w.gguf', gguf],
    ['image', 'wren.gif', () => Buffer.from('GIF89a..')],
    ['audio', 'wren.wav', () => Buffer.from('RIFF....WAVEfmt ')],
  ] as const)('%s as it is', async (family, name, make) => {
    const source = await openFile(save(name, make()))
    expect(source.format.family).toBe(family)
    const { manifest, checks } = await trade(source)
    expect(manifest.content?.plaintext).toMatchObject({ fileName: name, rowFormat: 'binary', rows: 1 })
    expect(checks).toEqual(passed)
  })

  test.each([0, 1, 1_048_576, 1_048_577])('%i bytes', async (bytes) => {
    const { manifest, checks } = await trade(await openFile(save(`bytes-${bytes}.bin`, new Uint8Array(bytes).fill(1))))
    expect(manifest.content?.plaintext).toMatchObject({ bytes, rows: Math.ceil(bytes / 1_048_576) })
    expect(checks).toEqual(passed)
  })
})

test('a script is published as an algorithm, and not as a model', async () => {
  const source = await openFile(save('train.sh', '#!/bin/sh\necho trained\n'))
  const like = { ...statementOf(source), modelCard: {} }
  await expect(publishAsset(marketplace.ada, { ...like, kind: 'model' })).rejects.toMatchObject({
    code: 'unsafe_format',
  })
  expect(await publishAsset(marketplace.ada, { ...statementOf(source), kind: 'algorithm' })).toMatchObject({
    asset: expect.any(BigInt),
  })
})

test('a Parquet file that is none is refused before anything is sent', async () => {
  const source = await openFile(save('none.bin', 'PAR1 and no more'))
  await expect(publish(marketplace.ada, source)).rejects.toMatchObject({ code: 'rows_invalid' })
})
