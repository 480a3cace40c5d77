import type { ChatMessage } from '@agorai/core'
import { z } from 'zod'

/** What clients send along and what changes nothing of the answer. */
const ignored = {
  user: z.string().nullish(),
  metadata: z.unknown().optional(),
  store: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
}

const unsupported = (why: string) => `is not supported: ${why}`
/** A field that may be there with the value that changes nothing, and with no other. */
const only = <value extends string | number | boolean>(value: value, why: string) =>
  z.literal(value, { error: unsupported(why) }).nullish()
const empty = (why: string) => z.strictObject({}, { error: unsupported(why) }).nullish()

const sampling = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).nullish(),
  stop: z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().optional(),
      /** The usage so far with every piece, as vLLM has it. */
      continuous_usage_stats: z.boolean().optional(),
      include_obfuscation: z.unknown().optional(),
    })
    .nullish(),
  n: only(1, 'there is one answer a call'),
  presence_penalty: only(0, 'the model is not steered'),
  frequency_penalty: only(0, 'the model is not steered'),
  logit_bias: empty('the model is not steered'),
}

const modelSchema = z.string().min(1).max(200)
const maxTokens = z.number().int().min(1).nullish()

export const completionSchema = z.strictObject({
  ...ignored,
  ...sampling,
  model: modelSchema,
  prompt: z.union([z.string(), z.tuple([z.string()])], { error: 'must be one text' }),
  max_tokens: maxTokens,
  best_of: only(1, 'there is one answer a call'),
  echo: only(false, 'the answer begins after the prompt'),
  logprobs: only(0, 'probabilities are not told'),
  suffix: only('', 'nothing is filled in between'),
})

export type CompletionBody = z.output<typeof completionSchema>

const textPart = z.strictObject({ type: z.literal('text', { error: unsupported('texts only') }), text: z.string() })
const contentSchema = z
  .union([z.string(), z.array(textPart).min(1).max(256)])
  .transform((content) => (typeof content === 'string' ? content : content.map(({ text }) => text).join('')))

const messageSchema = z
  .strictObject({
    role: z.enum(['system', 'developer', 'user', 'assistant'], { error: unsupported('system, user, assistant') }),
    content: contentSchema,
    name: z.string().nullish(),
    refusal: z.null().optional(),
  })
  .transform(({ role, content }): ChatMessage => ({ role: role === 'developer' ? 'system' : role, content }))

export const chatSchema = z
  .strictObject({
    ...ignored,
    ...sampling,
    model: modelSchema,
    messages: z.array(messageSchema).min(1).max(1_024),
    max_tokens: maxTokens,
    max_completion_tokens: maxTokens,
    logprobs: only(false, 'probabilities are not told'),
    top_logprobs: only(0, 'probabilities are not told'),
    tools: z.tuple([], { error: unsupported('the model calls no tools') }).nullish(),
    tool_choice: only('none', 'the model calls no tools'),
    parallel_tool_calls: z.unknown().optional(),
    functions: z.tuple([], { error: unsupported('the model calls no tools') }).nullish(),
    response_format: z.strictObject({ type: z.literal('text') }, { error: unsupported('answers are texts') }).nullish(),
    modalities: z.tuple([z.literal('text')], { error: unsupported('answers are texts') }).nullish(),
  })
  .refine(
    ({ max_tokens, max_completion_tokens }) =>
      (max_tokens ?? max_completion_tokens) === (max_completion_tokens ?? max_tokens),
    {
      message: 'must be the same as max_completion_tokens',
      path: ['max_tokens'],
    },
  )

export type ChatBody = z.output<typeof chatSchema>

export const embeddingsSchema = z.strictObject({
  ...ignored,
  model: modelSchema,
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(2_048)], {
    error: 'must be texts, none empty',
  }),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().int().min(1).nullish(),
})

export type EmbeddingsBody = z.output<typeof embeddingsSchema>
