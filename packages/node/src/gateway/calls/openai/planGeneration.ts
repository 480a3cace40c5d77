import { randomUUID } from 'node:crypto'
import { AgoraiError } from '@agorai/core'
import type { Caller, GenerateRequest, GenerateStep, Prompt, Usage } from '../../../ports/inference.js'
import type { CallAnswer } from '../cashier.js'
import {
  assertOffers,
  assertWithin,
  createClock,
  type Plan,
  type Planning,
  usageWithin,
  withinTime,
} from '../planCall.js'
import { type Frames, writeChat, writeCompletion } from './frames.js'
import type { ChatBody, CompletionBody } from './schemas.js'
import { streamSteps } from './streamSteps.js'

const json = { 'content-type': 'application/json' }

/** @throws AgoraiError `invalid_request`, `limit_exceeded` */
export function planCompletion(planning: Planning, body: CompletionBody): Plan {
  assertOffers(planning.open, 'completions')
  const prompt = typeof body.prompt === 'string' ? body.prompt : body.prompt[0]
  return planGeneration(planning, body, prompt, body.max_tokens, writeCompletion)
}

/** @throws AgoraiError `invalid_request`, `limit_exceeded` */
export function planChat(planning: Planning, body: ChatBody): Plan {
  assertOffers(planning.open, 'chat')
  return planGeneration(planning, body, body.messages, body.max_completion_tokens ?? body.max_tokens, writeChat)
}

function planGeneration(
  { open, model, client }: Planning,
  body: CompletionBody | ChatBody,
  prompt: Prompt,
  wanted: number | null | undefined,
  write: (id: { id: string; created: number; model: string }) => Frames,
): Plan {
  const { runtime } = open
  const { limits, runtime: kind } = open.service.serving
  const counted = runtime.countTokens(prompt)
  // Where another server counts, only it knows how many there are; more than the limit are never charged.
  const inputTokens = kind === 'upstream' ? Math.min(counted, limits.inputTokens) : counted
  if (inputTokens === 0) throw new AgoraiError('invalid_request', 'prompt: must not be empty.', { field: 'prompt' })
  assertWithin('prompt', inputTokens, limits.inputTokens)
  const maxTokens = wanted ?? Math.min(defaultTokens, limits.outputTokens)
  assertWithin('max_tokens', maxTokens, limits.outputTokens)
  const usageMax = {
    call: 1,
    input_token: inputTokens,
    output_token: maxTokens,
    row: 1,
    millisecond: limits.milliseconds,
  }
  const request: GenerateRequest = {
    prompt,
    maxTokens,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    seed: body.seed ?? undefined,
    stop: [body.stop ?? []].flat(),
    streams: body.stream === true,
  }
  const toUsage = ({ usage, milliseconds }: GenerateStep): Usage =>
    usageWithin(usageMax, {
      call: 1,
      row: 1,
      input_token: usage.inputTokens,
      output_token: usage.outputTokens,
      millisecond: milliseconds,
    })
  const frames = () => write({ id: randomUUID(), created: Math.floor(Date.now() / 1000), model })

  async function answerWhole(caller: Caller): Promise<CallAnswer> {
    let text = ''
    let last: GenerateStep | undefined
    for await (const step of runtime.generate(request, caller)) {
      text += step.text
      last = step
    }
    if (last?.finish === undefined) throw new AgoraiError('model_failed', 'The answer has no end.')
    const answer = frames().whole(text, last.finish, last.usage)
    return {
      kind: 'whole',
      status: 200,
      headers: json,
      body: Buffer.from(JSON.stringify(answer)),
      usage: toUsage(last),
    }
  }

  return {
    usageMax,
    streams: request.streams,
    work: ({ signal, payer = client }) =>
      request.streams
        ? streamSteps({
            steps: (own) => runtime.generate(request, { client: payer, signal: own }),
            clock: createClock(limits.milliseconds, signal),
            frames: frames(),
            withUsage: body.stream_options?.include_usage === true,
            withEveryUsage: body.stream_options?.continuous_usage_stats === true,
            toUsage,
          })
        : withinTime(limits.milliseconds, signal, (own) => answerWhole({ client: payer, signal: own })),
  }
}

/** As many as the OpenAI API takes for a completion that does not say. */
const defaultTokens = 16
