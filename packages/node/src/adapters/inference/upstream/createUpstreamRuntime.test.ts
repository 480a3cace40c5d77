import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GenerateStep } from '../../../ports/inference.js'
import { createUpstreamRuntime } from './createUpstreamRuntime.js'

let answer: (request: IncomingMessage, response: ServerResponse) => void
let asked: { url?: string; authorization?: string; body: Record<string, unknown> }[] = []
const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const { url = '' } = request
  asked.push({
    url,
    authorization: request.headers.authorization ?? '',
    body: JSON.parse(Buffer.concat(parts).toString()),
  })
  answer(request, response)
})
let baseUrl: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const request = {
  prompt: 'Hi',
  maxTokens: 5,
  temperature: 0,
  topP: undefined,
  seed: 1,
  stop: ['.'],
  streams: true,
}
const caller = { client: 'me', signal: new AbortController().signal }
const upstream = () => ({ baseUrl, apiKey: 'key', model: 'llama', continuousUsage: false, concurrency: 2 })

async function take(more: object = {}, apis = ['completions', 'chat'] as const): Promise<GenerateStep[]> {
  asked = []
  const steps: GenerateStep[] = []
  const runtime = createUpstreamRuntime(upstream(), apis, 8)
  for await (const step of runtime.generate({ ...request, ...more }, caller)) steps.push(step)
  return steps
}

const events = (...said: (object | string)[]) => {
  answer = (_, response) => {
    response.setHeader('content-type', 'text/event-stream')
    for (const one of said) response.write(`data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`)
    response.end()
  }
}
const whole = (body: object, status = 200, headers: Record<string, string> = {}) => {
  answer = (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
}
const usage = { prompt_tokens: 7, completion_tokens: 2 }

test('a stream is passed on, and what it used is what the server says', async () => {
  events(
    { choices: [{ text: 'a', finish_reason: null }] },
    { choices: [{ text: 'b', finish_reason: 'length' }] },
    { choices: [], usage },
    '[DONE]',
  )
  const steps = await take()
  expect(steps.map(({ text }) => text)).toEqual(['a', 'b', ''])
  expect(steps.at(-1)).toMatchObject({ finish: 'length', usage: { inputTokens: 7, outputTokens: 2 } })
  expect(asked).toEqual([
    {
      url: '/v1/completions',
      authorization: 'Bearer key',
      body: {
        model: 'llama',
        prompt: 'Hi',
        max_tokens: 5,
        temperature: 0,
        seed: 1,
        stop: ['.'],
        stream: true,
        stream_options: { include_usage: true },
      },
    },
  ])
})

test('a chat goes as it is, and a server that does not stream is understood', async () => {
  whole({ choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }], usage })
  const prompt = [{ role: 'user', content: 'Hi' }] as const
  expect((await take({ prompt, streams: false })).map(({ text }) => text)).toEqual(['Hello', ''])
  expect(asked[0]).toMatchObject({ url: '/v1/chat/completions', body: { messages: prompt } })
  expect(asked[0]?.body).not.toHaveProperty('stream')
})

test('what is not measured is not sold, and what fails says where', async () => {
  events({ choices: [{ text: 'a', finish_reason: 'stop' }] }, '[DONE]')
  await expect(take()).rejects.toMatchObject({ code: 'usage_missing' })
  whole({ choices: [{ text: 'a' }] })
  await expect(take()).rejects.toMatchObject({ code: 'usage_missing' })
  events({ choices: [{ text: 'a' }] }, { error: { message: 'out of memory' } })
  await expect(take()).rejects.toMatchObject({ code: 'upstream_unavailable' })
  answer = (_, response) => {
    response.setHeader('content-type', 'text/event-stream')
    response.write(`data: ${JSON.stringify({ choices: [{ text: 'a' }] })}\n\n`, () => response.destroy())
  }
  await expect(take()).rejects.toMatchObject({ code: 'upstream_unavailable' })
  whole({ error: { message: 'max_tokens is too large\u202e' } }, 400)
  await expect(take()).rejects.toMatchObject({ code: 'invalid_request', shortMessage: 'max_tokens is too large?' })
  whole({}, 401)
  await expect(take()).rejects.toMatchObject({ code: 'upstream_unavailable', details: { upstreamStatus: 401 } })
  whole({}, 429, { 'retry-after': '9' })
  await expect(take()).rejects.toMatchObject({ code: 'model_overloaded', details: { retryAfterSeconds: 9 } })
})

test('nobody else is called: a redirection is not followed', async () => {
  whole({}, 307, { location: `${baseUrl}/elsewhere` })
  await expect(take()).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(asked.map(({ url }) => url)).toEqual(['/v1/completions'])
})

test('a refusal without end is read no further than its reason can be', async () => {
  let sent = 0
  answer = (_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    const more = () => {
      while (sent < 64 * 1024 * 1024 && !response.destroyed) {
        sent += 65_536
        if (!response.write(Buffer.alloc(65_536, 0x20))) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  }
  await expect(take()).rejects.toMatchObject({ code: 'invalid_request' })
  expect(sent).toBeLessThan(32 * 1024 * 1024)
})

test('vectors come in the order of the texts, and each must be there', async () => {
  const runtime = createUpstreamRuntime(upstream(), ['embeddings'], 8)
  const data = [
    { index: 1, embedding: [2] },
    { index: 0, embedding: [1] },
  ]
  whole({ data, usage: { prompt_tokens: 4 } })
  const { vectors, inputTokens } = await runtime.embed(['a', 'b'], caller)
  expect([vectors.map(([value]) => value), inputTokens]).toEqual([[1, 2], 4])
  whole({ data: data.slice(1), usage })
  await expect(runtime.embed(['a', 'b'], caller)).rejects.toMatchObject({ code: 'upstream_unavailable' })
  whole({ data })
  await expect(runtime.embed(['a', 'b'], caller)).rejects.toMatchObject({ code: 'usage_missing' })
})

test('who gives up ends the call to the server, too', async () => {
  const controller = new AbortController()
  const closed = new Promise<void>((resolve) => {
    answer = (_, response) => {
      response.on('close', resolve)
      response.setHeader('content-type', 'text/event-stream')
      response.write(`data: ${JSON.stringify({ choices: [{ text: 'a' }] })}\n\n`)
    }
  })
  const runtime = createUpstreamRuntime(upstream(), ['completions'], 8)
  const steps = runtime.generate(request, { client: 'me', signal: controller.signal })
  const iterator = steps[Symbol.asyncIterator]()
  expect((await iterator.next()).value).toMatchObject({ text: 'a', usage: { inputTokens: 0, outputTokens: 1 } })
  controller.abort()
  await expect(iterator.next()).rejects.toMatchObject({ name: 'AbortError' })
  await closed
})

test('it is asked so much at once as its operator said, and a caller with much to ask waits for others', async () => {
  const open: { who: unknown; end(): void }[] = []
  const begun: unknown[] = []
  answer = (_, response) => {
    const who = asked.at(-1)?.body.prompt
    begun.push(who)
    open.push({
      who,
      end() {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ choices: [{ text: 'a', finish_reason: 'stop' }], usage }))
      },
    })
  }
  asked = []
  const runtime = createUpstreamRuntime(upstream(), ['completions'], 8)
  const ask = async (client: string) => {
    for await (const _ of runtime.generate({ ...request, prompt: client }, { ...caller, client }));
  }
  const calls = [...['much', 'much', 'much', 'much'].map(ask), ask('little')]
  await expect(ask('much')).rejects.toMatchObject({ code: 'model_overloaded', details: { retryAfterSeconds: 1 } })
  for (let ended = 0; ended < calls.length; ended += 1) {
    await expect.poll(() => open.length).toBe(Math.min(2, calls.length - ended))
    open.shift()?.end()
  }
  await Promise.all(calls)
  expect(begun).toEqual(['much', 'much', 'much', 'little', 'much'])
})
