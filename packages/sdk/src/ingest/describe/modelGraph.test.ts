import { type ModelGraph, modelGraphSchema } from '@agorai/core'
import onnxProto from 'onnx-proto'
import { describe, expect, test } from 'vitest'
import { readGgufGraph } from './ggufGraph.js'
import { readOnnxGraph } from './onnxGraph.js'
import type { Parts } from './partReader.js'
import { readSafetensorsGraph } from './safetensorsGraph.js'

const { onnx } = onnxProto
const { FLOAT, INT8 } = onnx.TensorProto.DataType

/** Bytes as a file, and how many of them were read. */
function fileOf(bytes: Uint8Array): Parts & { readBytes: number } {
  return {
    readBytes: 0,
    bytes: bytes.length,
    async read(start, end) {
      this.readBytes += end - start
      return bytes.slice(start, end)
    },
  }
}

const uint64 = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

async function assertRefused(read: (parts: Parts) => Promise<ModelGraph>, bytes: Uint8Array) {
  await expect(read(fileOf(bytes))).rejects.toMatchObject({ code: 'content_unreadable', field: 'content' })
}

describe('an ONNX file', () => {
  const weights = new Uint8Array(3_000_000)
  const tensor = (name: string, dims: number[], dataType: number, more: object = {}) => ({
    name,
    dims,
    dataType,
    ...more,
  })
  const info = (name: string, dim: object[]) => ({ name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } })
  const model = (graph: object) =>
    onnx.ModelProto.encode({
      ...{ irVersion: 8, producerName: 'a tool', producerVersion: '1.2' },
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'com.microsoft', version: 1 },
      ],
      metadataProps: [{ key: 'licence', value: 'MIT' }],
      graph,
    }).finish()
  const whole = model({
    name: 'g',
    input: [info('x', [{ dimParam: 'batch' }, { dimValue: 3 }]), info('w', [{ dimValue: 3 }])],
    output: [info('y', [{}])],
    initializer: [
      tensor('w', [1000, 750], FLOAT, { rawData: weights }),
      tensor('q', [4, 2], INT8, { int32Data: [1, 2, 3, 4, 5, 6, 7, 8] }),
      tensor('far', [10], FLOAT, { externalData: [{ key: 'location', value: 'weights.bin' }], dataLocation: 1 }),
    ],
    node: [
      { opType: 'Gemm', input: ['x', 'w'], output: ['h'] },
      { opType: 'Tokenizer', domain: 'com.microsoft', input: ['h'], output: ['t'] },
      {
        opType: 'If',
        input: ['t'],
        output: ['y'],
        attribute: [{ name: 'then_branch', g: { node: [{ opType: 'Gemm' }], initializer: [tensor('s', [5], FLOAT)] } }],
      },
    ],
  })

  test('says its inputs, outputs, operators and precision, and its weights are not held', async () => {
    const file = fileOf(whole)
    const graph = modelGraphSchema.parse(await readOnnxGraph(file))
    expect(graph).toMatchObject({
      ...{ format: 'onnx', bytes: whole.length, parameters: 750_023, tensorCount: 4 },
      precision: [
        { dtype: 'FLOAT', tensors: 3, parameters: 750_015 },
        { dtype: 'INT8', tensors: 1, parameters: 8 },
      ],
      inputs: [{ name: 'x', dtype: 'FLOAT', shape: ['batch', 3] }],
      outputs: [{ name: 'y', dtype: 'FLOAT', shape: [null] }],
      operators: [
        { name: 'Gemm', count: 2 },
        { name: 'If', count: 1 },
        { name: 'com.microsoft.Tokenizer', count: 1 },
      ],
      opsets: [
        { domain: 'ai.onnx', version: 17 },
        { domain: 'com.microsoft', version: 1 },
      ],
      externalData: ['weights.bin'],
      metadata: { producer: 'a tool 1.2', licence: 'MIT' },
    })
    // A window before the weights and one after them.
    expect(file.readBytes).toBeLessThan(2_500_000)
  })

  test('that is cut anywhere, or is something else, is refused', async () => {
    for (const length of [0, 1, 10, 60, 1_000_000, whole.length - 1])
      await assertRefused(readOnnxGraph, whole.slice(0, length))
    await assertRefused(readOnnxGraph, new TextEncoder().encode('no model at all'))
    await assertRefused(readOnnxGraph, model({ name: 'empty' }))
    await assertRefused(readOnnxGraph, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
  })

  test('whose graphs are nested without end is refused', async () => {
    let graph: object = { node: [{ opType: 'Relu' }] }
    for (let depth = 0; depth < 12; depth++) graph = { node: [{ opType: 'If', attribute: [{ name: 'g', g: graph }] }] }
    await assertRefused(readOnnxGraph, model(graph))
  })
})

describe('a safetensors file', () => {
  const file = (header: object | string, data: number) => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
    return Buffer.concat([uint64(text.length), text, Buffer.alloc(data)])
  }
  const tensor = (dtype: string, shape: number[], from: number, to: number) => ({
    dtype,
    shape,
    data_offsets: [from, to],
  })

  test('says its tensors and its own words', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      a: tensor('F16', [4, 5], 0, 40),
      b: tensor('I64', [2], 40, 56),
      c: tensor('F32', [0], 56, 56),
    }
    const graph = modelGraphSchema.parse(await readSafetensorsGraph(fileOf(file(header, 56))))
    expect(graph).toMatchObject({
      ...{ format: 'safetensors', parameters: 22, tensorCount: 3, metadata: { format: 'pt' } },
      precision: [
        { dtype: 'F16', parameters: 20 },
        { dtype: 'I64', parameters: 2 },
        { dtype: 'F32', parameters: 0 },
      ],
    })
  })

  test.each([
    ['no header', Buffer.alloc(4)],
    ['a header longer than the file', Buffer.concat([uint64(50), Buffer.from('{}')])],
    ['a header longer than any', Buffer.concat([uint64(2 ** 40), Buffer.alloc(64)])],
    ['a header that is no JSON', file('{"a":', 0)],
    ['a name twice', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{}}', 1)],
    ['a header that is a list', file('[]', 0)],
    ['a tensor without a place', file({ a: { dtype: 'F32', shape: [1] } }, 4)],
    ['a tensor that is too long', file({ a: tensor('F32', [1], 0, 8) }, 8)],
    ['tensors that overlap', file({ a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 4, 12) }, 12)],
    ['a gap', file({ a: tensor('F32', [1], 4, 8) }, 8)],
    ['something after the tensors', file({ a: tensor('F32', [1], 0, 4) }, 5)],
    ['an unknown type', file({ a: tensor('PICKLE', [1], 0, 4) }, 4)],
  ])('with %s is refused', (_, bytes) => assertRefused(readSafetensorsGraph, bytes))
})

describe('a GGUF file', () => {
  const text = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)])
  const head = (tensors: number, keys: number) =>
    Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(tensors), uint64(keys)])
  const whole = Buffer.concat([
    head(2, 3),
    ...[text('general.architecture'), uint32(8), text('llama')],
    ...[text('llama.context_length'), uint32(4), uint32(4096)],
    ...[text('tokenizer.tokens'), uint32(9), uint32(8), uint64(3), text('a'), text('b'), text('c')],
    ...[text('embed'), uint32(2), uint64(64), uint64(32), uint32(12), uint64(0)],
    ...[text('norm'), uint32(1), uint64(64), uint32(0), uint64(1152)],
  ])

  test('says its metadata and how its tensors are quantised', async () => {
    const graph = modelGraphSchema.parse(await readGgufGraph(fileOf(whole)))
    expect(graph).toMatchObject({
      ...{ format: 'gguf', parameters: 2_112, tensorCount: 2 },
      precision: [
        { dtype: 'Q4_K', parameters: 2_048 },
        { dtype: 'F32', parameters: 64 },
      ],
      tensors: [
        { name: 'embed', shape: [32, 64] },
        { name: 'norm', shape: [64] },
      ],
      metadata: {
        'general.architecture': 'llama',
        'llama.context_length': '4096',
        'tokenizer.tokens': '3 items',
      },
    })
  })

  test('that is cut anywhere, counts too much or holds unknown values is refused', async () => {
    for (let length = 0; length < whole.length; length += 7)
      await assertRefused(readGgufGraph, whole.subarray(0, length))
    await assertRefused(readGgufGraph, head(2 ** 50, 0))
    await assertRefused(readGgufGraph, Buffer.concat([head(0, 1), text('k'), uint32(99)]))
    await assertRefused(readGgufGraph, Buffer.concat([head(0, 1), uint64(2 ** 50)]))
    await assertRefused(readGgufGraph, Buffer.concat([head(1, 0), text('t'), uint32(9)]))
  })
})
