import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'

/** Two kinds of flower by two measures, drawn by a fixed rule; the second is larger on the whole. */
export function flowers(count: number, seed: number): { label: 'rose' | 'iris'; x: number; y: number }[] {
  let state = seed
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % 100
  }
  return Array.from({ length: count }, (_, index) => {
    const shift = index % 2 === 0 ? 0 : 35
    return { label: index % 2 === 0 ? 'rose' : 'iris', x: draw() + shift, y: draw() + shift }
  })
}

export const toCsv = (rows: readonly { label: string; x: number; y: number }[]): Uint8Array =>
  new TextEncoder().encode(`label,x,y\n${rows.map(({ label, x, y }) => `${label},${x},${y}\n`).join('')}`)

const labels = ['rose', 'iris'] as const

/** A classifier by the nearest mean, as ONNX: logit = features · mean − |mean|² / 2. */
export function train(rows: readonly { label: string; x: number; y: number }[]): Uint8Array {
  const means = labels.map((label) => {
    const own = rows.filter((row) => row.label === label)
    return [own.reduce((sum, { x }) => sum + x, 0) / own.length, own.reduce((sum, { y }) => sum + y, 0) / own.length]
  })
  const [[rx = 0, ry = 0] = [], [ix = 0, iy = 0] = []] = means
  const { onnx } = onnxProto
  const floatType = onnx.TensorProto.DataType.FLOAT
  const tensor = (name: string, dims: number[], values: number[]) => ({
    name,
    dims,
    dataType: floatType,
    floatData: values,
  })
  const info = (name: string) => ({
    name,
    type: { tensorType: { elemType: floatType, shape: { dim: [{ dimParam: 'N' }, { dimValue: 2 }] } } },
  })
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'flowers',
      input: [info('features')],
      output: [info('logits')],
      initializer: [
        tensor('weights', [2, 2], [rx, ix, ry, iy]),
        tensor('bias', [2], [-(rx * rx + ry * ry) / 2, -(ix * ix + iy * iy) / 2]),
      ],
      node: [{ opType: 'Gemm', input: ['features', 'weights', 'bias'], output: ['logits'] }],
    },
  }).finish()
}

/** Runs a model on records as `verifyDelivery` gives them. */
export async function predictWith(model: Uint8Array) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 })
  return async (records: readonly Record<string, unknown>[]): Promise<string[]> => {
    const features = Float32Array.from(records.flatMap(({ x, y }) => [Number(x), Number(y)]))
    const { logits } = await session.run({ features: new ort.Tensor('float32', features, [records.length, 2]) })
    const values = logits?.data as Float32Array
    return records.map((_, row) => labels[(values[2 * row] ?? 0) >= (values[2 * row + 1] ?? 0) ? 0 : 1])
  }
}

/** The bytes in small slices. */
export async function* sliced(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.slice(at, at + 1_000)
}
