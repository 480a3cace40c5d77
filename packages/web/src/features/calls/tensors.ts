import type { ServedServiceInfo } from '@agorai/core'

type TensorInfo = ServedServiceInfo['inputs'][number]

/** A tensor in the JSON of the Open Inference Protocol. */
export type JsonTensor = { name: string; datatype: string; shape: number[]; data: (number | string | boolean)[] }

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/** A row of a tensor whose first size the caller chooses. */
const rowShape = ({ shape }: TensorInfo) => shape.map((size) => (size < 0 ? 1 : size))

/** Whether a model takes one square of 28 × 28 pixels and scores ten classes. */
export function readsDigits({ inputs, outputs }: Pick<ServedServiceInfo, 'inputs' | 'outputs'>): boolean {
  const [input, output] = [inputs[0], outputs[0]]
  if (inputs.length !== 1 || outputs.length !== 1 || input === undefined || output === undefined) return false
  return input.datatype === 'FP32' && sizeOf(rowShape(input)) === 784 && sizeOf(rowShape(output)) === 10
}

/** One drawing as the tensor that the model takes. */
export function pixelTensor(input: TensorInfo, pixels: Float32Array): JsonTensor {
  // Four digits tell grey values apart, and a request stays short.
  const data = Array.from(pixels, (ink) => Math.round(ink * 10_000) / 10_000)
  return { name: input.name, datatype: input.datatype, shape: rowShape(input), data }
}

/** A tensor that a form begins with: one row of zeros, or of empty texts. */
export function startTensor(input: TensorInfo): JsonTensor {
  const shape = rowShape(input)
  const filler = input.datatype === 'BYTES' ? '' : input.datatype === 'BOOL' ? false : 0
  return { name: input.name, datatype: input.datatype, shape, data: Array(Math.min(4_096, sizeOf(shape))).fill(filler) }
}

/** What each class gets of the whole, by softmax: what the scores of a classifier mean. */
export function shareScores(scores: readonly number[]): number[] {
  const highest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - highest))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / whole)
}

/** The tensors that somebody typed as JSON; undefined with what is wrong. */
export function readTensors(text: string): { tensors: JsonTensor[] } | { wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { wrong: `This is not JSON: ${error instanceof Error ? error.message : 'it does not parse'}.` }
  }
  if (!Array.isArray(value) || value.length === 0) return { wrong: 'Write a list of tensors: [ … ].' }
  for (const [index, each] of value.entries()) {
    const { name, datatype, shape, data } = (each ?? {}) as Partial<JsonTensor>
    if (typeof name !== 'string' || typeof datatype !== 'string' || !Array.isArray(shape) || !Array.isArray(data))
      return { wrong: `Tensor ${index + 1} needs name, datatype, shape and data.` }
    if (sizeOf(shape) !== data.length)
      return { wrong: `“${name}” has ${data.length} values, and its shape is of ${sizeOf(shape)}.` }
  }
  return { tensors: value as JsonTensor[] }
}
