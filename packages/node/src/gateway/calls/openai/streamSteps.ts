import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { GenerateStep, Usage } from '../../../ports/inference.js'
import type { CallAnswer } from '../cashier.js'
import type { createClock } from '../planCall.js'
import { openAiError } from './errorForm.js'
import type { Frames } from './frames.js'

export type StreamStepsParameters = {
  steps(signal: AbortSignal): AsyncIterable<GenerateStep>
  clock: ReturnType<typeof createClock>
  frames: Frames
  /** Whether the usage comes at the end, in a piece of its own. */
  withUsage: boolean
  /** Whether it comes with every piece, as far as it is known. */
  withEveryUsage: boolean
  toUsage(step: GenerateStep): Usage
}

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' }
const event = (data: object | string): Uint8Array =>
  Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)

/**
 * An answer that comes as it is made. It begins once there is a first piece, so a model that refuses is told by the status.
 * Whoever goes away has used what was made until then; an answer that fails in between is charged nothing.
 */
export async function streamSteps(parameters: StreamStepsParameters): Promise<CallAnswer> {
  const { clock, toUsage } = parameters
  const steps = parameters.steps(clock.signal)[Symbol.asyncIterator]()
  let settle: (usage: Usage) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const usage = new Promise<Usage>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  usage.catch(() => {})
  let last: GenerateStep | undefined
  const take = async (): Promise<GenerateStep | undefined> => {
    const { done, value } = await steps.next()
    if (done === true) return undefined
    last = value
    return value
  }
  let first: GenerateStep | undefined
  try {
    first = await take()
  } catch (error) {
    clock.stop()
    throw clock.toError(error)
  }
  if (first === undefined) throw new AgoraiError('model_failed', 'The answer has no beginning.')

  const events = writeEvents(parameters, first, take)
  let ended = false
  /** What was made counts, but for an answer that failed. */
  const end = (error?: unknown) => {
    if (ended) return
    ended = true
    clock.stop()
    if (error !== undefined || last === undefined) fail(error)
    else settle(toUsage(last))
  }
  const chunks: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const result = await events.next()
          if (result.done === true) end()
          return result
        } catch (cause) {
          const error = clock.toError(cause)
          // Neither time that is up nor a reader who is gone is a failure of the model: what came until then was used.
          end(clock.signal.aborted ? undefined : error)
          if (!isAgoraiError(error)) throw error
          // The head is sent, so the error is an event: clients of the OpenAI API read it there.
          return { done: false, value: event(openAiError(error.toProblem())) }
        }
      },
      async return() {
        end()
        await steps.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
  return { kind: 'stream', headers, chunks, usage }
}

async function* writeEvents(
  { frames, withUsage, withEveryUsage }: StreamStepsParameters,
  first: GenerateStep,
  take: () => Promise<GenerateStep | undefined>,
): AsyncGenerator<Uint8Array> {
  if (frames.opening !== undefined) yield event(frames.opening)
  let last = first
  for (let step: GenerateStep | undefined = first; step !== undefined; step = await take()) {
    last = step
    if (step.text === '' && step.finish === undefined) continue
    yield event(frames.piece(step.text, step.finish, withEveryUsage ? step.usage : undefined))
  }
  if (withUsage) yield event(frames.usage(last.usage))
  yield event('[DONE]')
}
