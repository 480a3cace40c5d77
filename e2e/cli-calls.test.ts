import { stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
  expect(stdout).toMatch(/0\.\d{6} tUSD for 1,000,000 input tokens\n/)
  const shown = (await agorai('show', text)).stdout
  expect(shown).toMatch(/Calls, by agorai call \d+\n +0\.\d{6} tUSD for 1,000,000 input tokens\n/)
  expect(await failure('serve', text, ...byron)).toMatchObject({ code: 'not_owner' })
  await json('serve', digits, ...boole)
}, 300_000)

test('who has no money is told the command that gives some', async () => {
  const poor = ['--account', 'dev:5']
  expect(await failure('call', text, '--prompt', 'The sea', ...poor)).toMatchObject({
    code: 'funds_missing',
    detail: expect.stringMatching(/^The price is 0\.\d+ tUSD, the account has 0 tUSD\.$/),
    remedy: expect.stringContaining('agorai fund'),
  })
  expect(await json('fund', '50', ...byron)).toMatchObject({ amount: '50000000' })
}, 300_000)

test('a call without payment is told in a sentence how it is paid', async () => {
  const body = JSON.stringify({ model: `agorai/${text}`, prompt: 'The sea', max_tokens: 4 })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${line.market.node.url}/v1/completions`, { method: 'POST', headers, body })
  expect(answer.status).toBe(402)
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  expect(error.code).toBe('payment_required')
  expect(error.message).toMatch(/header PAYMENT-REQUIRED states\. Pay by x402, or call in a session\.$/)
})

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

test('free calls of the day are asked for by their name, and cost nothing', async () => {
  const free = ['call', text, '--prompt', 'The sea', '--max-tokens', '4', '--free', '--account', 'dev:5']
  const first = await agorai(...free)
  expect(first).toMatchObject({ exit: 0, stderr: '20 free calls are left today, and this is one of them.\n' })
  expect(first.stdout).toContain('Paid nothing.')
  expect((await agorai(...free)).stderr).toContain('19 free calls are left')
  expect(await json(...free)).toMatchObject({ amount: '0', paidBy: 'free' })
  expect(await failure('call', digits, '--row', zeros, '--free', ...byron)).toMatchObject({ field: 'free' })
  for (let call = 0; call < 17; call++) await json(...free)
  expect(await failure(...free)).toMatchObject({ code: 'entitlement_missing', field: 'free' })
}, 300_000)

test('a timed pass that was bought pays for calls, and the call says so', async () => {
  const ada = ['--account', 'dev:1']
  await json('fund', '5', ...ada)
  const { offer } = await json('offer', 'list', text, '--price', '0.1', '--usage', 'inference', '--timed', ...boole)
  await line.market.settle()
  await json('buy', text, '--offer', String(offer), '--days', '2', ...ada)
  await line.market.settle()
  const before = await line.market.balanceOf(line.market.ada)
  const call = ['call', text, '--prompt', 'The sea', '--max-tokens', '4', ...ada]
  const { exit, stdout, stderr } = await agorai(...call)
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: `Your pass of offer ${offer} pays.\n` })
  expect(stdout).toContain('Paid nothing: your pass pays.')
  expect(await json(...call)).toMatchObject({ amount: '0', paidBy: 'pass', offer })
  expect(await json('session', 'show', ...ada)).toMatchObject([{ paidBy: 'pass', state: 'open' }])
  expect(await line.market.balanceOf(line.market.ada)).toBe(before)
  // A payment that is asked for is made all the same.
  expect(await json(...call, '--pay', 'voucher')).toMatchObject({ paidBy: 'voucher' })
}, 300_000)

describe('an answer that was lost on its way', () => {
  let wire: Awaited<ReturnType<typeof startWire>>
  beforeAll(async () => {
    wire = await startWire(line.market.node.url)
  })
  afterAll(() => wire.close())

  /** Sends a call whose answer is lost, gets it by the same command, and makes the call once more. */
  async function loseAndRepeat(way: string[], between: () => Promise<void> = async () => {}): Promise<void> {
    const call = ['call', digits, '--row', zeros, ...way, '--node', wire.url, ...byron]
    wire.cut(true)
    expect(await failure(...call)).toMatchObject({ code: 'node_unavailable' })
    expect(wire.takeLost()).toBeGreaterThan(0)
    wire.cut(false)
    // What is done in between does not matter.
    await json('call', digits, '--row', ones, ...way, ...byron)
    const again = await agorai(...call)
    expect(again).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('was lost: asking for it, not paying again.'),
    })
    await between()
    expect((await agorai(...call)).stderr).not.toContain('was lost')
  }

  test.each([
    ['a voucher', [], async () => BigInt(String((await json('channel', 'show', digits, ...byron)).charged ?? 0))],
    ['a transfer', ['--pay', 'exact'], async () => -(await line.market.balanceOf(line.market.byron))],
  ])(
    'is given to the same command and paid once, by %s',
    async (_, way, paidSoFar) => {
      const before = await paidSoFar()
      await loseAndRepeat(way, async () => expect(await paidSoFar()).toBe(before + 200n))
      expect(await paidSoFar()).toBe(before + 300n)
    },
    300_000,
  )

  test('is given to the same command and paid once, by a session', async () => {
    const { session } = await json('session', 'open', '--budget', '0.1', '--asset', digits, ...byron)
    await loseAndRepeat(['--session', String(session)])
    expect(await json('session', 'close', String(session), ...byron)).toMatchObject({ charged: '300' })
  }, 300_000)
})

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
  expect(await failure('session', 'top-up', session, '--budget', '0.5', ...byron)).toMatchObject({ field: 'budget' })
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
  const shown = await agorai('policy', '--per-day', 'any', ...byron)
  expect(shown.stdout).toMatch(/^a day +any\n[\s\S]*^Spent since there are rules: 0\.000100 tUSD today/m)
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
  expect(await failure('channel', 'refund', digits, ...byron)).toMatchObject({
    code: 'payment_refused',
    detail: 'Nothing is left in this channel.',
  })
  const withdraw = () => json('channel', 'withdraw', digits, '--index', '1', ...byron)
  expect(await withdraw()).toMatchObject({ state: 'begun' })
  await line.market.passTime(4_000)
  expect(await withdraw()).toMatchObject({ state: 'done', amount: expect.stringMatching(/^[1-9]/) })
}, 300_000)

test('a service that is stopped is not called any more', async () => {
  await json('serve', digits, '--stop', ...boole)
  expect(await failure('call', digits, '--row', zeros, ...byron)).toMatchObject({ code: 'model_not_found' })
}, 300_000)

test('what is left of a channel comes back without its operator, also of the one that an agent spent', async () => {
  await json('serve', text, '--stop', ...boole)
  expect(await failure('channel', 'withdraw', digits, ...byron)).toMatchObject({
    code: 'model_not_found',
    detail: expect.stringContaining('agorai channel list'),
  })
  const channels = (await json('channel', 'list', ...byron)) as unknown as { channel: string; index?: number }[]
  const ofMandate = channels.find(({ index }) => index === undefined)?.channel ?? ''
  const before = await line.market.balanceOf(line.market.byron)
  expect(await json('channel', 'withdraw', ofMandate, ...byron)).toMatchObject({ state: 'begun', amount: '1000000' })
  expect((await agorai('channel', 'list', ...byron)).stdout).toMatch(
    /of a mandate, .*, being withdrawn: from .* UTC on/,
  )
  await line.market.passTime(4_000)
  expect(await json('channel', 'withdraw', ofMandate, ...byron)).toMatchObject({ state: 'done' })
  // Less what the operator claimed meanwhile for the agent's calls.
  const back = (await line.market.balanceOf(line.market.byron)) - before
  expect([1_000_000n, 999_800n]).toContain(back)
  expect(await failure('channel', 'withdraw', `0x${'00'.repeat(32)}`, ...byron)).toMatchObject({ code: 'not_found' })
}, 300_000)

/** A wire to a node that can be cut: what is paid for then reaches the node, and its answer is lost. */
async function startWire(node: string) {
  let isCut = false
  let lost = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const method = request.method ?? 'GET'
    const answer = await fetch(new URL(request.url ?? '/', node), {
      ...{ method, headers: headers as Record<string, string> },
      ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    const isPaid = 'payment-signature' in headers || 'agorai-session' in headers
    if (isCut && isPaid) {
      if (answer.ok) lost += 1
      request.socket.destroy()
      return
    }
    const passed = [...answer.headers].filter(
      ([name]) => !/^(content-encoding|transfer-encoding|connection)$/.test(name),
    )
    response.writeHead(answer.status, Object.fromEntries(passed)).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    cut(whether: boolean) {
      isCut = whether
    },
    /** How many paid answers were lost since this was asked. */
    takeLost(): number {
      const taken = lost
      lost = 0
      return taken
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

const ones = Array.from({ length: 784 }, () => 1).join(',')
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
