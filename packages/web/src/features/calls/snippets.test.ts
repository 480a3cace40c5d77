import { expect, test } from 'vitest'
import { curlSnippet, openaiSnippet, x402Snippet } from './snippets.js'

const body = { model: '7', prompt: "It's", max_tokens: 8, stream: true }
const parameters = {
  node: 'http://127.0.0.1:4670/',
  chainId: 31_337,
  service: '7',
  key: 'ags_key',
  request: { api: 'completions' as const, body },
}

test('curl carries the key, and a quote in the text does not end the argument', () => {
  const snippet = curlSnippet(parameters)
  expect(snippet).toContain("'http://127.0.0.1:4670/v1/completions'")
  expect(snippet).toContain("-H 'authorization: Bearer ags_key'")
  expect(snippet).toContain(`"It'\\''s"`)
})

test('the openai client needs an address and a key', () => {
  const snippet = openaiSnippet(parameters) ?? ''
  expect(snippet).toContain("baseURL: 'http://127.0.0.1:4670/v1'")
  expect(snippet).toContain("apiKey: 'ags_key'")
  expect(snippet).toContain('for await (const part of answer)')
  const chat = openaiSnippet({ ...parameters, request: { api: 'chat', body: { model: '7' } } }) ?? ''
  expect(chat).toContain('client.chat.completions.create')
  expect(chat).toContain('choices[0].message.content')
  expect(openaiSnippet({ ...parameters, request: { api: 'infer', body: {} } })).toBeUndefined()
})

test('the x402 client needs no session, and takes the answer whole', () => {
  const snippet = x402Snippet({ ...parameters, request: { api: 'infer', body: { inputs: [{ data: [1, 2] }] } } })
  expect(snippet).toContain("network: 'eip155:31337'")
  expect(snippet).toContain('/v2/models/7/infer')
  expect(snippet).toContain('"inputs": [{"data":[1,2]}],')
  expect(x402Snippet(parameters)).not.toContain('stream')
})
