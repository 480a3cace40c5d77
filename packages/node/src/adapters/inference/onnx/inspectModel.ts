import type { ServingApi } from '@agorai/core'
import type { TensorInfo } from '../../../ports/inference.js'
import type { TextModel } from './generateText.js'
import type { Tokenizer } from './readTokenizer.js'

/** What a model can be asked, by its inputs and outputs, and by the tokenizer that it brings. */
export type ModelFacts = {
  apis: readonly ServingApi[]
  inputs: readonly TensorInfo[]
  outputs: readonly TensorInfo[]
  tokenizer: Tokenizer | undefined
  /** Foretells the next token: tokens int64[1, …] to a float for each token. */
  generator: TextModel | undefined
  /** Gives a text's vector: tokens int64[1, …] to float[1, D], in an output that is called an embedding. */
  embedder: TextModel | undefined
}

export function inspectModel(
  inputs: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
  tokenizer: Tokenizer | undefined,
): ModelFacts {
  const [input, ...more] = inputs
  const takesTokens = input?.datatype === 'INT64' && input.shape.length === 2 && Math.abs(input.shape[0] ?? 0) === 1
  const toTextModel = (output: TensorInfo | undefined): TextModel | undefined => {
    if (tokenizer === undefined || input === undefined || output === undefined) return undefined
    if (!takesTokens || more.length > 0) return undefined
    const context = input.shape[1] === -1 ? undefined : input.shape[1]
    return { tokenizer, input: input.name, output: output.name, context }
  }
  const floats = outputs.filter(({ datatype }) => datatype === 'FP32')
  const generator = toTextModel(
    floats.find(({ shape }) => shape.length >= 2 && shape.length <= 3 && shape.at(-1) === tokenizer?.size),
  )
  const embedder = toTextModel(floats.find(({ name, shape }) => shape.length === 2 && /embedding/i.test(name)))
  const apis: ServingApi[] = ['infer']
  if (generator !== undefined) apis.push('completions', 'chat')
  if (embedder !== undefined) apis.push('embeddings')
  return { apis, inputs, outputs, tokenizer, generator, embedder }
}
