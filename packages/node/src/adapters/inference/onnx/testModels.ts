import onnxProto from 'onnx-proto'
import type { TensorType } from '../../../ports/inference.js'

const { onnx } = onnxProto
const types: Record<TensorType, number> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
}

/** A graph that gives back what it is given: `x` to `y`, of any number of rows of any length. */
export function identityModel(datatype: TensorType): Uint8Array {
  const info = (name: string) => ({
    name,
    type: { tensorType: { elemType: types[datatype], shape: { dim: [{ dimParam: 'N' }, { dimParam: 'M' }] } } },
  })
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'same',
      input: [info('x')],
      output: [info('y')],
      node: [{ opType: 'Identity', input: ['x'], output: ['y'] }],
    },
  }).finish()
}
