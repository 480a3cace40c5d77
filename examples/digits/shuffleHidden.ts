import onnxProto from 'onnx-proto'
import { createRandom, shuffle } from './random.js'

const { onnx } = onnxProto

/** The same model with the weights of its first layer in another order: a file that loads, runs and knows nothing. */
export function shuffleHidden(model: Uint8Array): Uint8Array {
  const decoded = onnx.ModelProto.decode(model)
  const layer = decoded.graph?.initializer?.find((tensor) => tensor.name === 'hidden')
  if (!layer?.rawData) throw new TypeError('the model has no initializer `hidden`')
  const values = new Uint32Array(Uint8Array.from(layer.rawData).buffer)
  shuffle(values, createRandom(7))
  layer.rawData = new Uint8Array(values.buffer)
  return onnx.ModelProto.encode(decoded).finish()
}
