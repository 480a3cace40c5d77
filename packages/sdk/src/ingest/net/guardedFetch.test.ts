import { createSocket, type Socket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decode, encode } from 'dns-packet'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type GuardedFetchOptions, type GuardedResponse, guardedFetch } from './guardedFetch.js'

/** 127.0.0.1 stands for the public internet here, 127.0.0.2 for what must not be reached; both listen on one port. */
const open = '127.0.0.1'
const hidden = '127.0.0.2'
let listener: RequestListener = (_, response) => response.end('open')
let hiddenConnections = 0
let port = 0
const servers: Server[] = []
let dns: Socket
let answers: string[] = []
let asked = 0

beforeAll(async () => {
  const server = createServer((request, response) => listener(request, response)).listen(0, open)
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  const secret = createServer((_, response) => response.end('secret')).listen(port, hidden)
  secret.on('connection', () => hiddenConnections++)
  await once(secret, 'listening')
  servers.push(server, secret)
  dns = createSocket('udp4')
  dns.on('message', (message, { port: to, address }) => {
    const query = decode(message)
    const [question] = query.questions ?? []
    const data = question?.type === 'A' ? (answers[Math.min(asked++, answers.length - 1)] as string) : undefined
    const reply = encode({
      type: 'response',
      id: query.id ?? 0,
      flags: 0x180,
      questions: query.questions ?? [],
      answers: data === undefined ? [] : [{ type: 'A', name: question?.name ?? '', ttl: 0, data }],
    })
    dns.send(reply, to, address)
  })
  dns.bind(0, open)
  await once(dns, 'listening')
})
afterAll(() => {
  for (const server of servers) server.close()
  dns.close()
})
afterEach(() => {
  listener = (_, response) => response.end('open')
  answers = []
  asked = 0
})

async function resolve(hostname: string) {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([`${open}:${dns.address().port}`])
  return (await resolver.resolve4(hostname)).map((address) => ({ address, family: 4 }))
}

const get = (url: string, options: GuardedFetchOptions = {}): Promise<GuardedResponse> =>
  guardedFetch(url, {
    insecure: true,
    ports: [port],
    resolve,
    isAllowed: (address) => address === open,
    ...options,
  })

async function textOf(answer: GuardedResponse): Promise<string> {
  const slices: Uint8Array[] = []
  for await (const slice of answer.body) slices.push(slice)
  return Buffer.concat(slices).toString()
}

describe('a name that changes its mind', () => {
  test('is asked once a hop, and the connection goes to the address that was checked', async () => {
    answers = [open, hidden]
    expect(await textOf(await get(`http://rebind.example:${port}/`))).toBe('open')
    expect(asked).toBe(1)
    expect(hiddenConnections).toBe(0)
  })

  test('is refused at the moment it names what is hidden; sixty changes reach nothing', async () => {
    answers = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? open : hidden))
    const codes: string[] = []
    for (let each = 0; each < 60; each++)
      await get(`http://rebind.example:${port}/`).then(
        async (answer) => codes.push(await textOf(answer)),
        (error) => codes.push(error.code),
      )
    expect(new Set(codes)).toEqual(new Set(['open', 'unsafe_url']))
    expect(hiddenConnections).toBe(0)
  })

  test('is checked anew by each redirect', async () => {
    answers = [open, hidden]
    listener = (_, response) => response.writeHead(302, { location: `http://rebind.example:${port}/next` }).end()
    await expect(get(`http://rebind.example:${port}/`)).rejects.toMatchObject({ code: 'unsafe_url' })
    expect([asked, hiddenConnections]).toEqual([2, 0])
  })

  test('reaches nothing of this machine under the rules of the product either', async () => {
    answers = [open]
    const attempt = guardedFetch(`http://rebind.example:${port}/`, { insecure: true, ports: [port], resolve })
    await expect(attempt).rejects.toMatchObject({ code: 'unsafe_url' })
  })
})

describe('redirects', () => {
  test.each([
    ['to what is hidden', () => `http://${hidden}:${port}/`],
    ['to another spelling of it', () => `http://2130706434:${port}/`],
    ['to a file', () => 'file:///etc/passwd'],
    ['to another port', () => `http://${open}:1/`],
    ['with a user', () => `http://user@${open}:${port}/`],
    ['to nonsense', () => 'http://['],
    ['for ever', () => '/again'],
  ])('%s are refused', async (_, location) => {
    listener = (_request, response) => response.writeHead(307, { location: location() }).end()
    await expect(get(`http://${open}:${port}/`)).rejects.toMatchObject({ code: 'unsafe_url' })
    expect(hiddenConnections).toBe(0)
  })

  test('five are followed, and the answer says where it came from', async () => {
    let left = 5
    listener = (_, response) =>
      left-- > 0 ? response.writeHead(301, { location: `/at/${left}` }).end() : response.end('there')
    const answer = await get(`http://${open}:${port}/`)
    expect([answer.url.pathname, await textOf(answer)]).toEqual(['/at/0', 'there'])
  })

  test.each([
    ['what is hidden', () => `http://${hidden}:${port}/`],
    ['its own address under another name', () => `http://localhost:${port}/`],
    ['another of its ports', () => `http://${open}:${port + 1}/`],
    ['what is private, by TLS', () => 'https://10.0.0.1/'],
  ])('of a server named in settings to %s are refused', async (_, location) => {
    let own = 0
    listener = (request, response) =>
      response.writeHead(302, { location: own++ === 0 ? `${request.url}again` : location() }).end()
    const attempt = guardedFetch(`http://${open}:${port}/`, { trusted: true })
    await expect(attempt).rejects.toMatchObject({ code: 'unsafe_url' })
    expect([own, hiddenConnections]).toEqual([2, 0])
  })

  test('from https to http need the same consent as http', async () => {
    const attempt = guardedFetch('http://1.1.1.1/')
    await expect(attempt).rejects.toMatchObject({ code: 'unsafe_url' })
  })
})

describe('bodies', () => {
  test('without end stop at the limit', async () => {
    listener = (_, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 1)
      response.on('close', () => clearInterval(timer))
    }
    const answer = await get(`http://${open}:${port}/`, { bytesMax: 1_000_000 })
    await expect(textOf(answer)).rejects.toMatchObject({ code: 'length_mismatch', details: { bytesMax: 1_000_000 } })
  })

  test('that drip are given up', async () => {
    listener = (_, response) => {
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    }
    const answer = await get(`http://${open}:${port}/`, { bytesPerSecondMin: 10_000, paceMs: 400 })
    await expect(textOf(answer)).rejects.toMatchObject({ code: 'source_unavailable' })
  })

  test('whose reader is slow are not', async () => {
    listener = (_, response) => response.end(Buffer.alloc(300_000, 'a'))
    const answer = await get(`http://${open}:${port}/`, { bytesPerSecondMin: 1_000_000, paceMs: 200 })
    let bytes = 0
    for await (const slice of answer.body) {
      bytes += slice.length
      await new Promise((resume) => setTimeout(resume, 100))
    }
    expect(bytes).toBe(300_000)
  })

  test('shorter than they say are told', async () => {
    listener = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('short')
      setTimeout(() => response.destroy(), 50)
    }
    await expect(textOf(await get(`http://${open}:${port}/`))).rejects.toMatchObject({ code: 'length_mismatch' })
  })

  test('that are compressed unasked are refused', async () => {
    listener = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
    await expect(get(`http://${open}:${port}/`)).rejects.toMatchObject({ code: 'source_unavailable' })
  })

  test('that never begin are given up', async () => {
    listener = () => {}
    const attempt = get(`http://${open}:${port}/`, { timeoutMs: 200 })
    await expect(attempt).rejects.toMatchObject({ code: 'source_unavailable' })
  })

  test('of a host that nobody knows', async () => {
    const attempt = get(`http://nobody.example:${port}/`, {
      resolve: async () => Promise.reject(new Error('ENOTFOUND')),
    })
    await expect(attempt).rejects.toMatchObject({ code: 'source_unavailable' })
  })
})
