import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Program, startProgram } from './program.js'
import { deliveryBody, grantOf, newFolder, nodeInfo, removeFolder, sell, type TestNode } from './support.js'

type Span = { name: string; traceId: string; spanId: string; parentSpanId?: string; attributes: { key: string }[] }

let folder: string
let collector: ChildProcess
let program: Program
let node: TestNode
const spans: Span[] = []

beforeAll(async () => {
  folder = await newFolder()
  collector = spawn(process.execPath, [fileURLToPath(new URL('traceCollector.mjs', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<number>((resolve) => {
    createInterface(collector.stdout as NodeJS.ReadableStream).on('line', (line) => {
      const said = JSON.parse(line) as { port?: number } & Span
      if (said.port === undefined) spans.push(said)
      else resolve(said.port)
    })
  })
  program = await startProgram({
    AGORAI_DATA_DIR: folder,
    AGORAI_METRICS: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  })
  const { url } = program
  node = { url, rpcUrl: `${url}/rpc`, info: await nodeInfo(url), folder, warnings: [] } as unknown as TestNode
}, 120_000)

afterAll(async () => {
  program?.child.kill('SIGKILL')
  await program?.exited
  collector?.kill()
  await removeFolder(folder)
})

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentSpan = 'b7ad6b7169203331'

describe('what a node tells of itself', { timeout: 180_000 }, () => {
  test('a delivery is one trace, one line, some counts, and none of them holds a secret', async () => {
    const { sold } = await sell(node, new Uint8Array(3_000))
    const body = await deliveryBody(node, sold)
    const response = await fetch(`${node.url}/api/v1/deliveries`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${traceId}-${parentSpan}-01`,
        authorization: 'Bearer canary-of-an-authorization',
        cookie: 'session=canary-of-a-cookie',
      },
      body,
    })
    const requestId = response.headers.get('agorai-request-id')
    const { sealedKey } = await grantOf(response)

    await expect.poll(() => spans.some(({ name }) => name === 'HTTP POST'), { timeout: 30_000 }).toBe(true)
    await expect
      .poll(() => spans.find(({ traceId: id, name }) => id === traceId && name === 'HTTP POST'), { timeout: 30_000 })
      .toMatchObject({ parentSpanId: parentSpan })
    const own = spans.filter((span) => span.traceId === traceId)
    const server = own.find(({ name }) => name === 'HTTP POST')
    const children = own.filter(({ parentSpanId }) => parentSpanId === server?.spanId).map(({ name }) => name)
    expect(children).toEqual(expect.arrayContaining(['chain eth_call', 'journal append delivery-granted']))
    expect(server?.attributes).toEqual(
      expect.arrayContaining([{ key: 'http.route', value: { stringValue: '/api/v1/deliveries' } }]),
    )

    const line = program.lines().find((entry) => entry.requestId === requestId)
    expect(line).toMatchObject({
      level: 'info',
      event: 'request',
      route: '/api/v1/deliveries',
      method: 'POST',
      status: 200,
      traceId,
    })
    expect(program.lines().filter(({ requestId: id }) => id === requestId)).toHaveLength(1)

    const metrics = await (await fetch(`${node.url}/metrics`)).text()
    const route = 'route="/api/v1/deliveries",method="POST"'
    expect(metrics).toContain(`agorai_http_requests_total{${route},status="200"} 1`)
    expect(metrics).toContain(`agorai_http_request_seconds_count{${route}} 1`)
    expect(metrics).toContain('agorai_journal_records_total{kind="delivery-granted"} 1')
    expect(metrics).toMatch(/agorai_journal_append_seconds_count [2-9]/)
    expect(metrics).toMatch(/agorai_index_lag_blocks \d/)
    expect(metrics).toMatch(/agorai_storage_free_bytes [1-9]/)
    expect(metrics).toContain('agorai_ready{part="journal"} 1')
    expect(metrics).toContain('process_resident_memory_bytes')

    const { request: asked, signature } = JSON.parse(body) as { request: Record<string, string>; signature: string }
    const keys = JSON.parse(await readFile(join(folder, 'keys', 'operator.json'), 'utf8')) as Record<string, string>
    const secrets = [
      signature,
      sealedKey,
      asked.nonce,
      asked.holder,
      ...Object.values(keys).filter((key) => /^0x[0-9a-f]{64}$/.test(key)),
      'canary-of',
    ]
    const told = [program.text(), metrics, JSON.stringify(spans)].join('\n').toLowerCase()
    for (const secret of secrets) expect(told).not.toContain(String(secret).toLowerCase().replace(/^0x/, ''))
  })

  test('labels stay few, whatever is asked for', async () => {
    for (let i = 0; i < 50; i++) {
      await fetch(`${node.url}/api/v1/assets/${i + 1_000}`)
      await fetch(`${node.url}/nothing-${i}`, { method: 'POST' })
      await fetch(`${node.url}/page-${i}`)
    }
    await new Promise<void>((resolve) => {
      const odd = request(`${node.url}/api/v1/assets`, { method: 'PROPFIND' }, (answer) =>
        answer.resume().once('end', resolve),
      )
      odd.end()
    })
    const metrics = await (await fetch(`${node.url}/metrics`)).text()
    const series = metrics.split('\n').filter((line) => line.startsWith('agorai_http_requests_total'))
    expect(series.length).toBeLessThan(30)
    expect(metrics).toContain('route="/api/v1/assets/{id}",method="GET",status="404"')
    expect(metrics).toContain('route="none",method="POST",status="405"')
    expect(metrics).toContain('method="other"')
    expect(metrics).not.toContain('nothing-')
  })

  test('health is answered under any name of the host, and not in the log', async () => {
    const ask = (path: string) =>
      new Promise<number | undefined>((resolve) => {
        const options = { headers: { host: '10.1.2.3:8080' } }
        request(`${node.url}${path}`, options, (answer) => resolve(answer.resume().statusCode)).end()
      })
    expect(await ask('/healthz')).toBe(200)
    expect(await ask('/readyz')).toBe(200)
    expect(await ask('/metrics')).toBe(421)
    expect(program.lines().some(({ route }) => route === '/healthz')).toBe(false)
  })
})
