import { AgoraiError } from '@agorai/core'
import type { InferenceSession } from 'onnxruntime-node'
import type { Caller, Embedded } from '../../../ports/inference.js'
import type { Queue } from './createQueue.js'
import type { TextModel } from './generateText.js'
import { runSession } from './runSession.js'

export type EmbedTextsParameters = {
  ort: typeof import('onnxruntime-node')
  session: InferenceSession
  model: TextModel
  queue: Queue
  caller: Caller
  texts: readonly (readonly number[])[]
}

/** A vector for each text, a text a turn. */
export async function embedTexts({
  ort,
  session,
  model,
  queue,
  caller,
  texts,
}: EmbedTextsParameters): Promise<Embedded> {
  const { tokenizer, input, output, context } = model
  const vectors: Float32Array[] = []
  let milliseconds = 0
  for (const tokens of texts) {
    const length = Math.max(context ?? tokens.length, 1)
    const padding = Math.max(0, length - tokens.length)
    const ids = BigInt64Array.from({ length }, (_, at) => BigInt(tokens[at - padding] ?? tokenizer.before))
    const { results, milliseconds: taken } = await queue.turn(caller, () =>
      runSession(session, { [input]: new ort.Tensor('int64', ids, [1, length]) }),
    )
    milliseconds += taken
    const vector = results[output]?.data
    if (!(vector instanceof Float32Array)) throw new AgoraiError('model_failed', 'The model gave no vector of floats.')
    vectors.push(vector.slice())
  }
  return { vectors, inputTokens: texts.reduce((sum, tokens) => sum + tokens.length, 0), milliseconds }
}
