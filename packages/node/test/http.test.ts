import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { errorCodes, type Problem } from '@agorai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFor, deliveryBody, newFolder, problemOf, removeFolder, startTestNode, type TestNode } from './support.js'

let node: TestNode
let port: number

beforeAll(async () => {
  const folder = await newFolder()
  const web = join(folder, 'web')
  await mkdir(join(web, 'assets'), { recursive: true })
  await writeFile(join(web, 'index.html'), '<!doctype html><title>Agorai</title>')
  await writeFile(join(web, 'assets', 'app-1.js'), 'export {}')
  await writeFile(join(web, 'assets', 'page.php'), 'never')
  await writeFile(join(folder, 'secret.txt'), 'never')
  await symlink(join(folder, 'secret.txt'), join(web, 'link.txt'))
  node = await startTestNode({ ...configFor(folder), hosts: ['market.example'] })
  port = Number(new URL(node.url).port)
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node?.folder ?? '')
})

const get = (path: string, init?: RequestInit) => fetch(node.url + path, init)
const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  get('/api/v1/deliveries', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    duplex: 'half',
  } as RequestInit)

/** Sends bytes as they are and reads until the other side closes. */
function raw(text: string, options: { keepOpenMs?: number } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    const timer = setTimeout(() => socket.destroy(), options.keepOpenMs ?? 3_000)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', (error) => (answer === '' ? reject(error) : undefined))
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
const rawProblem = (answer: string): Problem => {
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  return JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as Problem
}

describe('what is asked for', () => {
  test('is described by an OpenAPI 3.1 document whose references all lead somewhere', async () => {
    const document = (await (await get('/api/v1/openapi.json')).json()) as Record<string, unknown>
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths as object).sort()).toEqual([
      '/api/v1/assets',
      '/api/v1/assets/{id}',
      '/api/v1/assets/{id}/contributions',
      '/api/v1/assets/{id}/offers',
      '/api/v1/assets/{id}/versions',
      '/api/v1/chains',
      '/api/v1/content/{cid}',
      '/api/v1/contributions/{id}',
      '/api/v1/deliveries',
      '/api/v1/erasures/{digest}',
      '/api/v1/events',
      '/api/v1/events/stream',
      '/api/v1/feed-keys/{digest}',
      '/api/v1/feeds/{version}',
      '/api/v1/feeds/{version}/keys',
      '/api/v1/feeds/{version}/live',
      '/api/v1/feeds/{version}/segments',
      '/api/v1/feeds/{version}/segments/{sequence}',
      '/api/v1/health',
      '/api/v1/keys/{digest}',
      '/api/v1/manifests/{digest}',
      '/api/v1/manifests/{digest}/chunks',
      '/api/v1/node',
      '/api/v1/notices',
      '/api/v1/openapi.json',
      '/api/v1/passes',
      '/api/v1/quotes',
      '/api/v1/revenue',
      '/api/v1/revocations',
      '/api/v1/services',
      '/api/v1/services/{asset}',
      '/api/v1/services/{asset}/stop',
      '/api/v1/sessions',
      '/api/v1/sessions/{id}',
      '/api/v1/sessions/{id}/acknowledgements',
      '/api/v1/sessions/{id}/close',
      '/api/v1/sessions/{id}/receipts/{counter}',
      '/api/v1/sessions/{id}/top-up',
      '/api/v1/takedowns',
      '/api/v1/takedowns/{digest}',
      '/api/v1/uploads/{cid}',
      '/api/v1/versions/{id}/lineage',
      '/api/v1/versions/{id}/revenue',
      '/api/v1/versions/{id}/row-proofs',
      '/api/v1/withdrawals',
      '/healthz',
      '/ipfs/{cid}',
      '/readyz',
      '/rpc',
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/embeddings',
      '/v1/models',
      '/v1/models/agorai/{id}',
      '/v1/models/{id}',
      '/v2',
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/{asset}',
      '/v2/models/{asset}/infer',
      '/v2/models/{asset}/ready',
      '/v2/models/{asset}/versions/{version}',
      '/v2/models/{asset}/versions/{version}/infer',
      '/v2/models/{asset}/versions/{version}/ready',
    ])
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    expect(references.length).toBeGreaterThan(20)
    for (const path of references) {
      let at: unknown = document
      for (const part of path.split('/')) at = (at as Record<string, unknown>)[part]
      expect(at, path).toBeTypeOf('object')
    }
  })

  test.each(['/api/v1/assets/1', '/api/v1/nothing', '/api/v1/', '/api/v2/node', '/missing.js', '/.env', '/link.txt'])(
    '%s is not there',
    async (path) => {
      expect(await problemOf(await get(path))).toMatchObject({ code: 'not_found', status: 404 })
    },
  )

  test.each([
    ...['limit=-1', 'limit=0', 'limit=101', 'limit=1e9', 'limit=abc', 'limit=', 'limit=1&limit=2', 'kind=table'],
    ...['sort=name', 'sort=price', 'priceMax=5', 'priceMin=1e3&token=0x', 'usage=any', 'hasSample=yes', 'cursor=-1'],
    ...['builtFrom=-1', 'owner=0x1', 'tag=%00', `query=${'x'.repeat(201)}`, 'cursor=1-2-3'],
  ])('assets?%s is not a search', async (query) => {
    expect(await problemOf(await get(`/api/v1/assets?${query}`))).toMatchObject({ code: 'invalid_request' })
  })

  test('unknown and a thousand filters are refused', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `f${index}=1`).join('&')
    for (const query of ['colour=red', '__proto__=1', many])
      expect([400, 414]).toContain((await get(`/api/v1/assets?${query}`)).status)
  })

  test('words are only words', async () => {
    for (const query of ['(a+)+$', "' OR 1=1 --", '{"$gt":""}', '%', 'a'.repeat(200)]) {
      const answer = await get(`/api/v1/assets?query=${encodeURIComponent(query)}`)
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ assets: [], nextCursor: null })
    }
    expect((await get('/api/v1/assets?query=a%00b')).status).toBe(400)
    expect((await get('/api/v1/assets?query=%ED%A0%80')).status).toBe(200)
  })

  test.each(['1e3', '0x10', '-1', '1.5', '01', '%201', '9'.repeat(79)])('assets/%s is no id', async (id) => {
    expect(await problemOf(await get(`/api/v1/assets/${id}`))).toMatchObject({ code: 'invalid_request', status: 400 })
  })

  test('is not answered in a form that nobody serves', async () => {
    expect(await problemOf(await get('/api/v1/node', { headers: { accept: 'application/xml' } }))).toMatchObject({
      code: 'not_acceptable',
      status: 406,
    })
    for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.5'])
      expect((await get('/api/v1/node', { headers: { accept } })).status).toBe(200)
  })
})

describe('methods', () => {
  test.each(['DELETE', 'PATCH', 'OPTIONS', 'PUT'])('%s is not allowed on a page to read', async (method) => {
    const answer = await get('/api/v1/node', { method })
    expect(await problemOf(answer)).toMatchObject({ code: 'method_not_allowed', status: 405 })
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
  })

  test('TRACE echoes nothing, and an override header overrides nothing', async () => {
    const trace = await raw(
      `TRACE /api/v1/node HTTP/1.1\r\nHost: localhost\r\nX-Mark: mark\r\nConnection: close\r\n\r\n`,
    )
    expect(statusOf(trace)).toBe(405)
    expect(trace).not.toContain('mark')
    const answer = await get('/api/v1/node', { headers: { 'x-http-method-override': 'DELETE' } })
    expect(answer.status).toBe(200)
  })

  test('HEAD is GET without a body', async () => {
    for (const path of ['/api/v1/node', '/', '/assets/app-1.js', '/docs/errors']) {
      const answer = await get(path, { method: 'HEAD' })
      expect(answer.status).toBe(200)
      expect(await answer.text()).toBe('')
    }
  })
})

describe('a body', () => {
  test.each<[string, BodyInit]>([
    ['50,000 deep', '['.repeat(50_000)],
    ['33 deep', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['with __proto__', '{"__proto__":{"a":1}}'],
    ['with constructor', '{"request":{"constructor":{"prototype":{}}}}'],
    ['with a key twice', '{"signature":"0x","signature":"0x"}'],
    ['with NaN', '{"a":NaN}'],
    ['with 1e400', '{"a":1e400}'],
    ['with a lone surrogate', '{"a":"\\ud800"}'],
    ['with NUL', '{"a":"\\u0000"}'],
    ['that is not UTF-8', Uint8Array.of(0x22, 0xc0, 0x80, 0x22)],
    ['with a byte order mark', '\ufeff{}'],
    ['that is empty', ''],
    ['that is a number', '1'],
    ['that is null', 'null'],
    ['that breaks off', '{"a":'],
  ])('%s is refused', async (_, body) => {
    expect(await problemOf(await post(body))).toMatchObject({ code: 'invalid_request', status: 400 })
  })

  test('with an unknown field is refused', async () => {
    const body = JSON.parse(await deliveryBody(node, { version: 1n, offer: 1n })) as object
    for (const changed of [
      { ...body, more: 1 },
      { ...body, request: { ...Object(body).request, more: 1 } },
    ])
      expect(await problemOf(await post(JSON.stringify(changed)))).toMatchObject({ code: 'invalid_request' })
  })

  test.each(['1e3', '0x10', ' 1 ', '', '-1', '1.5', `1${'0'.repeat(80)}`, 2 ** 53])(
    'with the version %j is refused by name',
    async (version) => {
      const body = JSON.parse(await deliveryBody(node, { version: 1n, offer: 1n })) as { request: object }
      const problem = await problemOf(await post(JSON.stringify({ ...body, request: { ...body.request, version } })))
      expect(problem).toMatchObject({ code: 'invalid_request', status: 400, field: 'request.version' })
    },
  )

  test('of another type, or of none, is refused', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/json; charset=utf-16', ''])
      expect(await problemOf(await post('{}', { 'content-type': type }))).toMatchObject({
        code: 'unsupported_media_type',
        status: 415,
      })
    const bomb = Uint8Array.from(gzipSync(Buffer.alloc(20_000_000)))
    expect(await problemOf(await post(bomb, { 'content-encoding': 'gzip' }))).toMatchObject({
      code: 'unsupported_media_type',
    })
  })

  test('above the limit is refused, with a length or without, and the connection closed', async () => {
    const stated = await post('"'.padEnd(70_000, 'a'))
    expect(await problemOf(stated)).toMatchObject({ code: 'payload_too_large', status: 413 })
    expect(stated.headers.get('connection')).toBe('close')
    let sent = 0
    const endless = new ReadableStream({
      async pull(controller) {
        await pause(1)
        sent += 16_384
        controller.enqueue(new Uint8Array(16_384).fill(0x20))
      },
    })
    expect(await problemOf(await post(endless))).toMatchObject({ code: 'payload_too_large', status: 413 })
    expect(sent).toBeLessThan(4_000_000)
  })

  test('that never comes is not waited for', { timeout: 30_000 }, async () => {
    const head = 'POST /api/v1/deliveries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const started = performance.now()
    const [noBody, noHeaders] = await Promise.all([
      raw(`${head}Content-Length: 100\r\n\r\n{`, { keepOpenMs: 25_000 }),
      raw(head, { keepOpenMs: 25_000 }),
    ])
    expect(statusOf(noBody)).toBe(422)
    expect([400, 408]).toContain(statusOf(noHeaders))
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('the HTTP itself', () => {
  test('two lengths are one too many', async () => {
    const head = 'POST /api/v1/deliveries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const both = await raw(`${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
    expect(statusOf(both)).toBe(400)
    expect(rawProblem(both)).toMatchObject({ code: 'invalid_request' })
    expect(statusOf(await raw(`${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}`))).toBe(400)
  })

  test('a long URL and large headers are told apart', async () => {
    const url = await raw(`GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    expect(rawProblem(url)).toMatchObject({ code: 'uri_too_long', status: 414 })
    expect(await problemOf(await get(`/${'a'.repeat(10_000)}`))).toMatchObject({ code: 'uri_too_long', status: 414 })
    const many = Array.from({ length: 10_000 }, (_, index) => `h${index}: 1\r\n`).join('')
    const headers = await raw(`GET / HTTP/1.1\r\nHost: localhost\r\n${many}\r\n`)
    expect(rawProblem(headers)).toMatchObject({ code: 'headers_too_large', status: 431 })
  })

  test('what is no request at all is refused', async () => {
    for (const text of ['hello\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /\u0001 HTTP/1.1\r\nHost: localhost\r\n\r\n'])
      expect(statusOf(await raw(text))).toBe(400)
    expect(statusOf(await raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(400)
  })
})

describe('a browser', () => {
  test('that was rebound to this machine is turned away', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example']) {
      const answer = await raw(`GET /api/v1/node HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(rawProblem(answer)).toMatchObject({ code: 'host_not_allowed', status: 421 })
    }
    for (const host of [`localhost:${port}`, 'market.example', 'MARKET.example', `[::1]:${port}`]) {
      const answer = await raw(`GET /api/v1/node HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(statusOf(answer)).toBe(200)
    }
  })

  test('may read from any site, and change nothing from another', async () => {
    const read = await get('/api/v1/node', { headers: { origin: 'https://other.example' } })
    expect(read.headers.get('access-control-allow-origin')).toBe('*')
    expect(read.headers.get('access-control-allow-credentials')).toBeNull()
    for (const origin of ['https://other.example', 'null', `http://localhost.other.example:${port}`]) {
      for (const path of ['/api/v1/deliveries', '/rpc']) {
        const headers = { origin, 'content-type': 'application/json' }
        const answer = await get(path, { method: 'POST', body: '{}', headers })
        expect(await problemOf(answer)).toMatchObject({ code: 'origin_not_allowed', status: 403 })
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      }
    }
    expect((await post('{}', { origin: node.url })).status).toBe(400)
  })

  test('gets the same protection with every answer', async () => {
    for (const path of ['/', '/api/v1/node', '/api/v1/nothing', '/assets/app-1.js', '/docs/errors']) {
      const { headers } = await get(path)
      expect(headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('content-security-policy')).not.toContain('unsafe-inline')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('agorai-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
})

describe('the page', () => {
  test('starts at every path of its own, and its files are served by type', async () => {
    for (const path of ['/', '/assets/7', '/index.html', '/passes']) {
      const answer = await get(path)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(await answer.text()).toContain('<title>Agorai</title>')
    }
    const script = await get('/assets/app-1.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
  })

  test.each([
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/a%00.js',
    '/%',
    '/assets/page.php',
  ])('does not lead out of its folder: %s', async (path) => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect([400, 404]).toContain(statusOf(answer))
    expect(answer).not.toContain('never')
  })

  test('every problem leads to what it means', async () => {
    const text = await (await get('/docs/errors')).text()
    for (const code of Object.keys(errorCodes)) expect(text).toContain(`${code} (HTTP `)
  })
})

describe('JSON-RPC', () => {
  const rpc = async (body: unknown) =>
    get('/rpc', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  const call = (method: string, params: unknown[] = []) => ({ jsonrpc: '2.0', id: 1, method, params })

  test('reads the chain, one call or many', async () => {
    expect(await (await rpc(call('eth_chainId'))).json()).toMatchObject({ id: 1, result: '0x7a69' })
    const answers = (await (await rpc([call('eth_chainId'), { ...call('anvil_mine'), id: 2 }])).json()) as {
      id: number
    }[]
    expect(answers.sort((a, b) => a.id - b.id)).toMatchObject([{ result: '0x7a69' }, { error: { code: -32_601 } }])
  })

  test.each([
    'anvil_setBalance',
    'evm_mine',
    'hardhat_reset',
    'eth_sendTransaction',
    'eth_sign',
    'eth_accounts',
    'debug_traceCall',
    'constructor',
  ])('does not serve %s', async (method) => {
    expect(await (await rpc(call(method))).json()).toMatchObject({ error: { code: -32_601 } })
  })

  test.each([
    [{}],
    [[]],
    [{ ...call('eth_chainId'), more: 1 }],
    [Array(101).fill(call('eth_chainId'))],
    ['eth_chainId'],
  ])('refuses what is no call', async (body) => {
    expect(await problemOf(await rpc(body))).toMatchObject({ code: 'invalid_request' })
  })
})

test('nothing went wrong unseen', () => {
  expect(node.warnings).toEqual([])
})
