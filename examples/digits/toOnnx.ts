import onnxProto from 'onnx-proto'
import { classes, hiddenUnits, type Weights } from './perceptron.js'
import { pixelsPerDigit } from './readDigits.js'

const { onnx } = onnxProto
const { FLOAT } = onnx.TensorProto.DataType

/**
 * The network as an ONNX file (opset 17, IR version 8): `pixels` float[N, 784], each 0 (paper) to 1 (ink), to `logits`
 * float[N, 10]; the digit is the highest of the ten.
 */
export function toOnnx(weights: Weights): Uint8Array {
  const gemm = (input: string, layer: string, output: string) => ({
    opType: 'Gemm',
    input: [input, layer, `${layer}Bias`],
    output: [output],
  })
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    producerName: 'agorai-examples-digits',
    graph: {
      name: 'digits',
      input: [tensorInfo('pixels', pixelsPerDigit)],
      output: [tensorInfo('logits', classes)],
      initializer: [
        tensor('hidden', [pixelsPerDigit, hiddenUnits], weights.hidden),
        tensor('hiddenBias', [hiddenUnits], weights.hiddenBias),
        tensor('output', [hiddenUnits, classes], weights.output),
        tensor('outputBias', [classes], weights.outputBias),
      ],
      node: [
        gemm('pixels', 'hidden', 'sums'),
        { opType: 'Relu', input: ['sums'], output: ['active'] },
        gemm('active', 'output', 'logits'),
      ],
    },
  }).finish()
}

function tensor(name: string, dims: number[], values: Float32Array) {
  const rawData = new Uint8Array(values.length * 4)
  const view = new DataView(rawData.buffer)
  // ONNX stores little-endian whatever the machine.
  values.forEach((value, index) => {
    view.setFloat32(index * 4, value, true)
  })
  return { name, dims, dataType: FLOAT, rawData }
}

const tensorInfo = (name: string, columns: number) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimParam: 'N' }, { dimValue: columns }] } } },
})
