import { AgoraiError } from '@agorai/core'
import { expect, test } from 'vitest'
import type { GenerateStep } from '../../../ports/inference.js'
import { createClock, withinTime } from '../planCall.js'
import { writeCompletion } from './frames.js'
import { streamSteps } from './streamSteps.js'

const step = (text: string, outputTokens: number, finish?: 'stop'): GenerateStep => ({
  text,
  usage: { inputTokens: 3, outputTokens },
  milliseconds: outputTokens,
  ...(finish === undefined ? {} : { finish }),
})

/** Answers by these, then goes on as `after` does. */
const stream = (steps: readonly GenerateStep[], after: (signal: AbortSignal) => Promise<void>, milliseconds = 60_000) =>
  streamSteps({
    async *steps(signal) {
      yield* steps
      await after(signal)
    },
    clock: createClock(milliseconds, new AbortController().signal),
    frames: writeCompletion({ id: 'a', created: 1, model: 'm' }),
    withUsage: true,
    withEveryUsage: false,
    toUsage: ({ usage }) => ({ output_token: usage.outputTokens }),
  })

type Stream = Extract<Awaited<ReturnType<typeof stream>>, { kind: 'stream' }>
const textOf = async ({ chunks }: Stream): Promise<string> => {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString()
}
const ends = async () => {}
const untilGivenUp = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('pieces, the usage, and a last word', async () => {
  const answer = (await stream([step('a', 1), step('b', 2, 'stop')], ends)) as Stream
  const said = await textOf(answer)
  expect(said.match(/"text":"[ab]"/g)).toEqual(['"text":"a"', '"text":"b"'])
  expect(said).toContain('"total_tokens":5')
  expect(said.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(await answer.usage).toEqual({ output_token: 2 })
})

test('a model that refuses at once is no stream', async () => {
  const refuse = () => Promise.reject(new AgoraiError('model_overloaded', 'Full.'))
  await expect(stream([], refuse)).rejects.toMatchObject({ code: 'model_overloaded' })
})

test('what fails in the middle says so and is charged nothing', async () => {
  const fail = () => Promise.reject(new AgoraiError('model_failed', 'It broke.'))
  const answer = (await stream([step('a', 1)], fail)) as Stream
  expect(await textOf(answer)).toMatch(/"code":"model_failed"}}\n\n$/)
  await expect(answer.usage).rejects.toMatchObject({ code: 'model_failed' })
})

test('time that is up ends it, and what came was used', async () => {
  const answer = (await stream([step('a', 1)], untilGivenUp, 20)) as Stream
  expect(await textOf(answer)).toMatch(/"code":"model_timeout"/)
  expect(await answer.usage).toEqual({ output_token: 1 })
  await expect(withinTime(20, new AbortController().signal, untilGivenUp)).rejects.toMatchObject({
    code: 'model_timeout',
  })
})

test('who goes away has used what was made until then, even before the first piece was read', async () => {
  for (const pieces of [0, 1]) {
    const answer = (await stream([step('a', 1), step('b', 2)], ends)) as Stream
    const iterator = answer.chunks[Symbol.asyncIterator]()
    for (let read = 0; read < pieces; read++) await iterator.next()
    await iterator.return?.()
    expect(await answer.usage).toEqual({ output_token: 1 })
  }
})
