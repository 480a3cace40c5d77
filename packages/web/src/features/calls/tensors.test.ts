import { expect, test } from 'vitest'
import { pixelTensor, readsDigits, readTensors, shareScores, startTensor } from './tensors.js'

const pixels = { name: 'pixels', datatype: 'FP32', shape: [-1, 784] }
const logits = { name: 'logits', datatype: 'FP32', shape: [-1, 10] }

test('a digit model is known by its tensors', () => {
  expect(readsDigits({ inputs: [pixels], outputs: [logits] })).toBe(true)
  expect(readsDigits({ inputs: [{ ...pixels, shape: [-1, 1, 28, 28] }], outputs: [logits] })).toBe(true)
  expect(readsDigits({ inputs: [{ ...pixels, datatype: 'INT64' }], outputs: [logits] })).toBe(false)
  expect(readsDigits({ inputs: [pixels, pixels], outputs: [logits] })).toBe(false)
  expect(readsDigits({ inputs: [], outputs: [] })).toBe(false)
})

test('a drawing becomes one row', () => {
  const { shape, data } = pixelTensor(pixels, new Float32Array(784).fill(1 / 3))
  expect({ shape, first: data[0], values: data.length }).toEqual({ shape: [1, 784], first: 0.3333, values: 784 })
})

test('a form begins with one row of what the model takes', () => {
  expect(startTensor({ name: 'x', datatype: 'FP32', shape: [-1, 3] })).toEqual({
    ...{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [0, 0, 0] },
  })
  expect(startTensor({ name: 't', datatype: 'BYTES', shape: [-1] }).data).toEqual([''])
})

test('scores share one whole, however large they are', () => {
  expect(shareScores([0, 0])).toEqual([0.5, 0.5])
  expect(shareScores([1000, 0])[0]).toBeCloseTo(1)
})

test('typed tensors are checked before they are sent', () => {
  const sound = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }]
  expect(readTensors(JSON.stringify(sound))).toEqual({ tensors: sound })
  const wrong = (text: string) => (readTensors(text) as { wrong: string }).wrong
  expect(wrong('[')).toContain('not JSON')
  expect(wrong('{}')).toContain('a list of tensors')
  expect(wrong('[{"name":"x"}]')).toContain('Tensor 1 needs')
  expect(wrong('[{"name":"x","datatype":"FP32","shape":[2],"data":[1]}]')).toContain('1 values')
})
