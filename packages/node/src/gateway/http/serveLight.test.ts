import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { AgoraiError } from '@agorai/core'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { noMetrics } from '../../ports/metrics.js'
import { noTracer } from '../../ports/trace.js'
import { createApp } from './createApp.js'
import { createResponse } from './createResponse.js'
import type { CallRequest } from './lightRequest.js'
import { readBytes } from './readBody.js'
import { type Route, route } from './route.js'
import { type HttpServer, serveHttp } from './serveHttp.js'

const bytesMax = 1_000
const log = { info() {}, warning() {}, error() {} }
let server: HttpServer | undefined
afterEach(() => server?.stop(0))

type Handle = (request: CallRequest, params: object) => Promise<Response>

const echo: Handle = async (request, params) => {
  const body = await readBytes(request, bytesMax)
  const text = JSON.stringify({ ...params, got: Buffer.from(body).toString(), url: request.url })
  return createResponse(Buffer.from(text), {
    headers: {
      'content-type': 'application/json',
      'referrer-policy': 'origin',
      'x-asked': request.headers.get('X-Ask') ?? '',
    },
  })
}

/** Serves a handler on two paths, or what it is without being light. */
async function serve(handle: Handle, light?: true): Promise<string> {
  const common = {
    method: 'post',
    summary: 'A call.',
    rawResponse: 'application/json',
    errors: [],
    crossOrigin: true,
  } as const
  const errorForm = ({ code }: { code: string }) => ({ failed: code })
  const routes: Route[] = [
    route({ ...common, path: '/call', errorForm, light, handle: ({ request }) => handle(request, {}) }),
    route({
      ...common,
      path: '/models/{id}/call',
      params: z.strictObject({ id: z.string().regex(/^\d+$/, 'must be a number') }),
      light,
      handle: ({ request, params }) => handle(request, params),
    }),
  ]
  const app = createApp({
    ...{ routes, fallback: async () => undefined, hosts: new Set(['127.0.0.1']), connectOrigins: [], report() {} },
    observer: { log, metrics: noMetrics, tracer: noTracer },
  })
  server = await serveHttp({ host: '127.0.0.1', port: 0, ...app })
  return `http://127.0.0.1:${server.port}`
}

/** What comes back for bytes that are sent in pieces. */
async function send(url: string, pieces: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setNoDelay()
  const received: string[] = []
  socket.on('data', (data) => received.push(String(data)))
  const ended = new Promise((resolve) => socket.once('close', resolve))
  for (const piece of pieces) {
    socket.write(piece)
    await pause(20)
  }
  await ended
  return received.join('')
}

const head = (more: string, path = '/call') =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n${more}\r\n`

test('answers as the framework does, to the header', async () => {
  const ask = async (light?: true) => {
    const url = await serve(echo, light)
    const answers: unknown[] = []
    for (const [path, init] of [
      ['/call', { body: 'hello', headers: { 'x-ask': 'why', accept: 'application/json' } }],
      ['/call', { body: '' }],
      ['/call', { body: 'hello', headers: { accept: 'text/plain' } }],
      ['/call', { body: 'x'.repeat(bytesMax + 1) }],
      ['/call?more=1', { body: 'hello' }],
      ['/models/12/call', { body: 'hello' }],
      ['/models/twelve/call', { body: 'hello' }],
      ['/models/%31/call', { body: 'hello' }],
      ['/none', { body: 'hello' }],
    ] as const) {
      const response = await fetch(url + path, { method: 'POST', ...init })
      const { date: _, ...headers } = Object.fromEntries(response.headers)
      const id = headers['agorai-request-id'] ?? ''
      expect(id).toHaveLength(36)
      const text = (await response.text()).replaceAll(url, '').replaceAll(id, '')
      answers.push([path, response.status, { ...headers, 'agorai-request-id': '' }, text])
    }
    const strange = await send(url, [
      'POST /call HTTP/1.1\r\nhost: other.example\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    ])
    answers.push(strange.split('\r\n')[0])
    await server?.stop(0)
    return answers
  }
  const light = await ask(true)
  expect(light).toEqual(await ask())
  expect(light.map((each) => (Array.isArray(each) ? each[1] : each))).toEqual([
    ...[200, 200, 406, 413, 400, 200, 400, 200, 405],
    'HTTP/1.1 421 Misdirected Request',
  ])
})

test('reads bodies however they come', async () => {
  const url = await serve(echo, true)
  const text = (got: string) => expect.stringContaining(`"got":"${got}"`)
  expect(await send(url, [`${head('content-length: 5\r\n')}hello`])).toEqual(text('hello'))
  expect(await send(url, [head('content-length: 5\r\n'), 'he', 'llo'])).toEqual(text('hello'))
  expect(await send(url, [`${head('content-length: 5\r\n')}he`, 'llo'])).toEqual(text('hello'))
  expect(await send(url, [`${head('transfer-encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n`])).toEqual(text('hello'))
  expect(await send(url, [head('transfer-encoding: chunked\r\n'), '2\r\nhe\r\n', '3\r\nllo\r\n0\r\n\r\n'])).toEqual(
    text('hello'),
  )
  const long = `${'3e8\r\n'}${'x'.repeat(1_000)}\r\n1\r\ny\r\n0\r\n\r\n`
  expect(await send(url, [head('transfer-encoding: chunked\r\n') + long])).toMatch(/^HTTP\/1\.1 413 /)
  // Two at once on one connection, the second of which is its last.
  const first = `POST /call HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 3\r\n\r\none`
  const both = await send(url, [`${first}${head('content-length: 3\r\n')}two`])
  expect(both.match(/"got":"(one|two)"/g)).toEqual(['"got":"one"', '"got":"two"'])
})

test('sends streams and failures, and tells who still waits', async () => {
  let gone = false
  const url = await serve(async (request) => {
    const asked = Buffer.from(await readBytes(request, bytesMax)).toString()
    if (asked === 'fail') throw new AgoraiError('model_failed', 'It fails.')
    if (asked === 'break') throw new Error('a secret')
    request.signal.addEventListener('abort', () => {
      gone = true
    })
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(Buffer.from('part'))
        await pause(10)
        if (asked === 'stream') controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'application/json' } })
  }, true)
  const ask = (body: string, signal?: AbortSignal) =>
    fetch(`${url}/call`, { method: 'POST', body, signal: signal ?? null })
  const failed = await ask('fail')
  expect([failed.status, await failed.json()]).toEqual([502, { failed: 'model_failed' }])
  expect(await (await ask('break')).json()).toEqual({ failed: 'internal' })
  const streamed = await ask('stream')
  expect(await streamed.text()).toBe('part')
  expect(streamed.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(gone).toBe(false)
  const leaving = new AbortController()
  await ask('endless', leaving.signal)
  leaving.abort()
  await expect.poll(() => gone).toBe(true)
})
