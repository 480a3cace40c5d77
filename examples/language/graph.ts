import onnxProto from 'onnx-proto'

const { onnx } = onnxProto
const { FLOAT, INT64 } = onnx.TensorProto.DataType

/** Tokens that the model sees, numbers that a token becomes, and units between. */
export const context = 16
export const width = 48
export const hiddenUnits = 512

/** What is learnt, row-major: the table of the tokens, and two layers with their biases. */
export const shapesOf = (tokens: number) =>
  ({
    table: [tokens, width],
    hidden: [context * width, hiddenUnits],
    hiddenBias: [hiddenUnits],
    output: [hiddenUnits, tokens],
    outputBias: [tokens],
  }) as const

export type ParameterName = keyof ReturnType<typeof shapesOf>
export type Parameters = Record<ParameterName, Float32Array>
export const parameterNames: readonly ParameterName[] = ['table', 'hidden', 'hiddenBias', 'output', 'outputBias']

type Step = { opType: string; input: string[]; output: string[]; attribute?: object[] }

const step = (opType: string, input: string[], output: string, attribute: object[] = []): Step => ({
  opType,
  input,
  output: [output],
  attribute,
})
const integer = (name: string, i: number) => ({ name, type: onnx.AttributeProto.AttributeType.INT, i })
const text = (name: string, value: string) => ({
  name,
  type: onnx.AttributeProto.AttributeType.STRING,
  s: new TextEncoder().encode(value),
})

/** From the tokens before to a number for every token that may come next (Bengio et al. 2003, with a rectifier). */
const forward: Step[] = [
  step('Gather', ['table', 'input_ids'], 'seen'),
  step('Reshape', ['seen', 'rowShape'], 'row'),
  step('Gemm', ['row', 'hidden', 'hiddenBias'], 'sums'),
  step('Relu', ['sums'], 'active'),
  step('Gemm', ['active', 'output', 'outputBias'], 'logits'),
]

/**
 * The model as an ONNX file: `input_ids` int64[N, 16] to `logits` float[N, tokens].
 *
 * @param notes What a reader needs beside the graph, such as the table of the tokenizer.
 */
export function toOnnx(parameters: Parameters, tokens: number, notes: Readonly<Record<string, string>>): Uint8Array {
  const shapes = shapesOf(tokens)
  return encode({
    name: 'language',
    notes,
    input: [info('input_ids', INT64, ['N', context])],
    output: [info('logits', FLOAT, ['N', tokens])],
    initializer: [
      ...parameterNames.map((name) => floats(name, shapes[name], parameters[name])),
      integers('rowShape', [2], [-1, context * width]),
    ],
    node: forward,
  })
}

/**
 * Vectors of texts as an ONNX file: `input_ids` int64[N, T] to `embedding` float[N, 48] of length 1, the weighted mean of
 * the tokens' vectors, less what all texts have in common.
 */
export function toEmbeddingOnnx(
  { table, weights, common }: Record<'table' | 'weights' | 'common', Float32Array>,
  tokens: number,
  notes: Readonly<Record<string, string>>,
): Uint8Array {
  return encode({
    name: 'embedding',
    notes,
    input: [info('input_ids', INT64, ['N', 'T'])],
    output: [info('embedding', FLOAT, ['N', width])],
    initializer: [
      floats('table', [tokens, width], table),
      floats('weights', [tokens, 1], weights),
      floats('common', [width], common),
      floats('least', [], Float32Array.of(1e-8)),
      integers('axisOne', [1], [1]),
    ],
    node: [
      step('Gather', ['table', 'input_ids'], 'seen'),
      step('Gather', ['weights', 'input_ids'], 'shares'),
      step('Mul', ['seen', 'shares'], 'weighed'),
      step('ReduceSum', ['weighed', 'axisOne'], 'sum', [integer('keepdims', 0)]),
      step('ReduceSum', ['shares', 'axisOne'], 'whole', [integer('keepdims', 0)]),
      step('Div', ['sum', 'whole'], 'mean'),
      step('Sub', ['mean', 'common'], 'own'),
      step('Mul', ['own', 'own'], 'squares'),
      step('ReduceSum', ['squares', 'axisOne'], 'square'),
      step('Sqrt', ['square'], 'length'),
      step('Add', ['length', 'least'], 'scale'),
      step('Div', ['own', 'scale'], 'embedding'),
    ],
  })
}

/**
 * One step of training as an ONNX file: the parameters with their two moments go in and come out again, moved against the
 * gradient of the mean cross-entropy by Adam (Kingma and Ba 2015, algorithm 1; `rate` has both bias corrections in it).
 */
export function toTrainingOnnx(tokens: number): Uint8Array {
  const shapes = shapesOf(tokens)
  const states = parameterNames.flatMap((name) => ['', 'First', 'Second'].map((moment) => ({ name, moment })))
  const backward: Step[] = [
    step('LogSoftmax', ['logits'], 'logs', [integer('axis', 1)]),
    step('OneHot', ['target', 'depth', 'offOn'], 'wanted', [integer('axis', 1)]),
    step('Mul', ['logs', 'wanted'], 'hits'),
    step('ReduceSum', ['hits', 'axisOne'], 'losses', [integer('keepdims', 0)]),
    step('ReduceMean', ['losses'], 'gain', [integer('keepdims', 0)]),
    step('Neg', ['gain'], 'loss'),
    step('Exp', ['logs'], 'chances'),
    step('Sub', ['chances', 'wanted'], 'misses'),
    step('Mul', ['misses', 'share'], 'logitsSlope'),
    step('Gemm', ['active', 'logitsSlope'], 'outputSlope', [integer('transA', 1)]),
    step('ReduceSum', ['logitsSlope', 'axisZero'], 'outputBiasSlope', [integer('keepdims', 0)]),
    step('Gemm', ['logitsSlope', 'output'], 'activeSlope', [integer('transB', 1)]),
    step('Greater', ['sums', 'zero'], 'isActive'),
    step('Where', ['isActive', 'activeSlope', 'zero'], 'sumsSlope'),
    step('Gemm', ['row', 'sumsSlope'], 'hiddenSlope', [integer('transA', 1)]),
    step('ReduceSum', ['sumsSlope', 'axisZero'], 'hiddenBiasSlope', [integer('keepdims', 0)]),
    step('Gemm', ['sumsSlope', 'hidden'], 'rowSlope', [integer('transB', 1)]),
    step('Reshape', ['rowSlope', 'tokenShape'], 'tokenSlopes'),
    step('Reshape', ['input_ids', 'placeShape'], 'places'),
    step('Mul', ['table', 'zero'], 'nothing'),
    step('ScatterND', ['nothing', 'places', 'tokenSlopes'], 'tableSlope', [text('reduction', 'add')]),
  ]
  return encode({
    name: 'training',
    input: [
      info('input_ids', INT64, ['N', context]),
      info('target', INT64, ['N']),
      info('share', FLOAT, []),
      info('rate', FLOAT, []),
      ...states.map(({ name, moment }) => info(`${name}${moment}`, FLOAT, shapes[name])),
    ],
    output: [
      info('loss', FLOAT, []),
      ...states.map(({ name, moment }) => info(`${name}${moment}Next`, FLOAT, shapes[name])),
    ],
    initializer: [
      integers('rowShape', [2], [-1, context * width]),
      integers('tokenShape', [2], [-1, width]),
      integers('placeShape', [2], [-1, 1]),
      integers('axisZero', [1], [0]),
      integers('axisOne', [1], [1]),
      integers('depth', [], [tokens]),
      floats('offOn', [2], Float32Array.of(0, 1)),
      ...Object.entries({ zero: 0, slow: 0.9, fast: 0.1, slower: 0.999, faster: 0.001, least: 1e-8 }).map(
        ([name, value]) => floats(name, [], Float32Array.of(value)),
      ),
    ],
    node: [...forward, ...backward, ...parameterNames.flatMap(adam)],
  })
}

function adam(name: ParameterName): Step[] {
  const own = (part: string) => `${name}${part}`
  return [
    step('Mul', [own('First'), 'slow'], own('FirstKept')),
    step('Mul', [own('Slope'), 'fast'], own('FirstAdded')),
    step('Add', [own('FirstKept'), own('FirstAdded')], own('FirstNext')),
    step('Mul', [own('Slope'), own('Slope')], own('Square')),
    step('Mul', [own('Second'), 'slower'], own('SecondKept')),
    step('Mul', [own('Square'), 'faster'], own('SecondAdded')),
    step('Add', [own('SecondKept'), own('SecondAdded')], own('SecondNext')),
    step('Sqrt', [own('SecondNext')], own('Root')),
    step('Add', [own('Root'), 'least'], own('Scale')),
    step('Div', [own('FirstNext'), own('Scale')], own('Direction')),
    step('Mul', [own('Direction'), 'rate'], own('Move')),
    step('Sub', [name, own('Move')], own('Next')),
  ]
}

type Graph = {
  name: string
  input: object[]
  output: object[]
  initializer: object[]
  node: Step[]
  notes?: Readonly<Record<string, string>>
}

function encode({ notes = {}, ...graph }: Graph): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    producerName: 'agorai-examples-language',
    metadataProps: Object.entries(notes).map(([key, value]) => ({ key, value })),
    graph,
  }).finish()
}

const info = (name: string, elemType: number, shape: readonly (string | number)[]) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: shape.map((side) => (typeof side === 'string' ? { dimParam: side } : { dimValue: side })) },
    },
  },
})

const floats = (name: string, dims: readonly number[], values: Float32Array) => ({
  name,
  dims: [...dims],
  dataType: FLOAT,
  rawData: littleEndian(values.length, 4, (view, index) => view.setFloat32(4 * index, values[index] ?? 0, true)),
})

const integers = (name: string, dims: readonly number[], values: readonly number[]) => ({
  name,
  dims: [...dims],
  dataType: INT64,
  rawData: littleEndian(values.length, 8, (view, index) =>
    view.setBigInt64(8 * index, BigInt(values[index] ?? 0), true),
  ),
})

function littleEndian(count: number, bytes: number, set: (view: DataView, index: number) => void): Uint8Array {
  const raw = new Uint8Array(count * bytes)
  const view = new DataView(raw.buffer)
  for (let index = 0; index < count; index++) set(view, index)
  return raw
}
