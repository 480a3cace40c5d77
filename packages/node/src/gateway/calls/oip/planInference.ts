import { AgoraiError } from '@agorai/core'
import type { InferenceTensor } from '../../../ports/inference.js'
import { assertOffers, assertWithin, type Plan, type Planning, usageWithin, withinTime } from '../planCall.js'
import type { InferenceRequest } from './schemas.js'
import { writeTensors } from './writeTensors.js'

/** @throws AgoraiError `invalid_request`, `limit_exceeded` */
export function planInference(
  { open, client }: Planning,
  request: InferenceRequest,
  tensors: readonly InferenceTensor[],
): Plan {
  assertOffers(open, 'infer')
  const { service, runtime } = open
  const { limits } = service.serving
  // A row is an item of the first dimension; a tensor without one is a row.
  const rows = Math.max(...tensors.map(({ shape: [first = 1] }) => first))
  assertWithin('rows', rows, limits.rows)
  const wanted = request.outputs?.map(({ name }) => name)
  const unknown = wanted?.find((name) => !runtime.outputs.some((output) => output.name === name))
  if (unknown !== undefined)
    throw new AgoraiError('invalid_request', 'outputs: the model has no output of this name.', { field: 'outputs' })
  const usageMax = { call: 1, row: rows, millisecond: limits.milliseconds }
  const isBinary = (name: string): boolean =>
    (request.outputs?.find((output) => output.name === name)?.parameters?.binary_data ??
      request.parameters?.binary_data_output) === true
  return {
    usageMax,
    streams: false,
    work: ({ signal, payer = client }) =>
      withinTime(limits.milliseconds, signal, async (own) => {
        const { outputs, milliseconds } = await runtime.infer(tensors, { client: payer, signal: own })
        const told = wanted === undefined ? outputs : outputs.filter(({ name }) => wanted.includes(name))
        const head = {
          model_name: `agorai/${service.asset}`,
          model_version: String(service.version),
          ...(request.id === undefined ? {} : { id: request.id }),
        }
        const usage = usageWithin(usageMax, { call: 1, row: rows, millisecond: milliseconds })
        return { kind: 'whole', status: 200, ...writeTensors(head, told, isBinary), usage }
      }),
  }
}
