import type { GenerateStep, TokenUsage } from '../../../ports/inference.js'

type Named = { id: string; created: number; model: string }

/** The objects in which an answer is told, whole or piece by piece. */
export type Frames = {
  whole(text: string, finish: NonNullable<GenerateStep['finish']>, usage: TokenUsage): object
  /** What comes before the first piece. */
  opening?: object
  piece(text: string, finish: GenerateStep['finish'], usage: TokenUsage | undefined): object
  usage(usage: TokenUsage): object
}

const toUsage = ({ inputTokens, outputTokens }: TokenUsage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
})

const withUsage = (usage: TokenUsage | undefined) => (usage === undefined ? {} : { usage: toUsage(usage) })

export function writeCompletion({ id, created, model }: Named): Frames {
  const common = { id: `cmpl-${id}`, object: 'text_completion', created, model }
  const choice = (text: string, finish: string | null) => ({ text, index: 0, logprobs: null, finish_reason: finish })
  return {
    whole: (text, finish, usage) => ({ ...common, choices: [choice(text, finish)], usage: toUsage(usage) }),
    piece: (text, finish, usage) => ({ ...common, choices: [choice(text, finish ?? null)], ...withUsage(usage) }),
    usage: (usage) => ({ ...common, choices: [], usage: toUsage(usage) }),
  }
}

export function writeChat({ id, created, model }: Named): Frames {
  const common = { id: `chatcmpl-${id}`, created, model }
  const chunk = { ...common, object: 'chat.completion.chunk' }
  const delta = (said: object, finish: string | null) => ({
    index: 0,
    delta: said,
    logprobs: null,
    finish_reason: finish,
  })
  return {
    whole: (content, finish, usage) => ({
      ...common,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content, refusal: null },
          logprobs: null,
          finish_reason: finish,
        },
      ],
      usage: toUsage(usage),
    }),
    opening: { ...chunk, choices: [delta({ role: 'assistant', content: '' }, null)] },
    piece: (content, finish, usage) => ({
      ...chunk,
      choices: [delta(content === '' ? {} : { content }, finish ?? null)],
      ...withUsage(usage),
    }),
    usage: (usage) => ({ ...chunk, choices: [], usage: toUsage(usage) }),
  }
}
