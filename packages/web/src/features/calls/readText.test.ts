import { expect, test } from 'vitest'
import { readText, textInput } from './TextForm.js'

const of = (api: 'completions' | 'chat' | 'embeddings') => ({ api, service: '7', outputTokens: 32 })

test('what is typed becomes the request of each way of calling', () => {
  const input = { ...textInput(32), prompt: 'Hello', streams: false }
  const sampling = { max_tokens: 32, temperature: 0.8 }
  expect(readText(input, of('completions'))).toEqual({
    request: { api: 'completions', body: { model: '7', prompt: 'Hello', ...sampling } },
  })
  expect(readText(input, of('chat'))).toEqual({
    request: { api: 'chat', body: { model: '7', messages: [{ role: 'user', content: 'Hello' }], ...sampling } },
  })
  expect(readText(input, of('embeddings'))).toEqual({
    request: { api: 'embeddings', body: { model: '7', input: 'Hello' } },
  })
  expect(readText({ ...input, streams: true }, of('chat'))).toMatchObject({ request: { body: { stream: true } } })
})

test('what is typed wrong is named', () => {
  const input = textInput(1_000)
  const wrong = (more: Partial<typeof input>) => readText({ ...input, ...more }, of('completions'))
  expect(wrong({})).toMatchObject({ field: 'maxTokens', wrong: 'A whole number from 1 to 32.' })
  expect(wrong({ prompt: ' ' })).toMatchObject({ field: 'prompt' })
  expect(wrong({ maxTokens: '8', temperature: '2.1' })).toMatchObject({ field: 'temperature' })
  expect(wrong({ maxTokens: '8', temperature: 'hot' })).toMatchObject({ field: 'temperature' })
})
