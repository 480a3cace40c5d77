import { AgoraiError } from '@agorai/core'
import type { Caller, GenerateRequest, GenerateStep, InferenceTensor, Inferred } from '../../../ports/inference.js'
import type { Queue } from '../createQueue.js'
import { createStopText } from './createStopText.js'
import type { ModelSession } from './openModelThread.js'
import type { Tokenizer } from './readTokenizer.js'
import { createRandom, sampleToken } from './sampling.js'

/** A graph that foretells the next token. */
export type TextModel = {
  tokenizer: Tokenizer
  input: string
  output: string
  /** How many tokens it sees, padded in front; undefined when it takes as many as there are. */
  context: number | undefined
}

export type GenerateTextParameters = {
  session: ModelSession
  model: TextModel
  queue: Queue
  caller: Caller
  request: Omit<GenerateRequest, 'prompt' | 'streams'> & { tokens: readonly number[] }
}

/** Goes on with a text, a token a turn, so that other callers have theirs in between. */
export async function* generateText(parameters: GenerateTextParameters): AsyncGenerator<GenerateStep> {
  const { queue, caller, model, request } = parameters
  const { tokenizer } = model
  const { temperature = 1, topP = 1, seed = Math.floor(Math.random() * 2 ** 32), maxTokens } = request
  const sampling = { temperature, topP, random: createRandom(seed) }
  const stop = createStopText(request.stop)
  const decoder = new TextDecoder('utf-8')
  const tokens = [...request.tokens]
  const usage = () => ({ inputTokens: request.tokens.length, outputTokens: tokens.length - request.tokens.length })
  let milliseconds = 0
  for (let made = 1; made <= maxTokens; made++) {
    const { outputs, milliseconds: taken } = await queue.turn(caller, () => runTokens(parameters, tokens))
    milliseconds += taken
    const token = sampleToken(lastLogits(floatsOf(outputs, model.output), tokenizer.size), sampling)
    tokens.push(token)
    if (token === tokenizer.end) {
      yield { text: stop.rest() + decoder.decode(), usage: usage(), milliseconds, finish: 'stop' }
      return
    }
    // A token may end in the middle of a character; the rest of it comes with the next.
    const { text, stopped } = stop.push(decoder.decode(tokenizer.decode([token]), { stream: true }))
    if (stopped) {
      yield { text, usage: usage(), milliseconds, finish: 'stop' }
      return
    }
    if (made < maxTokens) yield { text, usage: usage(), milliseconds }
    else {
      const last = stop.push(decoder.decode())
      const rest = last.stopped ? '' : stop.rest()
      yield { text: text + last.text + rest, usage: usage(), milliseconds, finish: last.stopped ? 'stop' : 'length' }
    }
  }
}

/** Has a model read tokens: the last that it sees, or all of them with what stands before a text in front. */
export function runTokens(
  { session, model }: { session: ModelSession; model: TextModel },
  tokens: readonly number[],
): Promise<Inferred> {
  const { context, tokenizer, input: name } = model
  const seen = context === undefined ? tokens : tokens.slice(-context)
  const length = Math.max(context ?? seen.length, 1)
  const padding = length - seen.length
  const ids = BigInt64Array.from({ length }, (_, at) => BigInt(seen[at - padding] ?? tokenizer.before))
  return session.run([{ name, datatype: 'INT64', shape: [1, length], data: new Uint8Array(ids.buffer) }])
}

/** The numbers of an output, which has memory of its own. */
export function floatsOf(outputs: readonly InferenceTensor[], name: string): Float32Array | undefined {
  const output = outputs.find((each) => each.name === name)
  if (output?.datatype !== 'FP32') return undefined
  const { buffer, byteOffset, byteLength } = output.data as Uint8Array
  return new Float32Array(buffer, byteOffset, byteLength / 4)
}

/** The numbers after the last token, whether the graph gives those after each or those alone. */
function lastLogits(floats: Float32Array | undefined, tokens: number): Float32Array {
  if (floats !== undefined && floats.length >= tokens) return floats.subarray(floats.length - tokens)
  throw new AgoraiError('model_failed', 'The model did not give a number for each token.')
}
