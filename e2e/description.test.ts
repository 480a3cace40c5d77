import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { type Manifest, parseManifest, requireContent } from '@agorai/core'
import { getAsset, verifySample } from '@agorai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readModel } from '../examples/digits/publish.js'
import { verifyDescription } from '../packages/cli/src/verifyDescription.js'
import { type CommandLine, startCommandLine } from './commandLine.js'

/** What a buyer sees before buying, from the file on the seller's disk to the checks of whoever bought. */
let cli: CommandLine

const about = {
  kind: 'dataset',
  name: 'Measured flowers',
  description: 'Sizes of flowers.',
  tags: ['flowers'],
  licence: { spdx: 'CC0-1.0', source: 'e2e/description.test.ts', attribution: 'The gardeners' },
  provenance: { description: 'Measured.', builtFrom: [] },
  terms: { royaltyBps: 0 },
  contributors: { bps: 0, leaves: [] },
  metrics: [],
}

const rowsOf = (from: number, to: number, shift: number): string =>
  Array.from({ length: to - from }, (_, place) => {
    const index = from + place
    return `${index},${(10 + (index % 10) + shift).toFixed(1)},gardener${index % 7}@example.org\n`
  }).join('')

beforeAll(async () => {
  cli = await startCommandLine('here')
  await cli.write('about.json', about)
  await cli.write('flowers.csv', `id,size,email\n${rowsOf(0, 100, 0)}`)
  await cli.write('model.onnx', readModel())
}, 240_000)
afterAll(() => cli?.stop())

async function manifestOf(asset: bigint): Promise<Manifest> {
  const { manifest } = await getAsset(cli.market.curie, { asset })
  expect(manifest).not.toBeNull()
  return manifest as Manifest
}

describe('a table', () => {
  const publish = ['publish', 'flowers.csv', '--about', 'about.json', '--price', '0', '--account', 'dev:1']
  const described = ['--profile', '--withhold', 'email', '--sample', '3,90']

  test('is inspected before anything leaves the machine', async () => {
    const said = await cli.said('inspect', 'flowers.csv')
    for (const words of ['100 rows (all), 3 columns', 'These columns look personal: email'])
      expect(said).toContain(words)
    expect(said).toMatch(/size +number +0 % +10 +10 +19 +14\.5 +[▁▂▃▄▅▆▇█ ]+/)
    const withheld = await cli.json('inspect', 'flowers.csv', '--withhold', 'email')
    expect(withheld).toMatchObject({ warnings: [], profile: { table: { rows: 100, withheld: ['email'] } } })
  })

  test('is published with its figures and two rows, and nothing else of it', async () => {
    expect(await cli.json(...publish, ...described)).toMatchObject({ asset: '1', version: '1' })
    await cli.market.settle()
    const manifest = await manifestOf(1n)
    expect(manifest.profile?.table?.columns.map(({ name }) => name)).toEqual(['id', 'size'])
    expect(manifest.sample?.rows.map(({ index }) => index)).toEqual([3, 90])
    const { rows } = await verifySample(manifest)
    expect(rows.map(({ record }) => record)).toEqual([
      { id: '3', size: '13.0', email: 'gardener3@example.org' },
      { id: '90', size: '10.0', email: 'gardener6@example.org' },
    ])
    const emails = JSON.stringify(manifest).match(/gardener\d@example\.org/g)
    // The rows that are shown stand in the sample, and as examples in the Croissant description.
    expect(new Set(emails)).toEqual(new Set(['gardener3@example.org', 'gardener6@example.org']))
  })

  test('a sample that is not of the content does not pass for it', async () => {
    const manifest = await manifestOf(1n)
    const { sample } = manifest
    if (sample === undefined) throw new TypeError('there is no sample')
    const [first, second] = sample.rows
    if (first === undefined || second === undefined) throw new TypeError('there are no rows')
    const forgeries = [
      { ...first, row: first.row.replace('13.0', '99.0') },
      { ...first, index: 4 },
      { ...first, salt: second.salt },
      { ...first, proof: second.proof },
      { ...first, proof: first.proof.slice(1) },
    ]
    for (const forged of forgeries)
      await expect(verifySample({ ...manifest, sample: { ...sample, rows: [forged] } })).rejects.toMatchObject({
        code: 'integrity_failed',
        field: 'sample.rows.0',
      })
  })

  test('has a later version, and both say what changed', async () => {
    await writeFile(cli.at('flowers.csv'), `id,size,colour\n${rowsOf(20, 100, 0).replaceAll(/gardener.*/g, 'red')}`)
    await appendFile(cli.at('flowers.csv'), rowsOf(100, 160, 5).replaceAll(/gardener.*/g, 'blue'))
    const later = [...publish.slice(0, 4), '--account', 'dev:1', '--asset', '1']
    expect(await cli.json(...later, '--profile', '--top', 'colour')).toMatchObject({ version: '2' })
    await cli.market.settle()
    const said = await cli.said('diff', '1', '2')
    for (const words of [
      'Rows: 100 → 140',
      'Columns added: colour',
      'Columns removed: email',
      'Values moved noticeably',
    ])
      expect(said).toContain(words)
    const { diff } = (await cli.json('diff', '1', '2')) as { diff: { drift: { column: string; distance: number }[] } }
    // The newest 60 of 140 rows are larger by 5, and the oldest 20 of 100 are gone.
    expect(diff.drift.find(({ column }) => column === 'size')?.distance).toBeGreaterThan(0.15)
  })

  test('who holds both versions counts the rows that came and went', async () => {
    for (const version of ['1', '2'])
      await cli.json('download', '1', '--version', version, '--output', `v${version}`, '--account', 'dev:1')
    const { rows } = await cli.json('diff', '1', '2', '--held', 'v1', 'v2')
    // Every row has another column, so none stayed.
    expect(rows).toMatchObject({ added: 140, removed: 100, kept: 0 })
  })

  test('who bought takes the description again', async () => {
    const said = await cli.said('verify', 'v1')
    for (const words of ['sample', '2 rows proven', 'profile.table', '2 columns']) expect(said).toContain(words)
  })

  test('a sample of rows that are not there is refused before anything is uploaded', async () => {
    for (const [rows, code] of [
      ['500,', 'manifest_invalid'],
      ['101', 'manifest_invalid'],
      ['x', 'invalid_request'],
    ] as const) {
      const { exit, stdout } = await cli.agorai(...publish, '--sample', rows, '--json')
      expect([exit, JSON.parse(stdout)]).toMatchObject([2, { error: { code } }])
    }
  })
})

test('a model shows its graph, and who bought reads the same from the file', async () => {
  await cli.write('model.json', {
    ...about,
    kind: 'model',
    modelCard: { intendedUse: 'Reading digits.', notes: { colour: 'none' } },
  })
  const model = ['publish', 'model.onnx', '--about', 'model.json', '--price', '0', '--account', 'dev:2']
  expect(await cli.json(...model)).toMatchObject({ version: '3' })
  await cli.market.settle()
  const { modelCard } = await manifestOf(3n)
  expect(modelCard).toMatchObject({
    intendedUse: 'Reading digits.',
    notes: { colour: 'none' },
    graph: {
      format: 'onnx',
      parameters: 50_890,
      operators: [
        { name: 'Gemm', count: 2 },
        { name: 'Relu', count: 1 },
      ],
    },
  })
  await cli.json('download', '3', '--output', 'model', '--account', 'dev:2')
  expect(await cli.said('verify', 'model')).toContain('50890 parameters')
  // A card that says otherwise than the file is found out.
  const manifest = requireContent(parseManifest(await readFile(cli.at('model/manifest.json'))))
  const { graph } = manifest.modelCard ?? {}
  if (graph === undefined) throw new TypeError('there is no graph')
  const boasting = { ...manifest, modelCard: { graph: { ...graph, parameters: 7_000_000_000 } } }
  await expect(verifyDescription(boasting, cli.at('model/model.onnx'))).rejects.toMatchObject({
    code: 'integrity_failed',
    field: 'modelCard.graph.parameters',
  })
})
