import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { isAgoraiError } from '@agorai/core'
import fc from 'fast-check'
import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceTensor, Runtime, TensorType } from '../../../ports/inference.js'
import { createSessionPool } from './createSessionPool.js'
import { openOnnxRuntime } from './openOnnxRuntime.js'
import { identityModel, slowModel, slowRows } from './testModels.js'

const examples = new URL('../../../../../../examples/', import.meta.url)
const digits = readFileSync(new URL('digits/model.onnx', examples))
const language = readFileSync(new URL('language/model.onnx', examples))

const pool = createSessionPool({ bytesMax: 64 * 1024 * 1024, sessionsMax: 64 })
const caller = { client: 'me', signal: new AbortController().signal }
// Each call of a gateway has a signal of its own.
setMaxListeners(0, caller.signal)

const openModel = (bytes: Uint8Array, name: string, more: { batchMs?: number; callsMax?: number } = {}) =>
  openOnnxRuntime(
    { pool, threads: 1, callsMax: 64, batchMs: 0, ...more },
    { runtime: 'onnx', name, bytes: bytes.length, open: async () => Uint8Array.from(bytes) },
  )

let reader: Runtime
let writer: Runtime
beforeAll(async () => {
  reader = await openModel(digits, 'digits')
  writer = await openModel(language, 'language')
})
afterAll(() => pool.close())

const floats = (values: Float32Array) => new Uint8Array(values.buffer)
const toFloats = ({ data }: InferenceTensor) => new Float32Array((data as Uint8Array).slice().buffer)
const pixelsOf = (rows: number, seed: number): InferenceTensor => {
  const values = Float32Array.from({ length: rows * 784 }, (_, at) => Math.abs(Math.sin(at * (seed + 1))))
  return { name: 'pixels', datatype: 'FP32', shape: [rows, 784], data: floats(values) }
}

test('answers are those of ONNX Runtime itself', async () => {
  const session = await ort.InferenceSession.create(digits)
  const pixels = pixelsOf(3, 7)
  const direct = await session.run({ pixels: new ort.Tensor('float32', toFloats(pixels), [3, 784]) })
  const { outputs, milliseconds } = await reader.infer([pixels], caller)
  expect(outputs).toMatchObject([{ name: 'logits', datatype: 'FP32', shape: [3, 10] }])
  expect(toFloats(outputs[0] as InferenceTensor)).toEqual(direct.logits?.data)
  expect(milliseconds).toBeGreaterThan(0)
  expect(reader).toMatchObject({ apis: ['infer'], inputs: [{ name: 'pixels', datatype: 'FP32', shape: [-1, 784] }] })
  await session.release()
})

test('what does not fit is refused before the model sees it', async () => {
  const good = pixelsOf(1, 1)
  const bad: InferenceTensor[][] = [
    [],
    [good, good],
    [good, { ...good, name: 'other' }],
    [{ ...good, datatype: 'FP64' }],
    [{ ...good, shape: [784] }],
    [{ ...good, shape: [1, 783] }],
    [{ ...good, shape: [0, 784] }],
  ]
  for (const tensors of bad)
    await expect(reader.infer(tensors, caller)).rejects.toMatchObject({ code: 'invalid_request' })
})

test('tensors of every type go through and come back, texts too', async () => {
  const numbers: Record<Exclude<TensorType, 'BYTES'>, number> = {
    BOOL: 1,
    UINT8: 1,
    UINT16: 2,
    UINT32: 4,
    UINT64: 8,
    INT8: 1,
    INT16: 2,
    INT32: 4,
    INT64: 8,
    FP16: 2,
    FP32: 4,
    FP64: 8,
  }
  for (const [datatype, width] of Object.entries(numbers) as [TensorType, number][]) {
    const runtime = await openModel(identityModel(datatype), `identity ${datatype}`)
    // An odd place in memory, and no pattern that is no number.
    const whole = Buffer.alloc(1 + 6 * width).map((_, at) => (datatype === 'BOOL' ? at % 2 : at % 60))
    const input = { name: 'x', datatype, shape: [2, 3], data: whole.subarray(1) }
    const { outputs } = await runtime.infer([input], caller)
    expect(outputs[0]).toMatchObject({ name: 'y', datatype, shape: [2, 3] })
    expect(Buffer.from(outputs[0]?.data as Uint8Array)).toEqual(Buffer.from(input.data))
    await runtime.close()
  }
  const runtime = await openModel(identityModel('BYTES'), 'identity BYTES')
  const texts = ['', 'whale', 'Wal — ü', '鯨', 'a\nb', '0']
  const { outputs } = await runtime.infer([{ name: 'x', datatype: 'BYTES', shape: [2, 3], data: texts }], caller)
  expect(outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [2, 3], data: texts })
})

test('calls that are run together have the answers that each has alone', async () => {
  const batching = await openModel(digits, 'digits in batches', { batchMs: 2 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 5 }), { minLength: 2, maxLength: 12 }), async (sizes) => {
      const inputs = sizes.map((size, seed) => pixelsOf(1 + size, seed))
      const alone = await Promise.all(inputs.map((input) => reader.infer([input], caller)))
      const together = await Promise.all(inputs.map((input) => batching.infer([input], caller)))
      for (const [index, { outputs }] of together.entries()) {
        const expected = toFloats(alone[index]?.outputs[0] as InferenceTensor)
        const [output] = outputs
        expect(output?.shape).toEqual(alone[index]?.outputs[0]?.shape)
        // Rows side by side are summed in another order: the last place of a float may differ.
        for (const [at, value] of toFloats(output as InferenceTensor).entries())
          expect(Math.abs(value - (expected[at] as number))).toBeLessThan(1e-4)
      }
    }),
    { numRuns: 20 },
  )
})

test('many batches wait for the model at once, and none listens to what another does', async () => {
  const warned: Error[] = []
  const onWarning = (warning: Error) => warned.push(warning)
  process.on('warning', onWarning)
  const batching = await openModel(digits, 'digits in many batches', { batchMs: 2 })
  // Two of them fill a batch.
  await Promise.all(Array.from({ length: 24 }, (_, seed) => batching.infer([pixelsOf(32, seed)], caller)))
  process.off('warning', onWarning)
  expect(warned).toEqual([])
})

test('a text goes on, a seed gives the same again, and every token is counted', async () => {
  const request = {
    prompt: 'The people of the',
    maxTokens: 24,
    temperature: 0.8,
    topP: 0.9,
    seed: 7,
    stop: [],
    streams: true,
  }
  const take = async (more: object = {}) => {
    let text = ''
    const finishes: string[] = []
    let last: unknown
    for await (const step of writer.generate({ ...request, ...more }, caller)) {
      text += step.text
      if (step.finish !== undefined) finishes.push(step.finish)
      last = step.usage
    }
    return { text, finishes, usage: last }
  }
  const first = await take()
  expect(await take()).toEqual(first)
  expect(first.usage).toEqual({ inputTokens: writer.countTokens(request.prompt), outputTokens: 24 })
  expect(first.finishes).toEqual(['length'])
  expect((await take({ seed: 8 })).text).not.toBe(first.text)
  expect((await take({ temperature: 0, seed: 1 })).text).toBe((await take({ temperature: 0, seed: 2 })).text)
  const stop = first.text.slice(9, 12)
  const stopped = await take({ stop: [stop] })
  expect(stopped).toMatchObject({ text: first.text.slice(0, first.text.indexOf(stop)), finishes: ['stop'] })
  expect(writer.apis).toEqual(['infer', 'completions', 'chat'])
})

test('a caller who gives up ends what was asked, and leaves the model to others', async () => {
  const controller = new AbortController()
  const steps = writer.generate(
    { prompt: 'The', maxTokens: 100_000, temperature: 1, topP: 1, seed: 1, stop: [], streams: true },
    { client: 'me', signal: controller.signal },
  )
  let taken = 0
  await expect(
    (async () => {
      for await (const _ of steps) if (++taken === 5) controller.abort()
    })(),
  ).rejects.toMatchObject({ name: 'AbortError' })
  expect(taken).toBe(5)
  await expect(writer.infer([idsOf(1)], caller)).resolves.toMatchObject({ outputs: [{ shape: [1, 1_024] }] })
})

const idsOf = (rows: number): InferenceTensor => ({
  name: 'input_ids',
  datatype: 'INT64',
  shape: [rows, 16],
  data: new Uint8Array(new BigInt64Array(16 * rows).buffer),
})

test('a slow model holds up no other, and whoever gives up does not wait for it', async () => {
  const slow = await openModel(slowModel(200), 'slow')
  const done: string[] = []
  const ask = async (name: string, asking: Promise<unknown>) => {
    await asking.catch(() => {})
    done.push(name)
  }
  const controller = new AbortController()
  const impatient = { client: 'other', signal: controller.signal }
  // Both its runs are asked for before anything else is.
  const runs = [
    ask('given up', slow.infer([slowRows(2_000)], impatient)),
    ask('slow', slow.infer([slowRows(2_000)], caller)),
    ask('quick', reader.infer([pixelsOf(1, 1)], caller)),
  ]
  await runs[2]
  await ask('event loop', new Promise((resolve) => setTimeout(resolve, 5)))
  controller.abort()
  await Promise.all(runs)
  expect(done).toEqual(['quick', 'event loop', 'given up', 'slow'])
  await slow.close()
})

test('a node that stops waits for what runs, which gets its answer, and for nothing else', async () => {
  const own = createSessionPool({ bytesMax: 64 * 1024 * 1024, sessionsMax: 64 })
  const slow = await openModelIn(own, slowModel(200))
  const done: string[] = []
  const note = (name: string) => () => void done.push(name)
  const running = slow.infer([slowRows(2_000)], caller).then(note('running'))
  const next = slow
    .infer([slowRows(1)], caller)
    .catch((error: unknown) => isAgoraiError(error) && done.push(error.code))
  // By then the first has arrived in the thread, and the second waits for its turn.
  await new Promise((resolve) => setImmediate(resolve))
  await own.close().then(note('closed'))
  await Promise.all([running, next])
  expect(done.toSorted()).toEqual(['closed', 'model_failed', 'running'])
  expect(done.indexOf('running')).toBeLessThan(done.indexOf('closed'))
})

test('a thread that ends by itself fails what it ran, and is started again', async () => {
  const started: Worker[] = []
  const onWorker = (worker: Worker) => void started.push(worker)
  process.on('worker', onWorker)
  try {
    const model = await openModel(digits, 'mortal')
    const answer = await model.infer([pixelsOf(1, 1)], caller)
    const [first] = started
    // What has arrived there when it ends is not answered.
    const ended = first?.terminate()
    await expect(model.infer([pixelsOf(1, 1)], caller)).rejects.toMatchObject({ code: 'model_failed' })
    await ended
    expect(await model.infer([pixelsOf(1, 1)], caller)).toMatchObject({ outputs: answer.outputs })
    expect(started).toHaveLength(2)
    await model.close()
  } finally {
    process.off('worker', onWorker)
  }
})

test('one caller cannot take all places, and those of another are answered', async () => {
  const small = await openModel(digits, 'digits for few', { callsMax: 8 })
  const ask = (client: string) => small.infer([pixelsOf(1, 1)], { client, signal: caller.signal })
  const results = await Promise.allSettled([
    ...Array.from({ length: 20 }, () => ask('greedy')),
    ...Array.from({ length: 4 }, () => ask('modest')),
  ])
  const refused = results.map((result) => (result.status === 'rejected' ? result.reason.code : ''))
  expect(refused.slice(0, 20).filter((code) => code === 'model_overloaded')).toHaveLength(16)
  expect(refused.slice(20)).toEqual(['', '', '', ''])
})

test('what least was used goes when there is no room, and comes back when it is asked', async () => {
  const narrow = createSessionPool({ bytesMax: digits.length + 100, sessionsMax: 64 })
  let opened = 0
  const open = (name: string) =>
    openOnnxRuntime(
      { pool: narrow, threads: 1, callsMax: 8, batchMs: 0 },
      {
        runtime: 'onnx',
        name,
        bytes: digits.length,
        open: async () => {
          opened += 1
          return Uint8Array.from(digits)
        },
      },
    )
  const [one, two] = [await open('one'), await open('two')]
  expect(opened).toBe(2)
  for (const runtime of [two, one, one, two]) await runtime.infer([pixelsOf(1, 1)], caller)
  expect(opened).toBe(4)
  expect(narrow.bytes()).toBe(digits.length)
  await expect(openModelIn(narrow, language)).rejects.toMatchObject({ code: 'model_unsupported' })
  await narrow.close()
  const single = createSessionPool({ bytesMax: 64 * 1024 * 1024, sessionsMax: 1 })
  const [small] = [await openModelIn(single, digits), await openModelIn(single, language, 'another')]
  expect(single.bytes()).toBe(language.length)
  await small.infer([pixelsOf(1, 1)], caller)
  expect(single.bytes()).toBe(digits.length)
  await single.close()
})

const openModelIn = (narrow: typeof pool, bytes: Uint8Array, name = 'large') =>
  openOnnxRuntime(
    { pool: narrow, threads: 1, callsMax: 8, batchMs: 0 },
    { runtime: 'onnx', name, bytes: bytes.length, open: async () => Uint8Array.from(bytes) },
  )

test('a graph that need not end, weights in other files, and what is no graph are not opened', async () => {
  const { onnx } = onnxProto
  const spoil = (change: (model: InstanceType<typeof onnx.ModelProto>) => void) => {
    const model = onnx.ModelProto.decode(digits)
    change(model)
    return onnx.ModelProto.encode(model).finish()
  }
  const endless = spoil(({ graph }) => graph?.node?.push(onnx.NodeProto.create({ opType: 'Loop' })))
  const elsewhere = spoil(({ graph }) => {
    const [tensor] = graph?.initializer ?? []
    if (tensor) Object.assign(tensor, { dataLocation: 1, externalData: [{ key: 'location', value: 'operator.json' }] })
  })
  for (const bytes of [endless, elsewhere, digits.subarray(0, 1_000), Buffer.from('{"pickle":1}'), Buffer.alloc(0)])
    await expect(openModel(bytes, 'bad')).rejects.toMatchObject({ code: 'model_unsupported' })
})
