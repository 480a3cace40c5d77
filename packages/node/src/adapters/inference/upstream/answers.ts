import { AgoraiError } from '@agorai/core'
import { z } from 'zod'
import type { TokenUsage } from '../../../ports/inference.js'

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** Answers of other servers hold more than we read of them. */
const usageSchema = z.object({ prompt_tokens: count, completion_tokens: count.optional() })

const choiceSchema = z.object({
  text: z.string().nullish(),
  message: z.object({ content: z.string().nullish() }).nullish(),
  delta: z.object({ content: z.string().nullish() }).nullish(),
  finish_reason: z.string().nullish(),
})

export const generationSchema = z.object({
  choices: z.array(choiceSchema).max(8).default([]),
  usage: usageSchema.nullish(),
  error: z.unknown().optional(),
})

export const embeddingsSchema = z.object({
  data: z.array(z.object({ index: count, embedding: z.array(z.number()).max(65_536) })).max(1_000_000),
  usage: usageSchema.nullish(),
})

/** @throws AgoraiError `upstream_unavailable` for what is not of the form. */
export function parseAnswer<schema extends z.ZodType>(schema: schema, text: string): z.output<schema> {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AgoraiError('upstream_unavailable', 'Its answer is not one of the OpenAI API.', { cause })
  }
}

/** @throws AgoraiError `usage_missing`: what nobody counted is not guessed. */
export function requireUsage(usage: z.output<typeof usageSchema> | null | undefined): TokenUsage {
  if (usage === null || usage === undefined)
    throw new AgoraiError('usage_missing', 'Its answer has no `usage`.', { field: 'usage' })
  return { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens ?? 0 }
}
