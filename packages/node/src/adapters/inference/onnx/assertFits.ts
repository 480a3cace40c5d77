import { AgoraiError } from '@agorai/core'
import type { InferenceTensor, TensorInfo } from '../../../ports/inference.js'

/**
 * Compares tensors with what a model takes, before anything is made of them.
 *
 * @throws AgoraiError `invalid_request` naming the tensor.
 */
export function assertFits(inputs: readonly TensorInfo[], tensors: readonly InferenceTensor[]): void {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]))
  if (given.size !== tensors.length) throw misfit('inputs', 'names a tensor twice')
  for (const { name, datatype, shape } of inputs) {
    const tensor = given.get(name)
    if (tensor === undefined) throw misfit('inputs', `lacks the tensor ${name}`)
    given.delete(name)
    if (tensor.datatype !== datatype) throw misfit(name, `must be of ${datatype}`)
    const fits = shape.every((side, place) => side === -1 || side === tensor.shape[place])
    if (tensor.shape.length !== shape.length || !fits) throw misfit(name, `must have the shape [${shape}]`)
    if (tensor.shape.some((side) => side < 1)) throw misfit(name, 'must not be empty')
  }
  for (const _ of given) throw misfit('inputs', 'has a tensor that the model does not take')
}

const misfit = (field: string, why: string): AgoraiError =>
  new AgoraiError('invalid_request', `${field}: ${why}.`, { field })
