import { stat, writeFile } from 'node:fs/promises'
import { deflateSync } from 'node:zlib'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readModel, readModelFacts } from '../examples/digits/publish.js'
import { parseDigits, readDigitsCsv } from '../examples/digits/readDigits.js'
import { publishTextModel, publishTextService } from '../examples/language/publish.js'
import { type CommandLine, type Ended, startCommandLine } from './commandLine.js'

/** Services from the command line, as a stranger would: get money, call, stream, open a session, hold oneself back. */

let line: CommandLine
let text: string
let digits: string

const byron = ['--account', 'dev:6']
const boole = ['--account', 'dev:2']

const agorai = (...args: string[]): Promise<Ended> =>
  line.run(args, { AGORAI_NODE: line.market.node.url, XDG_CONFIG_HOME: line.at('config') })

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { exit, stdout, stderr } = await agorai(...args, '--json')
  expect({ exit, stderr, stdout: exit === 0 ? '' : stdout }).toEqual({ exit: 0, stderr: '', stdout: '' })
  return JSON.parse(stdout) as Record<string, unknown>
}

async function failure(...args: string[]): Promise<unknown> {
  const { stdout } = await agorai(...args, '--json')
  return (JSON.parse(stdout) as { error: unknown }).error
}

beforeAll(async () => {
  line = await startCommandLine('here')
  const { market } = line
  const model = await publishTextModel(market.boole, { token: market.token })
  const service = await publishTextService(market.boole, { token: market.token, model: model.version })
  text = String(service.asset)
  const ofDigits = await market.publishService(market.boole, {
    kind: 'model',
    content: { fileName: 'model.onnx', mediaType: 'application/octet-stream', ...contentOf(readModel()) },
    rowFormat: 'binary',
    modelCard: readModelFacts().card,
    terms: { royaltyBps: 0, serveBps: 5_000 },
  })
  const reader = await market.publishService(market.boole, {
    suppliers: [ofDigits.version],
    serving: {
      runtime: 'onnx',
      model: String(ofDigits.version),
      apis: ['infer'],
      token: market.token,
      prices: [{ unit: 'row', amount: '100', per: 1 }],
      limits: { inputTokens: 1, outputTokens: 1, rows: 16, milliseconds: 10_000 },
      freeCalls: 0,
    },
  })
  digits = String(reader.asset)
}, 300_000)
afterAll(() => line?.stop())

test('an owner serves, and sees the endpoint and the price', async () => {
  const { exit, stdout } = await agorai('serve', text, ...boole)
  expect(exit).toBe(0)
  expect(stdout).toContain('/v1')
  expect(stdout).toMatch(/0\.\d{6} tUSD for 1000000 times input_token/)
  expect(await failure('serve', text, ...byron)).toMatchObject({ code: 'not_owner' })
  await json('serve', digits, ...boole)
}, 300_000)

test('who has no money is told the command that gives some', async () => {
  const poor = ['--account', 'dev:5']
  expect(await failure('call', text, '--prompt', 'The sea', ...poor)).toMatchObject({
    code: 'funds_missing',
    remedy: expect.stringContaining('agorai fund'),
  })
  expect(await json('fund', '50', ...byron)).toMatchObject({ amount: '50000000' })
}, 300_000)

test('a call shows its price before, the answer, and what was paid', async () => {
  const { exit, stdout, stderr } = await agorai('call', text, '--prompt', 'The sea', '--max-tokens', '8', ...byron)
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringMatching(/^At most 0\.\d{6} tUSD\.\n$/) })
  expect(stdout).toMatch(/Paid 0\.\d{6} tUSD, by a voucher of the channel\./)
  const again = await json('call', text, '--prompt', 'The sea', '--max-tokens', '8', ...byron)
  expect(again).toMatchObject({ paidBy: 'voucher' })
  expect(await failure('call', text, '--prompt', 'x', '--max-price', '0', ...byron)).toMatchObject({
    code: 'price_above_max',
  })
  const streamed = await agorai('call', text, '--prompt', 'The sea', '--max-tokens', '8', '--stream', ...byron)
  expect(streamed.stdout).toMatch(/\S[\s\S]*\nPaid 0\.\d{6} tUSD/)
}, 300_000)

test('a drawn digit is read from a PNG, a row and a file', async () => {
  const held = parseDigits(readDigitsCsv('heldOut').toString())
  const pixels = held.pixels.subarray(0, 784)
  await writeFile(line.at('digit.png'), toPng(pixels, 28))
  const label = String(held.labels[0])
  const fromImage = await agorai('call', digits, '--image', line.at('digit.png'), ...byron)
  expect(fromImage.stdout).toContain(`the highest is number ${label}`)
  const row = Array.from(pixels, (value) => (value / 255).toFixed(3))
  expect((await agorai('call', digits, '--row', row.join(','), ...byron)).stdout).toContain(
    `the highest is number ${label}`,
  )
  const body = { inputs: [{ name: 'pixels', datatype: 'FP32', shape: [1, 784], data: row.map(Number) }] }
  await writeFile(line.at('body.json'), JSON.stringify(body))
  expect(await json('call', digits, '--input', line.at('body.json'), ...byron)).toMatchObject({ amount: '100' })
  expect(await failure('call', digits, '--prompt', 'x', ...byron)).toMatchObject({ field: 'prompt' })
  expect(await failure('call', digits, '--row', '1,2', ...byron)).toMatchObject({ field: 'row' })
}, 300_000)

test('a session opens with what an OpenAI client needs, takes calls, and closes with their sum', async () => {
  const opened = (await json('session', 'open', '--budget', '0.50', '--asset', text, ...byron)) as {
    session: string
    baseURL: string
    apiKey: string
  }
  const { session, baseURL, apiKey } = opened
  expect(opened).toMatchObject({ bearerIsReplayable: true, ceiling: '500000' })
  const openai = new OpenAI({ baseURL, apiKey })
  await openai.completions.create({ model: text, prompt: 'The sea', max_tokens: 4 })
  const called = await json('call', text, '--prompt', 'The sea', '--session', session, ...byron)
  expect(called).toMatchObject({ paidBy: 'session' })
  expect(await json('session', 'top-up', session, '--budget', '0.6', ...byron)).toMatchObject({ ceiling: '600000' })
  expect(await json('session', 'show', session, ...byron)).toMatchObject({ state: 'open', ceiling: '600000' })
  const closed = (await json('session', 'close', session, ...byron)) as { charged: string }
  expect(BigInt(closed.charged)).toBeGreaterThan(BigInt(String(called.amount)))
  expect((await agorai('session', 'show', ...byron)).stdout).toBe('No session is kept here.\n')
}, 300_000)

test('what was spent today is remembered, for this user only, and held against the policy', async () => {
  await json('policy', '--per-day', '0.000001', ...byron)
  expect(await failure('call', digits, '--row', zeros, ...byron)).toMatchObject({
    code: 'policy_refused',
    field: 'perDayMax',
  })
  await json('policy', '--per-day', '0.000150', ...byron)
  await json('call', digits, '--row', zeros, ...byron)
  // A process of its own for every command: only the file can know.
  expect(await failure('call', digits, '--row', zeros, ...byron)).toMatchObject({ field: 'perDayMax' })
  const folder = `31337-${line.market.addressOf(line.market.byron).toLowerCase()}`
  const { mode } = await stat(line.at(`config/agorai/payments/${folder}/spending.json`))
  expect(mode & 0o777).toBe(0o600)
  await json('policy', '--per-day', '1000', ...byron)
}, 300_000)

test('an agent calls by the mandate that its owner wrote', async () => {
  const agent = line.market.addressOf(line.market.curie)
  const limits = ['--per-call', '0.001', '--per-day', '0.0002', '--deposit', '1', '--only']
  const out = line.at('agent.json')
  await json('mandate', agent, digits, ...limits, '--out', out, ...byron)
  const asAgent = ['--mandate', out, '--account', 'dev:7']
  await json('call', digits, '--row', zeros, ...asAgent)
  await json('call', digits, '--row', zeros, ...asAgent)
  expect(await failure('call', digits, '--row', zeros, ...asAgent)).toMatchObject({ code: 'policy_refused' })
}, 300_000)

test('what is left of a channel comes back', async () => {
  expect(await json('channel', 'show', digits, ...byron)).toMatchObject({ balance: expect.stringMatching(/^[1-9]/) })
  expect(await json('channel', 'refund', digits, ...byron)).toMatchObject({ amount: expect.stringMatching(/^[1-9]/) })
  const withdraw = () => json('channel', 'withdraw', digits, '--index', '1', ...byron)
  expect(await withdraw()).toMatchObject({ state: 'begun' })
  await line.market.passTime(4_000)
  expect(await withdraw()).toMatchObject({ state: 'done', amount: expect.stringMatching(/^[1-9]/) })
}, 300_000)

test('a service that is stopped is not called any more', async () => {
  await json('serve', digits, '--stop', ...boole)
  expect(await failure('call', digits, '--row', zeros, ...byron)).toMatchObject({ code: 'model_not_found' })
}, 300_000)

const zeros = Array.from({ length: 784 }, () => 0).join(',')

function contentOf(bytes: Uint8Array) {
  return {
    bytes: bytes.length,
    async *stream() {
      yield bytes
    },
  }
}

/** A square grey picture, as drawing programs save it. */
function toPng(pixels: Uint8Array, side: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 8
  const lines = Buffer.concat(
    Array.from({ length: side }, (_, y) =>
      Buffer.concat([Buffer.from([0]), pixels.subarray(y * side, (y + 1) * side)]),
    ),
  )
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)])
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    ...[chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))],
  ])
}
