import { AgoraiError } from '@agorai/core'
import { InferenceSession, Tensor } from 'onnxruntime-node'

export type Predictor = {
  /** Answers rows with the place of the highest output, as text. */
  predict(records: readonly Record<string, unknown>[]): Promise<string[]>
  release(): Promise<void>
}

/**
 * Runs an ONNX classifier that takes one float tensor [N, columns] and answers one float tensor [N, classes].
 *
 * @param divisor Every input is divided by it.
 * @throws AgoraiError `evaluation_failed` when the file is not such a model, `invalid_request` for the divisor.
 */
export async function createPredictor(path: string, divisor: string): Promise<Predictor> {
  const scale = Number(divisor)
  if (!Number.isFinite(scale) || scale === 0)
    throw new AgoraiError('invalid_request', 'The divisor is a number other than 0.', { field: 'divide' })
  const session = await loadSession(path)
  const [inputName] = session.inputNames
  const [outputName] = session.outputNames
  if (inputName === undefined || outputName === undefined) throw unfit('It has no input or no output.')
  return {
    async predict(records) {
      const columns = Object.keys(records[0] ?? {}).length
      const values = Float32Array.from(
        records.flatMap((record) => Object.values(record).map((value) => Number(value) / scale)),
      )
      const results = await session
        .run({ [inputName]: new Tensor('float32', values, [records.length, columns]) })
        .catch((cause: unknown) => {
          throw unfit(`It does not take ${columns} columns.`, cause)
        })
      const data = results[outputName]?.data
      if (!(data instanceof Float32Array) || data.length % records.length !== 0)
        throw unfit('It does not answer floats.')
      const classes = data.length / records.length
      return records.map((_, row) => {
        const scores = data.subarray(row * classes, (row + 1) * classes)
        return String(scores.indexOf(Math.max(...scores)))
      })
    },
    release: () => session.release(),
  }
}

async function loadSession(path: string): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 })
  } catch (cause) {
    throw unfit('It is not an ONNX model that runs here.', cause)
  }
}

const unfit = (message: string, cause?: unknown): AgoraiError =>
  new AgoraiError('evaluation_failed', message, { cause })
