import { fileURLToPath } from 'node:url'
import { type OpenedSession, servingSchema } from '@agorai/core'
import { createAgoraiClient, fundAccount, publishAsset } from '@agorai/sdk'
import { bytesToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestPayer } from '../packages/node/src/gateway/payments/testPayer.js'
import { cpuMsOf, type Program, startProgram } from '../packages/node/test/program.js'
import {
  buyer,
  deliveryBody,
  newFolder,
  nodeInfo,
  removeFolder,
  sell,
  seller,
  type TestNode,
} from '../packages/node/test/support.js'
import { createRandom } from './fuzz/random.js'
import { drawRaw, rawCases, sendRaw } from './fuzz/rawRequests.js'
import { drawRequest, type FuzzRequest, operationsOf, resolverOf, type Sources } from './fuzz/requests.js'
import { statement } from './marketplace.js'
import { startServing } from './payments/paidService.js'
import { tokenOf } from './payments/sessionClient.js'
import { startUpstream, type Upstream } from './payments/upstream.js'

/** P21: 1,000,000 in the deep run. */
const isDeep = process.env.AGORAI_FUZZ_REQUESTS !== undefined
const requests = Number(process.env.AGORAI_FUZZ_REQUESTS ?? 20_000)
const seed = Number(process.env.AGORAI_FUZZ_SEED ?? Date.now() % 2 ** 31)
const atOnce = 24
/** What the process may hold more afterwards, in bytes. */
const memoryMax = 64 * 1024 * 1024
const hookFile = fileURLToPath(new URL('fuzz/heapOnSignal.mjs', import.meta.url))

/** Of every hundred requests ninety-nine are answered within so many milliseconds, as the node's own log has it. */
const answeredWithinMs = 100
/** CPU time of the node for a request, which is the same on a busy machine. */
const cpuMsMax = 20

let folder: string
let upstream: Upstream
let program: Program
let node: TestNode
let document: Record<string, unknown>
let sources: Sources

beforeAll(async () => {
  folder = await newFolder()
  upstream = await startUpstream()
  program = await startProgram(
    // What one client may ask a second is for another test: here it would answer in place of the routes.
    {
      AGORAI_DATA_DIR: folder,
      AGORAI_CLIENT_REQUESTS_PER_SECOND: '0',
      AGORAI_UPSTREAMS: await upstream.nameIn(folder, 2n),
      NODE_OPTIONS: `--expose-gc --import ${hookFile}`,
    },
  )
  const { url } = program
  node = { url, rpcUrl: `${url}/rpc`, info: await nodeInfo(url), folder, warnings: [] } as unknown as TestNode
  const { service, paying } = await sellCalls(node)
  const { asset, sold } = await sell(node, new Uint8Array(100_000))
  document = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as typeof document
  const known = [
    '1',
    `${sold.version}`,
    `${sold.offer}`,
    asset.cid,
    asset.digest,
    buyer.address,
    node.info.operator.address,
    `${service}`,
    paying.opened.session,
  ]
  const delivery = JSON.parse(await deliveryBody(node, sold)) as Record<string, unknown>
  const model = `${service}`
  const bodies = {
    '/api/v1/deliveries': delivery,
    '/v1/completions': { model, prompt: 'How much?', max_tokens: 4 },
    '/v1/chat/completions': { model, messages: [{ role: 'user', content: 'How much?' }], max_tokens: 4 },
    '/api/v1/sessions': { budget: '1000', asset: model },
    '/api/v1/sessions/{id}/top-up': { ceiling: '2000' },
  }
  sources = { resolve: resolverOf(document), known, bodies, paying: paying.headers }
}, 120_000)

afterAll(async () => {
  program?.child.kill('SIGKILL')
  await program?.exited
  await upstream?.stop()
  await removeFolder(folder)
})

/** A service that is called for money, and what a payer of it sends: a voucher on its channel, and tokens of its session. */
async function sellCalls(at: TestNode) {
  const client = await createAgoraiClient({ node: at.url, account: seller })
  const token = client.info.chain.addresses.testUsd ?? '0x'
  const model = await publishAsset(client, { ...statement, terms: { royaltyBps: 0, serveBps: 5_000 } })
  const prices = [{ unit: 'call', amount: '10' }]
  const serving = servingSchema.parse({ runtime: 'upstream', apis: ['completions', 'chat'], token, prices })
  const service = await publishAsset(client, { ...statement, suppliers: [model.version], serving })
  await startServing(at, {
    ...{ asset: service.asset, owner: seller, service: service.version },
    dataset: 0n,
    model: 0n,
  })

  await fundAccount(await createAgoraiClient({ node: at.url, account: buyer }), { amount: 1_000_000n })
  const buyerKey = bytesToHex(buyer.getHdKey().privateKey ?? new Uint8Array())
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ model: `${service.asset}`, prompt: 'How much?', max_tokens: 4 })
  const payer = await createTestPayer(`${at.url}/v1/completions`, privateKeyToAccount(buyerKey), { headers, body })
  expect((await payer.pay(await payer.deposit(10n, 500_000n), body)).status).toBe(200)
  const payload = await payer.voucher(1_010n)
  const accepted = { ...payer.batch, amount: '1000' }
  const payment = { x402Version: 2, accepted, payload }
  const opening = await fetch(`${at.url}/api/v1/sessions`, {
    method: 'POST',
    headers: { ...headers, 'PAYMENT-SIGNATURE': Buffer.from(JSON.stringify(payment)).toString('base64') },
    body: JSON.stringify({ budget: '1000', asset: `${service.asset}` }),
  })
  const opened = (await opening.json()) as OpenedSession
  const asked = { counter: 1, method: 'POST', target: '/v1/completions', body }
  return {
    service: service.asset,
    paying: {
      opened,
      headers: {
        'payment-signature': payment,
        'agorai-session': tokenOf(opened, asked),
        authorization: `Bearer ${opened.bearer}`,
        'idempotency-key': 'a-key-of-the-caller',
        'agorai-mandate': { mandate: { agent: buyer.address, owner: seller.address }, signature: '0x00' },
      },
    },
  }
}

/** Bytes that the process holds once its garbage is gone. */
async function heldBytes(): Promise<number> {
  const before = program.lines().filter(({ event }) => event === 'heap').length
  program.child.kill('SIGUSR2')
  const heaps = () => program.lines().filter(({ event }) => event === 'heap')
  await expect.poll(() => heaps().length, { timeout: 30_000 }).toBeGreaterThan(before)
  return Number(heaps().at(-1)?.bytes)
}

const show = ({ method, path, headers, body }: FuzzRequest) =>
  JSON.stringify({ method, path, headers, body: body && Buffer.from(body).toString('latin1').slice(0, 500) })

/** Traces, paths of source files, and names of what is inside. */
const insides = /\n\s+at |node:internal|\/src\/|\.ts:\d|ZodError|TypeError/

async function ask(request: FuzzRequest, statuses: Map<number, number>): Promise<void> {
  const { method, path, headers, body } = request
  let response: Response
  try {
    response = await fetch(`${node.url}${path}`, { method, headers, ...(body && { body: Uint8Array.from(body) }) })
  } catch (error) {
    // A body that is too large is answered and the connection closed, before all of it was sent.
    if (body !== undefined && body.length > 64 * 1024) return
    // What fetch itself refuses never reached the node.
    const { cause } = error as { cause?: { code?: string } }
    if (cause?.code === undefined || cause.code.startsWith('UND_ERR_INVALID') || /^ERR_/.test(cause.code)) return
    throw new Error(`no answer (${cause.code}) to ${show(request)}`)
  }
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
  const type = response.headers.get('content-type') ?? ''
  if (response.status < 400) {
    // Some answers have no end of their own.
    await response.body?.cancel()
    return
  }
  const text = method === 'HEAD' ? '{"code":"head"}' : await response.text()
  const said = JSON.parse(text) as { code?: string; error?: unknown }
  // The APIs of others tell errors in forms of their own, and x402 its refusals in its own.
  const isProblem = type === 'application/problem+json' && said.code !== undefined
  const isForeign = type === 'application/json' && said.error !== undefined
  const isGood = response.status < 500 && (isProblem || isForeign || method === 'HEAD') && !insides.test(text)
  if (!isGood) throw new Error(`${response.status} ${type} ${text.slice(0, 500)} to ${show(request)} (seed ${seed})`)
}

describe('P21: what is malformed', { timeout: 12 * 60 * 60_000 }, () => {
  test('to any operation is answered by a problem of its own, and leaves nothing behind', async () => {
    const random = createRandom(seed)
    const operations = operationsOf(document)
    expect(operations.length).toBeGreaterThan(15)
    const statuses = new Map<number, number>()
    const drawn = () => drawRequest(random.one(operations), random, sources)
    // What is loaded and cached by the first of its kind is no leak.
    for (let i = 0; i < 1_000; i++) await ask(drawn(), statuses)
    const before = await heldBytes()
    const cpuBefore = await cpuMsOf(program)
    let left = requests - 1_000
    const worker = async () => {
      while (left-- > 0) await ask(drawn(), statuses)
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    const cpuMs = ((await cpuMsOf(program)) - cpuBefore) / (requests - 1_000)
    const grown = (await heldBytes()) - before
    const took = program.lines().flatMap(({ event, ms }) => (event === 'request' ? [Number(ms)] : []))
    const slow = took.toSorted((first, second) => first - second)[Math.floor(took.length * 0.99)] ?? 0
    const asked = [...statuses.values()].reduce((sum, count) => sum + count, 0)
    console.log(
      `P21: ${requests} requests (seed ${seed}; ${asked} answered; ${[...statuses]
        .sort()
        .map(([status, count]) => `${status}: ${count}`)
        .join(
          ', ',
        )}; ${(grown / 2 ** 20).toFixed(1)} MiB more held; 99 % within ${slow} ms, ${cpuMs.toFixed(1)} ms of CPU each)`,
    )
    expect(asked).toBeGreaterThan(requests * 0.9)
    for (const status of [400, 404, 405, 401, 402]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0)
    expect(grown).toBeLessThan(memoryMax)
    expect(cpuMs).toBeLessThan(cpuMsMax)
    // How long it took says something on a machine that does nothing else.
    if (isDeep) expect(slow).toBeLessThan(answeredWithinMs)
  })

  test.each(Object.entries(rawCases))('on the wire: %s', async (_, raw) => {
    const answer = await sendRaw(Number(new URL(node.url).port), raw)
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
    for (const status of statuses) expect(status).toBeLessThan(500)
    expect(answer).not.toMatch(insides)
    // Whatever was smuggled is a request of its own, to a host that is not served.
    expect(answer).not.toMatch(/evil\.example/)
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200)
  })

  test('on the wire: requests with changed bytes', async () => {
    const random = createRandom(seed + 1)
    const port = Number(new URL(node.url).port)
    for (let i = 0; i < 500; i++) {
      const raw = drawRaw(random)
      const answer = await sendRaw(port, raw)
      const [, status = '0'] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? []
      if (Number(status) >= 500 || insides.test(answer))
        throw new Error(`${answer} to ${Buffer.from(raw).toString('latin1')}`)
    }
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200)
  })

  test('nothing of it was a failure of the node', () => {
    expect(program.lines().filter(({ level }) => level !== 'info')).toEqual([])
    expect(program.child.exitCode).toBeNull()
  })
})
