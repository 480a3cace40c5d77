import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { devAccounts } from '@agorai/core'
import onnxProto from 'onnx-proto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, startCommandLine } from './commandLine.js'

/** The main job by the built command line. */

let line: CommandLine
const agorai: CommandLine['agorai'] = (...args) => line.agorai(...args)
const json: CommandLine['json'] = (...args) => line.json(...args)
const failure: CommandLine['failure'] = (...args) => line.failure(...args)
const at = (name: string): string => line.at(name)

beforeAll(async () => {
  line = await startCommandLine('built')
  await line.write('flowers.csv', toCsv(listed))
  await line.write('held-out.csv', toCsv(heldOut))
  await line.write('model.onnx', toOnnx([-1, 1], [0, -20]))
  await line.market.mint(line.market.byron, 20_000_000n)
})
afterAll(() => line?.stop())

type Row = { label: number; size: number }

/** Small flowers are of kind 0 and large ones of kind 1, but for every ninth. */
const draw = (count: number, seed: number): Row[] =>
  Array.from({ length: count }, (_, index) => {
    const size = (index * 7 + seed) % 20
    return { size, label: Number(size > 10) ^ Number(index % 9 === 0) }
  })
const listed = draw(60, 3)
const heldOut = draw(50, 8)
const toCsv = (rows: readonly Row[]): string =>
  `label,size\n${rows.map(({ label, size }) => `${label},${size}\n`).join('')}`

/** logits = size · weights + bias. */
function toOnnx(weights: [number, number], bias: [number, number]): Uint8Array {
  const { onnx } = onnxProto
  const dataType = onnx.TensorProto.DataType.FLOAT
  const info = (name: string, columns: number) => ({
    name,
    type: { tensorType: { elemType: dataType, shape: { dim: [{ dimParam: 'N' }, { dimValue: columns }] } } },
  })
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'flowers',
      input: [info('size', 1)],
      output: [info('logits', 2)],
      initializer: [
        { name: 'weights', dims: [1, 2], dataType, floatData: weights },
        { name: 'bias', dims: [2], dataType, floatData: bias },
      ],
      node: [{ opType: 'Gemm', input: ['size', 'weights', 'bias'], output: ['logits'] }],
    },
  }).finish()
}

const statement = {
  kind: 'dataset',
  name: 'Flowers by size',
  description: 'Sixty flowers, their size, and which kind they are of.',
  tags: ['flowers'],
  licence: { spdx: 'CC0-1.0', source: 'e2e/cli.test.ts', attribution: 'drawn by a fixed rule' },
  provenance: { description: 'Drawn by a fixed rule.', builtFrom: [] as string[] },
  terms: { royaltyBps: 1_000 },
  contributors: {
    bps: 6_000,
    leaves: [
      { account: devAccounts[3]?.address, weight: '40', label: 'Alpha' },
      { account: devAccounts[4]?.address, weight: '20', label: 'Beta' },
    ],
  },
  metrics: [] as unknown[],
}

describe('the main job, command by command', () => {
  test('publish a dataset, then a model that is built from it', async () => {
    await writeFile(at('about.json'), JSON.stringify(statement))
    const dataset = ['publish', 'flowers.csv', '--about', 'about.json', '--price', '5', '--usage', 'train']
    expect(await json(...dataset, '--account', 'dev:1')).toMatchObject({ asset: '1', version: '1', offers: ['65536'] })

    const predicted = heldOut.map(({ size }) => Number(size - 20 > -size))
    const correct = heldOut.filter(({ label }, index) => label === predicted[index]).length
    expect(correct).toBeGreaterThan(35)
    expect(correct).toBeLessThan(50)
    const model = {
      ...statement,
      kind: 'model',
      name: 'Flower classifier',
      terms: { royaltyBps: 0 },
      contributors: { bps: 0, leaves: [] },
      provenance: { description: 'Set by hand.', builtFrom: ['1'] },
      modelCard: { notes: { input: 'size' } },
      metrics: [
        { name: 'correct', correct, total: 50, evaluationRoot: await evaluationRoot(), description: 'Held out.' },
      ],
    }
    await writeFile(at('model.json'), JSON.stringify(model))
    const published = await agorai(
      ...['publish', 'model.onnx', '--about', 'model.json', '--price', '10', '--usage', 'inference'],
      ...['--account', 'dev:2'],
    )
    expect(published).toMatchObject({ exit: 0, stderr: '' })
    expect(published.stdout).toMatch(/^Published asset 2, version 2\.\nManifest 0x[0-9a-f]{64}\nCiphertext baf/)
  })

  test('search, show and lineage tell what is there, and where one sale goes to the unit', async () => {
    expect((await agorai('search', 'classifier')).stdout).toMatch(/2 +model +Flower classifier +10\.000000 tUSD/)
    expect((await agorai('search', 'nothing', 'like', 'it')).stdout).toBe('Nothing matches these words.\n')
    expect(await json('search')).toMatchObject({ assets: [{ id: '2' }, { id: '1' }] })
    const shown = (await agorai('show', '1')).stdout
    for (const text of ['CC0-1.0', '60 rows', '5.000000 tUSD', 'Contributors share 60 %', '40/60'])
      expect(shown).toContain(text)
    const lineage = (await agorai('lineage', '2')).stdout
    expect(lineage).toContain("└─ Flowers by size (dataset, version 1, asks 10 % of every descendant's sales)")
    for (const amount of ['8.900000', '0.400000', '0.400000', '0.200000', '0.100000'])
      expect(lineage).toContain(`${amount} tUSD`)
  })

  test('who has not bought is refused, and a maximum below the price buys nothing', async () => {
    expect(await failure('download', '2', '--account', 'dev:6')).toMatchObject({ code: 'entitlement_missing' })
    expect(await failure('buy', '2', '--max', '9.999999', '--account', 'dev:6')).toMatchObject({
      code: 'price_above_max',
    })
    expect(await failure('buy', '2', '--account', 'dev:5')).toMatchObject({ code: 'funds_missing' })
  })

  test('buy; buying again moves no money', async () => {
    const buy = ['buy', '2', '--max', '10', '--account', 'dev:6']
    const bought = await json(...buy)
    expect(bought).toMatchObject({ amount: '10000000', alreadyHeld: false })
    expect(await json(...buy, '--pay', 'authorization')).toEqual({ ...bought, alreadyHeld: true })
    expect((await agorai(...buy)).stdout).toContain('it cost 10.000000 tUSD. No money was moved.')
  })

  test('download into a new folder, its key readable by nobody else', async () => {
    const download = ['download', '2', '--account', 'dev:6', '--output', 'bought']
    expect(await json(...download)).toMatchObject({ folder: 'bought', file: 'model.onnx', version: '2' })
    expect((await readdir(at('bought'))).sort()).toEqual(['delivery.json', 'manifest.json', 'model.onnx'])
    expect((await stat(at('bought/delivery.json'))).mode & 0o777).toBe(0o600)
    expect((await readFile(at('bought/model.onnx'))).equals(await readFile(at('model.onnx')))).toBe(true)
    expect(await failure(...download)).toMatchObject({ code: 'invalid_request', field: 'output' })
  })

  test('verify everything, the right answers of the model included', async () => {
    const verify = ['verify', 'bought', '--rows', 'held-out.csv', '--divide', '1']
    const { checks } = (await json(...verify)) as { checks: { name: string; found: string }[] }
    expect(checks.map(({ name }) => name)).toContain('metrics.0.correct')
    expect((await agorai('verify', 'bought')).stdout).toContain('Flower classifier is what was published.')
    await writeFile(at('other-rows.csv'), toCsv(heldOut.slice(1)))
    expect(await failure('verify', 'bought', '--rows', 'other-rows.csv', '--divide', '1')).toMatchObject({
      code: 'evaluation_failed',
    })
    const content = await readFile(at('bought/model.onnx'))
    content.writeUInt8(content.readUInt8(30) ^ 1, 30)
    await writeFile(at('bought/model.onnx'), content)
    expect(await failure('verify', 'bought')).toMatchObject({ code: 'integrity_failed' })
  })

  test('collect for oneself, then for everyone else; the sum is the price', async () => {
    const own = await json('collect', '--account', 'dev:4')
    expect(own).toMatchObject({ amount: '200000', collected: [{ role: 'contributor', label: 'Beta' }] })
    const rest = await agorai('collect', '--asset', '2', '--account', 'dev:7')
    for (const amount of ['8.900000', '0.400000', '0.100000']) expect(rest.stdout).toContain(`${amount} tUSD`)
    expect(rest.stdout).toContain('Collected 9.800000 tUSD.')
    expect((await agorai('collect', '--asset', '2', '--account', 'dev:7')).stdout).toBe('Nothing to collect now.\n')
  })

  async function evaluationRoot(): Promise<string> {
    const { createRowTree } = await import('@agorai/core')
    const { readRows } = await import('@agorai/sdk')
    const tree = await createRowTree()
    const bytes = new TextEncoder().encode(toCsv(heldOut))
    for await (const row of readRows(
      'csv',
      (async function* () {
        yield bytes
      })(),
    ))
      tree.add(row)
    return tree.root()
  }
})

describe('what is not as it should be', () => {
  test('a damaged block in the store ends the download and leaves no file', async () => {
    const blob = Buffer.alloc(2_000_000, 7)
    await writeFile(at('manifest.json'), blob)
    await writeFile(at('blob-about.json'), JSON.stringify({ ...statement, name: 'Sevens' }))
    const published = await json(
      ...['publish', 'manifest.json', '--rows', 'binary', '--about', 'blob-about.json', '--account', 'dev:1'],
    )
    const asset = String(published.asset)
    expect(await json('download', asset, '--account', 'dev:1', '--output', 'sevens')).toMatchObject({
      file: 'content-manifest.json',
    })
    expect(await json('verify', 'sevens')).toMatchObject({ verified: true })
    const storage = at('data/storage')
    const stored = (await readdir(storage, { recursive: true })).find((file) => file.endsWith(String(published.cid)))
    const whole = await readFile(join(storage, stored ?? ''))
    whole.writeUInt8(whole.readUInt8(1_200_000) ^ 1, 1_200_000)
    await writeFile(join(storage, stored ?? ''), whole)
    const before = await readdir(line.folder)
    expect(await failure('download', asset, '--account', 'dev:1', '--output', 'damaged')).toMatchObject({
      code: 'integrity_failed',
    })
    expect(await readdir(line.folder)).toEqual(before)
  })

  test('bad rows and a bad statement are refused with the place', async () => {
    await writeFile(at('bad.csv'), 'a,b\n1,2\n3\n')
    expect(await failure('publish', 'bad.csv', '--about', 'about.json', '--account', 'dev:1')).toMatchObject({
      code: 'rows_invalid',
      details: { line: 3 },
    })
    await writeFile(at('bad.json'), JSON.stringify({ ...statement, terms: { royaltyBps: 5_001 } }))
    expect(await failure('publish', 'flowers.csv', '--about', 'bad.json', '--account', 'dev:1')).toMatchObject({
      code: 'manifest_invalid',
      field: 'terms.royaltyBps',
    })
    expect(await failure('publish', 'none.csv', '--about', 'about.json', '--account', 'dev:1')).toMatchObject({
      code: 'invalid_request',
    })
  })

  test('a key is taken from a private file or the environment, never from an argument', async () => {
    const key = `0x${'5'.repeat(64)}`
    expect(await failure('collect', '--account', key)).toMatchObject({ code: 'invalid_request', field: 'account' })
    await writeFile(at('key'), `${key}\n`)
    await chmod(at('key'), 0o644)
    expect(await failure('collect', '--account', 'key')).toMatchObject({ detail: expect.stringContaining('chmod 600') })
    await chmod(at('key'), 0o600)
    expect(await json('collect', '--account', 'key')).toMatchObject({ collected: [] })
    const environment = { AGORAI_NODE: line.market.node.url, AGORAI_KEY: key }
    expect(await line.run(['collect'], environment)).toMatchObject({ exit: 0, stdout: 'Nothing to collect now.\n' })
    expect(await failure('collect')).toMatchObject({ field: 'account' })
    expect(await failure('collect', '--account', 'dev:9')).toMatchObject({ code: 'invalid_request' })
  })

  test('an unknown asset, a bad id, an unknown option and no command have their own exits', async () => {
    expect(await failure('show', '999')).toMatchObject({ code: 'not_found' })
    expect(await failure('show', '0x1')).toMatchObject({ code: 'invalid_request', field: 'asset' })
    expect(await failure('show', '1', '--nonsense')).toMatchObject({ code: 'invalid_request' })
    expect((await agorai('nonsense')).exit).toBe(2)
    expect((await agorai()).exit).toBe(2)
  })

  test('an error says what happened, what is safe and what to do', async () => {
    const { exit, stdout, stderr } = await agorai('show', '999')
    expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' })
    expect(stderr).toMatch(/^There is nothing here \(not_found\)\n.*\n {2}Nothing was changed\.\n {2}→ Check the id/s)
  })

  test('a node that is not there', async () => {
    const { exit, stderr } = await line.run(['search', '--node', 'http://127.0.0.1:1'])
    expect(exit).toBe(8)
    expect(stderr).toContain('npm start')
  })

  test('the help of the program and of a command is printed by the program that people start', async () => {
    expect(await agorai('--help')).toMatchObject({ exit: 0, stdout: expect.stringContaining('docs/errors.md') })
    expect((await agorai('buy', '--help')).stdout).toContain('Example:\n  agorai buy 2')
  })
})
