import { AgoraiError } from '@agorai/core'
import type { InferenceTensor } from '../../../ports/inference.js'

/** Tensors of the same names and sides as one, the rows one after the other. */
export function joinTensors(parts: readonly (readonly InferenceTensor[])[]): InferenceTensor[] {
  const [first = []] = parts
  return first.map(({ name, datatype, shape }) => {
    const own = parts.map((tensors) => tensors.find((tensor) => tensor.name === name) as InferenceTensor)
    const rows = own.reduce((sum, { shape: [count = 0] }) => sum + count, 0)
    return {
      name,
      datatype,
      shape: [rows, ...shape.slice(1)],
      data: Uint8Array.from(Buffer.concat(own.map(({ data }) => data as Uint8Array))),
    }
  })
}

/**
 * The rows of joined tensors, as many as each part had.
 *
 * @throws AgoraiError `model_failed` where a model does not give a row for a row.
 */
export function splitTensors(tensors: readonly InferenceTensor[], counts: readonly number[]): InferenceTensor[][] {
  const all = counts.reduce((sum, rows) => sum + rows, 0)
  if (tensors.some(({ shape }) => shape[0] !== all))
    throw new AgoraiError('model_failed', 'The model does not answer a row by a row.')
  let row = 0
  return counts.map((rows) => {
    const begin = row
    row += rows
    return tensors.map(({ name, datatype, shape, data }) => {
      const bytes = data.length / all
      const own = (data as Uint8Array).slice(begin * bytes, row * bytes)
      return { name, datatype, shape: [rows, ...shape.slice(1)], data: own }
    })
  })
}
