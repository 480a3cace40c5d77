import { AgoraiError } from '@agorai/core'
import type { Caller, Embedded } from '../../../ports/inference.js'
import type { Queue } from '../createQueue.js'
import { floatsOf, runTokens, type TextModel } from './generateText.js'
import type { ModelSession } from './openModelThread.js'

export type EmbedTextsParameters = {
  session: ModelSession
  model: TextModel
  queue: Queue
  caller: Caller
  texts: readonly (readonly number[])[]
}

/** A vector for each text, a text a turn. */
export async function embedTexts(parameters: EmbedTextsParameters): Promise<Embedded> {
  const { model, queue, caller, texts } = parameters
  const vectors: Float32Array[] = []
  let milliseconds = 0
  for (const tokens of texts) {
    const { outputs, milliseconds: taken } = await queue.turn(caller, () => runTokens(parameters, tokens))
    milliseconds += taken
    const vector = floatsOf(outputs, model.output)
    if (vector === undefined) throw new AgoraiError('model_failed', 'The model gave no vector of floats.')
    vectors.push(vector)
  }
  return { vectors, inputTokens: texts.reduce((sum, tokens) => sum + tokens.length, 0), milliseconds }
}
