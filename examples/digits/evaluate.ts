import * as ort from 'onnxruntime-node'
import { type Digits, pixelsPerDigit, readDigitsCsv } from './readDigits.js'

type Pictures = Pick<Digits, 'rows' | 'pixels'>

/** Logits of every row, `logits[row * 10 + digit]`, as ONNX Runtime computes them from the bytes of a model. */
export async function runModel(model: Uint8Array, digits: Pictures): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  })
  try {
    const pixels = Float32Array.from(digits.pixels, (ink) => ink / 255)
    const results = await session.run({ pixels: new ort.Tensor('float32', pixels, [digits.rows, pixelsPerDigit]) })
    const logits = results.logits?.data
    if (!(logits instanceof Float32Array)) throw new TypeError('the model has no output `logits` of floats')
    return logits
  } finally {
    await session.release()
  }
}

/** The digit that a model sees in each row: the place of the highest of its ten logits. */
export async function predict(model: Uint8Array, digits: Pictures): Promise<number[]> {
  const logits = await runModel(model, digits)
  return Array.from({ length: digits.rows }, (_, row) => {
    const ten = logits.subarray(row * 10, row * 10 + 10)
    return ten.indexOf(Math.max(...ten))
  })
}

/** How many rows the model names right. */
export async function countCorrect(model: Uint8Array, digits: Digits): Promise<number> {
  const answers = await predict(model, digits)
  return answers.filter((answer, row) => answer === digits.labels[row]).length
}

/**
 * The held-out rows and a way to answer them with a delivered model, as `verifyDelivery` takes them. The session of ONNX
 * Runtime lives for one batch: loading the model takes less time than reading the rows.
 */
export function createEvaluation(model: Uint8Array) {
  return {
    async *rows() {
      yield readDigitsCsv('heldOut')
    },
    rowFormat: 'csv' as const,
    labelColumn: 'label',
    async predict(records: readonly Record<string, unknown>[]): Promise<string[]> {
      const pixels = Uint8Array.from(
        records.flatMap((record) => Array.from({ length: pixelsPerDigit }, (_, index) => Number(record[`p${index}`]))),
      )
      return (await predict(model, { rows: records.length, pixels })).map(String)
    },
  }
}
