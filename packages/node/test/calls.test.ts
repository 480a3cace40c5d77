import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeInfoSchema, quoteSchema, servedServiceSchema, servedServicesSchema, testUsdAbi } from '@agorai/core'
import { publishTextModel, publishTextService, readCommitted } from '@agorai/examples/language/publish'
import {
  type AgoraiClient,
  buyOffer,
  createAgoraiClient,
  fundAccount,
  openSession,
  publishAsset,
  type Session,
  serveAsset,
  stopServing,
} from '@agorai/sdk'
import type { LocalSource } from '@agorai/sdk/ingest'
import OpenAI, { NotFoundError } from 'openai'
import { type LocalAccount, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { slowModel, slowRows } from '../src/adapters/inference/onnx/testModels.js'
import { startProgram } from './program.js'
import {
  buyer,
  configFor,
  removeFolder,
  seller,
  startTestNode,
  stranger,
  type TestNode,
  uploadHeaders,
} from './support.js'

let node: TestNode
let openai: OpenAI
/** Services that cost nothing: what they answer is tested here. */
let texts: bigint
let vectors: bigint

const free = [{ unit: 'call', amount: '0', per: 1 }] as const
/** Of one model; half of them may be one caller's. */
const callsMax = 24
const clientOf = (account: LocalAccount) => createAgoraiClient({ node: node.url, account })
const tokenOf = () => node.info.chain.addresses.testUsd as `0x${string}`

/** Waits until a node knows all that is on its chain. */
async function settled(given?: AgoraiClient): Promise<void> {
  const client = given ?? (await clientOf(seller))
  const head = await client.publicClient.getBlockNumber({ cacheTime: 0 })
  for (let tries = 0; tries < 2_000; tries++) {
    const { chain } = await client.http.json(nodeInfoSchema, { path: 'api/v1/node' })
    if (chain.indexedBlock >= Number(head) && chain.confirmedBlock >= Number(head)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the node does not come after')
}

beforeAll(async () => {
  node = await startTestNode({ inference: { ...configFor('.').inference, callsMax } })
  const client = await clientOf(seller)
  const token = tokenOf()
  const language = await publishTextModel(client, { token })
  const embedding = await publishTextModel(client, { token, which: 'embedding', name: 'Vectors of texts' })
  const service = { token, prices: free }
  const apis = ['completions', 'chat', 'infer'] as const
  texts = (await publishTextService(client, { ...service, model: language.asset, apis })).asset
  const named = { ...service, model: embedding.asset, name: 'Vectors', apis: ['embeddings'] as const }
  vectors = (await publishTextService(client, named)).asset
  await settled()
  await serveAsset(client, { asset: texts })
  await serveAsset(client, { asset: vectors })
  openai = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'nothing to pay', maxRetries: 0 })
}, 120_000)

afterAll(async () => {
  await node.stop()
  await removeFolder(node.folder)
})

describe('the official OpenAI client', () => {
  test('lists what is served, and finds it by id and by name', async () => {
    const { data } = await openai.models.list()
    expect(data.map(({ id }) => id)).toEqual([`agorai/${texts}`, `agorai/${vectors}`])
    expect(await openai.models.retrieve(`agorai/${texts}`)).toMatchObject({ object: 'model', owned_by: seller.address })
    for (const model of [`${texts}`, `agorai/${texts}`, 'Text completion'])
      expect((await openai.completions.create({ model, prompt: 'The people', max_tokens: 1 })).choices).toHaveLength(1)
  })

  test('goes on with a text, with exact counts, the same again for the same seed', async () => {
    const ask = { model: `${texts}`, prompt: 'The people of the', max_tokens: 12, seed: 3, temperature: 0.7 }
    const one = await openai.completions.create(ask)
    expect(one).toMatchObject({ object: 'text_completion', choices: [{ index: 0, finish_reason: 'length' }] })
    expect(one.usage).toMatchObject({ completion_tokens: 12, total_tokens: (one.usage?.prompt_tokens ?? 0) + 12 })
    expect((await openai.completions.create(ask)).choices[0]?.text).toBe(one.choices[0]?.text)
    const stream = await openai.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })
    let text = ''
    let usage: unknown
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(one.choices[0]?.text)
    expect(usage).toEqual(one.usage)
  })

  test('chats, whole and as it is made', async () => {
    const messages = [
      { role: 'system', content: 'Speak of the sea.' },
      { role: 'user', content: [{ type: 'text', text: 'What of the whale?' }] },
    ] satisfies OpenAI.ChatCompletionMessageParam[]
    const ask = { model: `${texts}`, messages, max_completion_tokens: 10, temperature: 0 }
    const whole = await openai.chat.completions.create(ask)
    expect(whole.choices[0]?.message).toMatchObject({ role: 'assistant', content: expect.any(String) })
    const said = openai.chat.completions.stream(ask)
    expect((await said.finalChatCompletion()).choices[0]?.message.content).toBe(whole.choices[0]?.message.content)
    // The documented form of a chat, as one text.
    const prompt = 'Speak of the sea.\n\nWhat of the whale?\n\n'
    const same = await openai.completions.create({ model: `${texts}`, prompt, max_tokens: 10, temperature: 0 })
    expect(same.choices[0]?.text).toBe(whole.choices[0]?.message.content)
    expect(same.usage).toEqual(whole.usage)
  })

  test('gets vectors of texts, in both forms', async () => {
    const input = ['The whale and the sea', 'The ship upon the sea', 'Taxes and the revenue of the Treasury']
    const { data, usage } = await openai.embeddings.create({ model: 'Vectors', input })
    const floats = await openai.embeddings.create({ model: 'Vectors', input, encoding_format: 'float' })
    expect(floats.data.map(({ embedding }) => embedding)).toEqual(data.map(({ embedding }) => embedding))
    const [whale, ship, taxes] = data.map(({ embedding }) => embedding) as [number[], number[], number[]]
    const near = (left: number[], right: number[]) => left.reduce((sum, x, at) => sum + x * (right[at] ?? 0), 0)
    expect(whale).toHaveLength(48)
    expect(near(whale, whale)).toBeCloseTo(1, 4)
    expect(near(whale, ship)).toBeGreaterThan(near(whale, taxes))
    expect(usage.prompt_tokens).toBeGreaterThan(10)
  })

  test('is told errors in the form that it knows', async () => {
    const ask = { model: `${texts}`, prompt: 'The', max_tokens: 2 }
    const missing = await openai.completions.create({ ...ask, model: '999' }).catch((error: unknown) => error)
    expect(missing).toBeInstanceOf(NotFoundError)
    expect(missing).toMatchObject({ code: 'model_not_found', param: 'model', type: 'invalid_request_error' })
    const bad: [object, string, string | null][] = [
      [{ n: 2 }, 'invalid_request', 'n'],
      [{ max_tokens: 513 }, 'limit_exceeded', 'max_tokens'],
      [{ prompt: 'whale '.repeat(5_000) }, 'limit_exceeded', 'prompt'],
      [{ prompt: ['a', 'b'] }, 'invalid_request', 'prompt'],
      [{ prompt: '' }, 'invalid_request', 'prompt'],
      [{ logprobs: 5 }, 'invalid_request', 'logprobs'],
      [{ surprise: 1 }, 'invalid_request', null],
      [{ model: 'Vectors' }, 'invalid_request', 'model'],
    ]
    for (const [more, code, param] of bad)
      await expect(openai.completions.create({ ...ask, ...more })).rejects.toMatchObject({ status: 400, code, param })
    const harmless = { ...ask, user: 'me', logit_bias: {}, presence_penalty: 0, best_of: 1 }
    await expect(openai.completions.create(harmless)).resolves.toMatchObject({ object: 'text_completion' })
  })

  test('may stop in the middle, and the model is free for others', async () => {
    const ask = { model: `${texts}`, prompt: 'The', max_tokens: 512, stream: true } as const
    const stream = await openai.completions.create(ask)
    let pieces = 0
    for await (const _ of stream) if (++pieces === 3) stream.controller.abort()
    expect(pieces).toBeGreaterThanOrEqual(3)
    await expect(openai.completions.create({ ...ask, stream: false, max_tokens: 1 })).resolves.toBeDefined()
  })
})

describe('the Open Inference Protocol', () => {
  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${node.url}/v2/models/${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  const ids = Array.from({ length: 32 }, (_, at) => at)
  const input = { name: 'input_ids', datatype: 'INT64', shape: [2, 16] }

  test('says what it is, and what a service takes and gives', async () => {
    const get = async (path: string) => (await fetch(`${node.url}/v2${path}`)).json()
    expect(await get('')).toMatchObject({ name: 'agorai', extensions: ['binary_tensor_data'] })
    expect(await get('/health/live')).toEqual({ live: true })
    expect(await get('/health/ready')).toEqual({ ready: true })
    const said = (await get(`/models/${texts}`)) as { versions: string[] }
    expect(said).toMatchObject({
      name: `agorai/${texts}`,
      inputs: [{ name: 'input_ids', datatype: 'INT64', shape: [-1, 16] }],
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 1_024] }],
    })
    expect(await get(`/models/${texts}/versions/${said.versions[0]}`)).toEqual(said)
    expect(await get(`/models/${texts}/ready`)).toMatchObject({ ready: true })
    expect(await get(`/models/${texts}/versions/1`)).toMatchObject({ code: 'model_not_found' })
  })

  test('answers tensors as JSON and as bytes, alike', async () => {
    const nested = [ids.slice(0, 16), ids.slice(16)]
    const json = await post(`${texts}/infer`, JSON.stringify({ id: 'a', inputs: [{ ...input, data: nested }] }))
    const said = (await json.json()) as { outputs: { data: number[]; shape: number[] }[] }
    expect(said).toMatchObject({
      model_name: `agorai/${texts}`,
      id: 'a',
      outputs: [{ name: 'logits', shape: [2, 1_024] }],
    })
    const head = Buffer.from(
      JSON.stringify({
        parameters: { binary_data_output: true },
        inputs: [{ ...input, parameters: { binary_data_size: 256 } }],
      }),
    )
    const values = Buffer.from(BigInt64Array.from(ids, BigInt).buffer)
    const binary = await post(`${texts}/infer`, Buffer.concat([head, values]), {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': `${head.length}`,
    })
    expect(binary.status, binary.ok ? '' : await binary.clone().text()).toBe(200)
    const length = Number(binary.headers.get('inference-header-content-length'))
    const bytes = Buffer.from(await binary.arrayBuffer())
    expect(JSON.parse(bytes.subarray(0, length).toString())).toMatchObject({
      outputs: [{ name: 'logits', parameters: { binary_data_size: 2 * 1_024 * 4 } }],
    })
    expect(Array.from(new Float32Array(Uint8Array.from(bytes.subarray(length)).buffer))).toEqual(
      said.outputs[0]?.data.map((value) => Math.fround(value)),
    )
  })

  test('refuses sizes that do not fit before it makes anything of them', async () => {
    const bad: [object, Record<string, string>][] = [
      [{ inputs: [{ ...input, data: ids.slice(1) }] }, {}],
      [{ inputs: [{ ...input, shape: [2 ** 30, 2 ** 30], data: ids }] }, {}],
      [{ inputs: [{ ...input, shape: [-1, 16], data: ids }] }, {}],
      [{ inputs: [{ ...input, data: [...ids.slice(1), 0.5] }] }, {}],
      [{ inputs: [{ ...input, data: [...ids.slice(1), 2 ** 60] }] }, {}],
      [{ inputs: [{ ...input, datatype: 'FP32', data: ids }] }, {}],
      [{ inputs: [{ ...input, parameters: { binary_data_size: 1e9 } }] }, { 'inference-header-content-length': '5' }],
      [{ inputs: [{ ...input, parameters: { binary_data_size: 256 } }] }, {}],
      [{ inputs: [{ ...input, data: ids }], outputs: [{ name: 'none' }] }, {}],
      [{ inputs: [{ ...input, shape: [65, 16], data: Array.from({ length: 65 * 16 }, () => 0) }] }, {}],
    ]
    for (const [body, headers] of bad) {
      const response = await post(`${texts}/infer`, JSON.stringify(body), headers)
      expect([response.status, await response.json()]).toMatchObject([400, { error: expect.any(String) }])
    }
  })
})

test('pages of any site may call it, and ask first whether they may', async () => {
  const origin = { origin: 'https://example.org' }
  const asked = await fetch(`${node.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: { ...origin, 'access-control-request-headers': 'authorization,x-stainless-os,payment-signature' },
  })
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-origin')).toBe('*')
  expect(asked.headers.get('access-control-allow-headers')).toContain('payment-signature')
  expect(asked.headers.get('access-control-allow-credentials')).toBeNull()
  const body = JSON.stringify({ model: `${texts}`, prompt: 'The', max_tokens: 1 })
  const headers = { ...origin, 'content-type': 'application/json' }
  const called = await fetch(`${node.url}/v1/completions`, { method: 'POST', headers, body })
  expect([called.status, called.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
  expect(called.headers.get('access-control-expose-headers')).toContain('payment-required')
  const elsewhere = await fetch(`${node.url}/api/v1/deliveries`, { method: 'POST', headers, body: '{}' })
  expect([elsewhere.status, elsewhere.headers.get('access-control-allow-origin')]).toEqual([403, null])
})

test('what a call costs at most is said before, by what its manifest asks', async () => {
  const client = await clientOf(seller)
  const { services } = servedServicesSchema.parse(await (await fetch(`${node.url}/api/v1/services`)).json())
  const model = BigInt(services.find(({ asset }) => asset === `${texts}`)?.serving.model ?? 0)
  const { asset } = await publishTextService(client, { token: tokenOf(), model, name: 'Dear' })
  await settled()
  await serveAsset(client, { asset })
  const ask = { model: `${asset}`, prompt: 'The people of the', max_tokens: 100 }
  const quoted = await fetch(`${node.url}/api/v1/quotes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ service: `${asset}`, api: 'completions', body: { prompt: ask.prompt, max_tokens: 100 } }),
  })
  const { usageMax, amountMax } = quoteSchema.parse(await quoted.json())
  const { usage } = await openai.completions.create({ ...ask, model: `${texts}` })
  expect(usageMax).toMatchObject({ call: 1, input_token: usage?.prompt_tokens, output_token: 100 })
  const input = (BigInt(usage?.prompt_tokens ?? 0) * 200_000n + 999_999n) / 1_000_000n
  expect(amountMax).toBe(String(input + 60n))
  const refused = await openai.completions.create(ask).catch((error: unknown) => error)
  expect(refused).toMatchObject({ status: 402, type: 'payment_required' })
  expect((refused as InstanceType<typeof OpenAI.APIError>).headers?.get('payment-required')).toBeTruthy()
  await stopServing(client, { asset })
})

test('a payer that floods a service has its share, and another at the same address has its own', async () => {
  const client = await clientOf(seller)
  const { services } = servedServicesSchema.parse(await (await fetch(`${node.url}/api/v1/services`)).json())
  const model = BigInt(services.find(({ asset }) => asset === `${texts}`)?.serving.model ?? 0)
  const prices = [{ unit: 'call', amount: '1', per: 1 }] as const
  const { asset } = await publishTextService(client, { token: tokenOf(), model, name: 'Busy', prices })
  await settled()
  await serveAsset(client, { asset })
  const openAs = async (account: LocalAccount) => {
    const payer = await clientOf(account)
    await fundAccount(payer)
    return openSession(payer, { asset, ceiling: 1_000n, budget: 1_000n })
  }
  const [greedy, modest] = [await openAs(stranger), await openAs(buyer)]
  const answered: string[] = []
  const ask = async (name: string, session: Session): Promise<string> => {
    const own = new OpenAI({ ...session.openai(), maxRetries: 0 })
    try {
      await own.completions.create({ model: `${asset}`, prompt: 'The', max_tokens: 200 })
      answered.push(name)
      return 'answered'
    } catch (error) {
      return String((error as InstanceType<typeof OpenAI.APIError>).code)
    }
  }
  const flood = Array.from({ length: 40 }, () => ask('greedy', greedy))
  const few = Array.from({ length: 4 }, () => ask('modest', modest))
  expect(new Set(await Promise.all(few))).toEqual(new Set(['answered']))
  // Every other token was one of theirs: twelve calls of the flood had as many as these four, and hardly one is whole.
  const sooner = answered.filter((name) => name === 'greedy').length
  expect(sooner).toBeLessThanOrEqual(4)
  const outcomes = await Promise.all(flood)
  const taken = outcomes.filter((outcome) => outcome === 'answered').length
  expect(taken).toBeGreaterThanOrEqual(callsMax / 2)
  expect(outcomes.filter((outcome) => outcome === 'model_overloaded')).toHaveLength(40 - taken)
  expect(taken).toBeLessThan(40)
  await stopServing(client, { asset })
}, 60_000)

test('other requests are answered while a slow model runs', async () => {
  const client = await clientOf(seller)
  const bytes = slowModel(500)
  const common = {
    description: 'It takes its time.',
    tags: ['tensors'],
    licence: { spdx: 'CC0-1.0', source: 'none', attribution: 'nobody' },
    provenance: { description: 'Made for a test.' },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    offers: [],
  }
  const content: LocalSource = {
    fileName: 'slow.onnx',
    mediaType: 'application/octet-stream',
    bytes: bytes.length,
    format: { rowFormat: 'binary', mediaType: 'application/octet-stream', family: 'onnx' },
    async *stream() {
      yield bytes
    },
    read: async (start, end) => bytes.subarray(start, end),
  }
  const terms = { royaltyBps: 0, serveBps: 100 }
  const model = await publishAsset(client, {
    ...common,
    ...{ kind: 'model', name: 'Slow', content, rowFormat: 'binary', terms, modelCard: {} },
  })
  const limits = { inputTokens: 1, outputTokens: 1, rows: 4_096, milliseconds: 60_000 }
  const serving = { runtime: 'onnx', model: `${model.asset}`, apis: ['infer'], token: tokenOf(), limits } as const
  const { asset } = await publishAsset(client, {
    ...common,
    ...{ kind: 'service', name: 'Slowly', suppliers: [model.asset], terms: { royaltyBps: 0 } },
    serving: { ...serving, apis: [...serving.apis], prices: [...free] },
  })
  await settled()
  await serveAsset(client, { asset })

  const { data, ...input } = slowRows(2_000)
  const parameters = { binary_data_size: data.length }
  const head = Buffer.from(
    JSON.stringify({ inputs: [{ ...input, parameters }], parameters: { binary_data_output: true } }),
  )
  const body = Buffer.concat([head, data as Uint8Array])
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': `${head.length}` }
  const done: string[] = []
  const ask = async (name: string, asking: Promise<Response>) => {
    expect((await asking).status).toBe(200)
    done.push(name)
  }
  const askSlowly = () => ask('slow', fetch(`${node.url}/v2/models/${asset}/infer`, { method: 'POST', headers, body }))
  const slow = [askSlowly(), askSlowly(), askSlowly()]
  // When one is answered the next one runs already.
  await Promise.race(slow)
  await ask('health', fetch(`${node.url}/healthz`))
  await openai.embeddings.create({ model: 'Vectors', input: 'whale' })
  done.push('another model')
  await Promise.all(slow)
  expect(done).toEqual(['slow', 'health', 'another model', 'slow', 'slow'])
  await stopServing(client, { asset })
}, 60_000)

describe('whose services are served', () => {
  test('the owner’s alone, and only with the right to sell the model', async () => {
    const other = await clientOf(stranger)
    await expect(serveAsset(other, { asset: texts })).rejects.toMatchObject({ code: 'not_owner' })
    await expect(stopServing(other, { asset: texts })).rejects.toMatchObject({ code: 'not_owner' })
    const { services } = servedServicesSchema.parse(await (await fetch(`${node.url}/api/v1/services`)).json())
    const model = BigInt(services.find(({ asset }) => asset === `${texts}`)?.serving.model ?? 0)
    const { asset } = await publishTextService(other, { token: tokenOf(), model, name: 'Resold', prices: free })
    await settled()
    await expect(serveAsset(other, { asset })).rejects.toMatchObject({ code: 'entitlement_missing' })
    const offer = model << 16n
    await mint(stranger, 3_000_000n)
    await buyOffer(other, { offer, amountMax: 3_000_000n })
    await settled()
    await expect(serveAsset(other, { asset, offer })).resolves.toMatchObject({ asset: `${asset}`, name: 'Resold' })
    const ask = { model: 'Resold', prompt: 'The', max_tokens: 1 }
    await expect(openai.completions.create(ask)).resolves.toMatchObject({ model: 'Resold' })
    await stopServing(other, { asset })
    await expect(openai.completions.create({ ...ask, model: `${asset}` })).rejects.toMatchObject({ status: 404 })
  })

  test('a request is carried out once, and what stands is served again after a restart', async () => {
    const body = Buffer.from(JSON.stringify({ asset: `${vectors}` }))
    const digest = `0x${Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex')}` as const
    const headers = await uploadHeaders(node, { resource: 'services', body, digest })
    const send = () =>
      fetch(`${node.url}/api/v1/services`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      })
    const first = servedServiceSchema.parse(await (await send()).json())
    expect(await (await send()).json()).toEqual(first)
    const client = await clientOf(seller)
    await stopServing(client, { asset: vectors })
    expect([(await send()).status, (await fetch(`${node.url}/api/v1/services/${vectors}`)).status]).toEqual([409, 404])
    await serveAsset(client, { asset: vectors })

    await node.stop()
    node = await startTestNode({ dataFolder: node.folder })
    await settled()
    openai = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'nothing to pay', maxRetries: 0 })
    await expect(openai.embeddings.create({ model: `${vectors}`, input: 'whale' })).resolves.toMatchObject({
      object: 'list',
    })
  }, 60_000)

  test('no file of the node has the model as it is', async () => {
    const { model } = readCommitted('language')
    const part = Buffer.from(model.buffer, model.byteOffset + 1_000_000, 64)
    const files = (await readdir(node.folder, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())
    expect(files.length).toBeGreaterThan(10)
    for (const { parentPath, name } of files)
      expect((await readFile(join(parentPath, name))).includes(part), join(parentPath, name)).toBe(false)
  })
})

test('a service may be answered by a server that its operator names: here by the first node, for a second one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-behind-'))
  const upstreams = join(folder, 'upstreams.json')
  const first = { baseUrl: `${node.url}/v1`, apiKey: 'nothing to pay', model: `agorai/${texts}`, continuousUsage: true }
  await writeFile(upstreams, JSON.stringify({ 1: first }))
  const program = await startProgram({ AGORAI_DATA_DIR: folder, AGORAI_UPSTREAMS: upstreams })
  try {
    const client = await createAgoraiClient({ node: program.url, account: seller })
    const { asset } = await publishAsset(client, {
      kind: 'service',
      name: 'Behind',
      description: 'Answers by a server of its operator.',
      tags: ['text'],
      licence: { spdx: 'CC0-1.0', source: 'none', attribution: 'nobody' },
      provenance: { description: 'Sells what a server answers.' },
      terms: { royaltyBps: 0 },
      contributors: { bps: 0, leaves: [] },
      metrics: [],
      offers: [],
      serving: { runtime: 'upstream', apis: ['completions', 'chat'], token: zeroAddress, prices: [...free] },
    })
    expect(asset).toBe(1n)
    await settled(client)
    await serveAsset(client, { asset })
    const second = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: 'nothing', maxRetries: 0 })
    const ask = { prompt: 'The people of the', max_tokens: 8, temperature: 0 }
    const behind = await openai.completions.create({ ...ask, model: `${texts}` })
    const before = await second.completions.create({ ...ask, model: 'Behind' })
    expect(before).toMatchObject({ model: 'Behind', choices: behind.choices, usage: behind.usage })
    let text = ''
    for await (const chunk of await second.completions.create({ ...ask, model: '1', stream: true }))
      text += chunk.choices[0]?.text ?? ''
    expect(text).toBe(behind.choices[0]?.text)
    const refused = second.completions.create({ ...ask, model: '1', max_tokens: 600 })
    await expect(refused).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })
  } finally {
    program.child.kill('SIGKILL')
    await program.exited
    await removeFolder(folder)
  }
}, 600_000)

/** Gives an account money without value. */
async function mint(account: LocalAccount, amount: bigint): Promise<void> {
  const client = await clientOf(account)
  const { chain } = client.publicClient
  const contract = { address: tokenOf(), abi: testUsdAbi, functionName: 'mint', chain } as const
  const hash = await client.wallet?.writeContract({ ...contract, account, args: [account.address, amount] })
  if (hash !== undefined) await client.publicClient.waitForTransactionReceipt({ hash, pollingInterval: 5 })
}
