import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { RecordBatchFileWriter, tableFromArrays } from 'apache-arrow'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandLine, startCommandLine } from './commandLine.js'

/** Tables, folders and archives from the command line: published, bought, downloaded and verified. */

let line: CommandLine
beforeAll(async () => {
  line = await startCommandLine('here')
  const { at, write } = line
  await write('about.json', {
    kind: 'dataset',
    name: 'Birds',
    description: 'Birds of one format or another.',
    tags: ['birds'],
    licence: { spdx: 'CC0-1.0', source: 'e2e/cli-formats.test.ts', attribution: 'nobody' },
    provenance: { description: 'Made for a test.', builtFrom: [] },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
  })
  const numbers = Array.from({ length: 900 }, (_, index) => index)
  await write(
    'birds.parquet',
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'ring', data: numbers, type: 'INT32' },
          { name: 'name', data: numbers.map((i) => `bird ${i}`), type: 'STRING' },
        ],
        rowGroupSize: 400,
      }),
    ),
  )
  await write(
    'birds.arrow',
    RecordBatchFileWriter.writeAll(tableFromArrays({ ring: Int32Array.from(numbers) })).toUint8Array(true),
  )
  await write('birds.tsv', 'ring\tname\n1\twren\n')
  await mkdir(at('songs/sea'), { recursive: true })
  await writeFile(at('songs/wren.txt'), 'tic tic')
  await writeFile(at('songs/sea/gull.txt'), 'kee-ow')
  await writeFile(at('songs/.hidden'), 'nothing')
  execFileSync('tar', ['czf', at('songs.tgz'), '-C', at('songs'), 'wren.txt', 'sea'])
})
afterAll(() => line?.stop())

test.each([
  ['birds.parquet', 'parquet', 900, 'birds.parquet'],
  ['birds.arrow', 'arrow', 900, 'birds.arrow'],
  ['birds.tsv', 'tsv', 1, 'birds.tsv'],
  ['songs', 'tar', 2, 'songs.tar'],
  ['songs.tgz', 'tar', 2, 'songs.tar'],
])('%s', async (file, rowFormat, rows, fileName) => {
  const { at, json, market, said } = line
  const about = ['--about', 'about.json', '--price', '0', '--usage', 'train', '--account', 'dev:1']
  const published = await json('publish', file, ...about)
  expect(published).toMatchObject({ manifest: { content: { plaintext: { rowFormat, rows, fileName } } } })
  await market.settle()
  const asset = String(published.asset)
  await json('buy', asset, '--account', 'dev:6')
  const folder = `from-${file}`
  await json('download', asset, '--output', folder, '--account', 'dev:6')
  expect(await json('verify', folder)).toMatchObject({ verified: true })
  expect(await said('verify', folder)).toContain('is what was published')
  if (rowFormat !== 'tar') expect(await readFile(at(`${folder}/${fileName}`))).toEqual(await readFile(at(file)))
  else {
    const target = at(`unpacked-${file}`)
    await mkdir(target)
    execFileSync('tar', ['xf', at(`${folder}/${fileName}`), '-C', target])
    execFileSync('diff', ['-r', '--exclude=.hidden', at('songs'), target])
  }
})

test('a table that was altered after the download does not verify', async () => {
  const { at, failure } = line
  const path = at('from-birds.parquet/birds.parquet')
  const bytes = await readFile(path)
  const place = bytes.indexOf('bird 17')
  bytes[place + 5] = 0x39
  await writeFile(path, bytes)
  expect(await failure('verify', 'from-birds.parquet')).toMatchObject({ code: 'integrity_failed' })
})

test('what runs when it is loaded is refused with what to publish instead', async () => {
  const { write, failure } = line
  await write('model.pt', 'anything')
  const refused = await failure('publish', 'model.pt', '--about', 'about.json', '--account', 'dev:1')
  expect(refused).toMatchObject({ code: 'unsafe_format' })
  expect(JSON.stringify(refused)).toContain('safetensors')
})
