import { AgoraiError, type ServingApi } from '@agorai/core'
import type { Caller, Embedded, GenerateRequest, GenerateStep, Prompt, Runtime } from '../../../ports/inference.js'
import { createQueue } from '../createQueue.js'
import { embeddingsSchema, generationSchema, parseAnswer, requireUsage } from './answers.js'
import { askUpstream } from './askUpstream.js'
import { readEvents } from './readEvents.js'
import type { Upstream } from './upstream.js'

/** Servers frame a message by a few tokens of their own, and a text by one or two. */
const framingTokens = 64
const messageTokens = 16

/**
 * A model that another server runs. What a call used is what that server says, and never a guess. It is asked
 * `upstream.concurrency` calls at once, of callers in their turns; of `callsMax` that are under way or wait, half may be
 * one caller's.
 *
 * @throws AgoraiError `model_unsupported`
 */
export function createUpstreamRuntime(upstream: Upstream, apis: readonly ServingApi[], callsMax: number): Runtime {
  if (apis.includes('infer'))
    throw new AgoraiError('model_unsupported', 'A server of the OpenAI API takes no tensors.', {
      field: 'serving.apis',
    })
  const queue = createQueue({ callsMax, runsMax: upstream.concurrency })

  async function embed(texts: readonly string[], signal: AbortSignal): Promise<Embedded> {
    const begun = performance.now()
    const body = { model: upstream.model, input: texts, encoding_format: 'float' }
    const response = await askUpstream(upstream, 'embeddings', body, signal)
    const { data, usage } = parseAnswer(embeddingsSchema, await response.text())
    const { inputTokens } = requireUsage(usage)
    const vectors = new Map(data.map(({ index, embedding }) => [index, Float32Array.from(embedding)]))
    return {
      vectors: texts.map((_, index) => {
        const vector = vectors.get(index)
        if (vector === undefined) throw new AgoraiError('upstream_unavailable', 'It left a text out.')
        return vector
      }),
      inputTokens,
      milliseconds: performance.now() - begun,
    }
  }

  return {
    apis,
    inputs: [],
    outputs: [],
    countTokens: tokensMaxOf,
    async infer() {
      throw new AgoraiError('model_unsupported', 'It takes no tensors.')
    },
    async *generate(request, caller) {
      const leave = queue.enter(caller.client)
      try {
        const end = await queue.take(caller)
        try {
          yield* generate(upstream, request, caller)
        } finally {
          end()
        }
      } finally {
        leave()
      }
    },
    async embed(texts, caller) {
      const leave = queue.enter(caller.client)
      try {
        return await queue.turn(caller, () => embed(texts, caller.signal))
      } finally {
        leave()
      }
    },
    close: async () => {},
  }
}

/** A token is a byte at least, but for those that a server adds itself. */
function tokensMaxOf(prompt: Prompt): number {
  if (typeof prompt === 'string') return Buffer.byteLength(prompt) + framingTokens
  return prompt.reduce((sum, { content }) => sum + Buffer.byteLength(content) + messageTokens, framingTokens)
}

async function* generate(
  upstream: Upstream,
  request: GenerateRequest,
  { signal }: Caller,
): AsyncGenerator<GenerateStep> {
  const begun = performance.now()
  const path = typeof request.prompt === 'string' ? 'completions' : 'chat/completions'
  const response = await askUpstream(upstream, path, toBody(upstream, request), signal)
  let usage: GenerateStep['usage'] | undefined
  let finish: GenerateStep['finish']
  let pieces = 0
  // A server that does not stream answers by one piece.
  for await (const data of response.streams ? readEvents(response.chunks()) : [await response.text()]) {
    if (data === '[DONE]') break
    const answer = parseAnswer(generationSchema, data)
    if (answer.error !== undefined) throw new AgoraiError('upstream_unavailable', 'It failed while it answered.')
    if (answer.usage !== null && answer.usage !== undefined) usage = requireUsage(answer.usage)
    const [choice] = answer.choices
    if (choice === undefined) continue
    if (choice.finish_reason) finish = choice.finish_reason === 'length' ? 'length' : 'stop'
    const text = choice.text ?? choice.delta?.content ?? choice.message?.content ?? ''
    if (text === '') continue
    pieces += 1
    // Until the server says, this much is sure: every piece has a token at least.
    const known = usage ?? { inputTokens: 0, outputTokens: pieces }
    yield { text, usage: known, milliseconds: performance.now() - begun }
  }
  const total = requireUsage(usage && { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens })
  yield { text: '', usage: total, milliseconds: performance.now() - begun, finish: finish ?? 'stop' }
}

function toBody(
  { model, continuousUsage }: Upstream,
  { prompt, maxTokens, temperature, topP, seed, stop, streams }: GenerateRequest,
): object {
  const streamOptions = { include_usage: true, ...(continuousUsage ? { continuous_usage_stats: true } : {}) }
  return {
    model,
    ...(typeof prompt === 'string' ? { prompt } : { messages: prompt }),
    max_tokens: maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop.length === 0 ? {} : { stop }),
    ...(streams ? { stream: true, stream_options: streamOptions } : {}),
  }
}
