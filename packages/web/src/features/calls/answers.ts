import type { ServingApi } from '@agorai/core'
import { z } from 'zod'

/** What a service said, as the page shows it. */
export type Answer =
  | { kind: 'text'; text: string; finish: string | undefined }
  | { kind: 'tensors'; outputs: z.infer<typeof inferredSchema>['outputs'] }
  | { kind: 'vectors'; vectors: number[][] }

const choiceSchema = z.object({
  text: z.string().optional(),
  message: z.object({ content: z.string().nullish() }).optional(),
  delta: z.object({ content: z.string().nullish() }).optional(),
  finish_reason: z.string().nullish(),
})
const generatedSchema = z.object({ choices: z.array(choiceSchema) })
const embeddedSchema = z.object({ data: z.array(z.object({ embedding: z.array(z.number()) })) })
const inferredSchema = z.object({
  outputs: z.array(
    z.object({
      name: z.string(),
      datatype: z.string(),
      shape: z.array(z.number()),
      data: z.array(z.union([z.number(), z.string(), z.boolean()])),
    }),
  ),
})

export const noText: Answer = { kind: 'text', text: '', finish: undefined }

/** A whole answer. */
export function readAnswer(api: ServingApi, value: unknown): Answer {
  if (api === 'infer') return { kind: 'tensors', outputs: inferredSchema.parse(value).outputs }
  if (api === 'embeddings')
    return { kind: 'vectors', vectors: embeddedSchema.parse(value).data.map(({ embedding }) => embedding) }
  return addPiece(noText, value)
}

/** An answer with one more piece of it. */
export function addPiece(answer: Answer, value: unknown): Answer {
  const before = answer.kind === 'text' ? answer : { text: '', finish: undefined }
  const [choice] = generatedSchema.parse(value).choices
  const more = choice?.text ?? choice?.delta?.content ?? choice?.message?.content ?? ''
  return { kind: 'text', text: before.text + more, finish: choice?.finish_reason ?? before.finish }
}
