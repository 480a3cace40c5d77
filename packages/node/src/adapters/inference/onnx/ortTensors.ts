import { AgoraiError } from '@agorai/core'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { InferenceTensor, TensorInfo, TensorType } from '../../../ports/inference.js'
import type { OrtTensor } from './threadMessages.js'

type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

type View = { name: Tensor.Type; bytes: number; view(buffer: ArrayBufferLike, offset: number, count: number): Values }

const views: Record<Exclude<TensorType, 'BYTES'>, View> = {
  BOOL: { name: 'bool', bytes: 1, view: (buffer, offset, count) => new Uint8Array(buffer, offset, count) },
  UINT8: { name: 'uint8', bytes: 1, view: (buffer, offset, count) => new Uint8Array(buffer, offset, count) },
  INT8: { name: 'int8', bytes: 1, view: (buffer, offset, count) => new Int8Array(buffer, offset, count) },
  UINT16: { name: 'uint16', bytes: 2, view: (buffer, offset, count) => new Uint16Array(buffer, offset, count) },
  INT16: { name: 'int16', bytes: 2, view: (buffer, offset, count) => new Int16Array(buffer, offset, count) },
  FP16: { name: 'float16', bytes: 2, view: (buffer, offset, count) => new Uint16Array(buffer, offset, count) },
  UINT32: { name: 'uint32', bytes: 4, view: (buffer, offset, count) => new Uint32Array(buffer, offset, count) },
  INT32: { name: 'int32', bytes: 4, view: (buffer, offset, count) => new Int32Array(buffer, offset, count) },
  FP32: { name: 'float32', bytes: 4, view: (buffer, offset, count) => new Float32Array(buffer, offset, count) },
  UINT64: { name: 'uint64', bytes: 8, view: (buffer, offset, count) => new BigUint64Array(buffer, offset, count) },
  INT64: { name: 'int64', bytes: 8, view: (buffer, offset, count) => new BigInt64Array(buffer, offset, count) },
  FP64: { name: 'float64', bytes: 8, view: (buffer, offset, count) => new Float64Array(buffer, offset, count) },
}

const datatypeOf = new Map<string, TensorType>([
  ...Object.entries(views).map(([datatype, { name }]) => [name as string, datatype as TensorType] as const),
  ['string', 'BYTES'],
])

/** What a session takes or gives. @throws AgoraiError `model_unsupported` for what is no tensor of a known type. */
export function tensorInfos(values: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return values.map((value) => {
    const datatype = value.isTensor ? datatypeOf.get(value.type) : undefined
    if (!value.isTensor || datatype === undefined)
      throw new AgoraiError('model_unsupported', 'The model takes or gives something other than plain tensors.')
    return { name: value.name, datatype, shape: value.shape.map((side) => (typeof side === 'number' ? side : -1)) }
  })
}

/** The numbers are copied once: what a caller gave stays its own, and the copy may be moved to another thread. */
export function toOrtTensor({ name, datatype, shape: dims, data }: InferenceTensor): OrtTensor {
  if (datatype === 'BYTES') return { name, type: 'string', dims, data: [...(data as readonly string[])] }
  const { name: type, bytes, view } = views[datatype]
  const { buffer, length } = new Uint8Array(data as Uint8Array)
  return { name, type, dims, data: view(buffer, 0, length / bytes) as Tensor.DataType }
}

export function fromOrtTensor({ name, type, dims: shape, data }: OrtTensor): InferenceTensor {
  const datatype = datatypeOf.get(type)
  if (datatype === undefined) throw new AgoraiError('model_failed', 'The model gave a tensor of an unknown type.')
  if (datatype === 'BYTES') return { name, datatype, shape, data: data as string[] }
  const { buffer, byteOffset, byteLength } = data as Values
  return { name, datatype, shape, data: new Uint8Array(buffer, byteOffset, byteLength) }
}
