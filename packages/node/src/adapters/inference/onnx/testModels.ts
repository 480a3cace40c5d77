import onnxProto from 'onnx-proto'
import type { InferenceTensor, TensorType } from '../../../ports/inference.js'

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

const side = 256

/** A graph that takes its time: `x` to `y`, rows of 256 numbers multiplied by a matrix again and again. */
export function slowModel(times: number): Uint8Array {
  const info = (name: string) => ({
    name,
    type: { tensorType: { elemType: types.FP32, shape: { dim: [{ dimParam: 'N' }, { dimValue: side }] } } },
  })
  const nameOf = (place: number) => (place === 0 ? 'x' : place === times ? 'y' : `x${place}`)
  const matrix = Float32Array.from({ length: side * side }, (_, at) => Math.sin(at) / side)
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'slow',
      input: [info('x')],
      output: [info('y')],
      initializer: [{ name: 'w', dataType: types.FP32, dims: [side, side], rawData: new Uint8Array(matrix.buffer) }],
      node: Array.from({ length: times }, (_, place) => ({
        opType: 'MatMul',
        input: [nameOf(place), 'w'],
        output: [nameOf(place + 1)],
      })),
    },
  }).finish()
}

/** Rows for it. Two thousand rows two hundred times are 26 billion multiplications. */
export const slowRows = (rows: number): InferenceTensor => ({
  name: 'x',
  datatype: 'FP32',
  shape: [rows, side],
  data: new Uint8Array(new Float32Array(rows * side).buffer),
})
