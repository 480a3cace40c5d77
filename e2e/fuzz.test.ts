import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Program, startProgram } from '../packages/node/test/program.js'
import {
  buyer,
  deliveryBody,
  newFolder,
  nodeInfo,
  removeFolder,
  sell,
  type TestNode,
} from '../packages/node/test/support.js'
import { createRandom } from './fuzz/random.js'
import { drawRaw, rawCases, sendRaw } from './fuzz/rawRequests.js'
import { drawRequest, type FuzzRequest, operationsOf, resolverOf, type Sources } from './fuzz/requests.js'

/** P21: 1,000,000 in the deep run. */
const requests = Number(process.env.AGORAI_FUZZ_REQUESTS ?? 20_000)
const seed = Number(process.env.AGORAI_FUZZ_SEED ?? Date.now() % 2 ** 31)
const atOnce = 24
/** What the process may hold more afterwards, in bytes. */
const memoryMax = 64 * 1024 * 1024
const hookFile = fileURLToPath(new URL('fuzz/heapOnSignal.mjs', import.meta.url))

let folder: string
let program: Program
let node: TestNode
let document: Record<string, unknown>
let sources: Sources

beforeAll(async () => {
  folder = await newFolder()
  program = await startProgram(
    // What one client may ask a second is for another test: here it would answer in place of the routes.
    {
      AGORAI_DATA_DIR: folder,
      AGORAI_CLIENT_REQUESTS_PER_SECOND: '0',
      NODE_OPTIONS: `--expose-gc --import ${hookFile}`,
    },
  )
  const { url } = program
  node = { url, rpcUrl: `${url}/rpc`, info: await nodeInfo(url), folder, warnings: [] } as unknown as TestNode
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
  ]
  const delivery = JSON.parse(await deliveryBody(node, sold)) as Record<string, unknown>
  sources = { resolve: resolverOf(document), known, bodies: { '/api/v1/deliveries': delivery } }
}, 120_000)

afterAll(async () => {
  program?.child.kill('SIGKILL')
  await program?.exited
  await removeFolder(folder)
})

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
    let left = requests - 1_000
    const worker = async () => {
      while (left-- > 0) await ask(drawn(), statuses)
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    const grown = (await heldBytes()) - before
    const asked = [...statuses.values()].reduce((sum, count) => sum + count, 0)
    console.log(
      `P21: ${requests} requests (seed ${seed}; ${asked} answered; ${[...statuses]
        .sort()
        .map(([status, count]) => `${status}: ${count}`)
        .join(', ')}; ${(grown / 2 ** 20).toFixed(1)} MiB more held)`,
    )
    expect(asked).toBeGreaterThan(requests * 0.9)
    for (const status of [400, 404, 405, 401]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0)
    expect(grown).toBeLessThan(memoryMax)
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
