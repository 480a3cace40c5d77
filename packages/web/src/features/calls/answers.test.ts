import { expect, test } from 'vitest'
import { addPiece, noText, readAnswer } from './answers.js'

test('pieces of a text are put together, and the last says why it ends', () => {
  const pieces = [
    { choices: [{ text: 'In the ' }] },
    { choices: [{ delta: { content: 'market' }, finish_reason: null }] },
    { choices: [{ text: '', finish_reason: 'length' }] },
    { choices: [], usage: { completion_tokens: 3 } },
  ]
  expect(pieces.reduce(addPiece, noText)).toEqual({ kind: 'text', text: 'In the market', finish: 'length' })
})

test('whole answers are read by the way of asking', () => {
  const message = { choices: [{ message: { content: 'Yes.' }, finish_reason: 'stop' }] }
  expect(readAnswer('chat', message)).toEqual({ kind: 'text', text: 'Yes.', finish: 'stop' })
  expect(readAnswer('embeddings', { data: [{ embedding: [1, 2] }] })).toEqual({ kind: 'vectors', vectors: [[1, 2]] })
  const outputs = [{ name: 'logits', datatype: 'FP32', shape: [1, 2], data: [0.5, 1] }]
  expect(readAnswer('infer', { model_name: '3', outputs })).toEqual({ kind: 'tensors', outputs })
  expect(() => readAnswer('infer', {})).toThrow()
})
