import type { InferenceTensor, Inferred, TensorInfo, TensorType } from '../../../ports/inference.js'
import { joinTensors } from './joinTensors.js'

/**
 * Whether a model gives each row the answer that it gives the row alone: free rows do not say so, since a graph may mix
 * them. Tried with rows of chance, alone and together, in both orders.
 *
 * @param run Runs tensors.
 */
export async function answersByRow(
  inputs: readonly TensorInfo[],
  run: (tensors: readonly InferenceTensor[]) => Promise<Inferred>,
): Promise<boolean> {
  const [one, two] = [anyRow(inputs), anyRow(inputs)]
  try {
    const alone = [await run(one), await run(two)].map(({ outputs }) => outputs)
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const together = await run(joinTensors(order.map((index) => [one, two][index] ?? [])))
      const expected = joinTensors(order.map((index) => alone[index] ?? []))
      if (!together.outputs.every((output, place) => isSame(output, expected[place]))) return false
    }
    return true
  } catch {
    return false
  }
}

function anyRow(inputs: readonly TensorInfo[]): InferenceTensor[] {
  return inputs.map(({ name, datatype, shape: [, ...sides] }) => {
    const count = sides.reduce((product, side) => product * side, 1)
    return { name, datatype, shape: [1, ...sides], data: anyNumbers(datatype, count) }
  })
}

/** From 0 to 1; of whole numbers 0 or 1, which are in any table that they may be places of. */
function anyNumbers(datatype: TensorType, count: number): Uint8Array {
  const random = () => Math.random()
  if (datatype === 'FP32') return new Uint8Array(Float32Array.from({ length: count }, random).buffer)
  if (datatype === 'FP64') return new Uint8Array(Float64Array.from({ length: count }, random).buffer)
  const width = datatype === 'BOOL' ? 1 : Number(/\d+$/.exec(datatype)?.[0]) / 8
  const data = new Uint8Array(count * width)
  for (let at = 0; at < count; at++) data[at * width] = Math.random() < 0.5 ? 0 : 1
  return data
}

/** Equal, but for the last places of sums that were added in another order. */
function isSame(left: InferenceTensor, right: InferenceTensor | undefined): boolean {
  if (right === undefined || left.data.length !== right.data.length) return false
  const [a, b] = [left.data as Uint8Array, right.data as Uint8Array]
  if (left.datatype !== 'FP32') return Buffer.compare(a, b) === 0
  const [x, y] = [new Float32Array(a.slice().buffer), new Float32Array(b.slice().buffer)]
  return x.every((value, at) => Math.abs(value - (y[at] as number)) <= 1e-4 * Math.max(1, Math.abs(value)))
}
