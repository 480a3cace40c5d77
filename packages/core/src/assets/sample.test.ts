import { describe, expect, test } from 'vitest'
import { cardTensorsMax, modelCardSchema } from './modelCard.js'
import { profileSchema } from './profile.js'
import { sampleBytesMax, sampleSchema } from './sample.js'

const word = `0x${'01'.repeat(32)}` as const
const row = (index: number, text = '{}') => ({ index, row: text, salt: word, proof: [word] })
const preview = (data: string, mediaType = 'image/png', fileName = 'a.png') => ({ fileName, mediaType, data })

describe('a sample', () => {
  test('has rows in their order and small files', () => {
    const sample = { rows: [row(0), row(7)], previews: [preview('AAAA'), preview('AAA=', 'audio/mpeg', 'b.mp3')] }
    expect(sampleSchema.parse(sample)).toEqual(sample)
  })

  test.each([
    ['rows out of order', { rows: [row(3), row(1)], previews: [] }],
    ['a row twice', { rows: [row(3), row(3)], previews: [] }],
    ['a row before the first', { rows: [row(-1)], previews: [] }],
    ['more rows than are read', { rows: Array.from({ length: 101 }, (_, index) => row(index)), previews: [] }],
    [
      'rows that are too long together',
      { rows: [row(0, 'x'.repeat(200_000)), row(1, 'x'.repeat(100_000))], previews: [] },
    ],
    ['a field that is not known', { rows: [{ ...row(0), more: 1 }], previews: [] }],
    ['a page that runs', { rows: [], previews: [preview('AAAA', 'text/html')] }],
    ['a picture that runs', { rows: [], previews: [preview('AAAA', 'image/svg+xml', 'a.svg')] }],
    ['a name that leaves the folder', { rows: [], previews: [preview('AAAA', 'image/png', '../a.png')] }],
    ['what is no base64', { rows: [], previews: [preview('<svg>')] }],
    ['a file that is too large', { rows: [], previews: [preview('A'.repeat(Math.ceil(sampleBytesMax / 3) * 4 + 4))] }],
  ])('%s is refused', (_, sample) => expect(sampleSchema.safeParse(sample).success).toBe(false))
})

describe('a profile', () => {
  const column = { name: 'a', type: 'integer', nulls: 0, distinct: 2 }
  const spread = { min: 0, max: 1, mean: 0.5, deviation: 0.5, quantiles: [0, 0, 0, 1, 1] }
  const table = (more: object) => ({ table: { rows: 2, columns: [column], withheld: [], correlations: [], ...more } })
  const withBars = (histogram: object) => table({ columns: [{ ...column, spread: { ...spread, histogram } }] })

  test('has figures of each column', () => {
    const profile = withBars({ from: 0, to: 1, counts: [1, 1] })
    expect(profileSchema.parse(profile)).toEqual(profile)
  })

  test.each([
    ['bars that end before they begin', withBars({ from: 1, to: 0, counts: [2] })],
    ['no bars', withBars({ from: 0, to: 1, counts: [] })],
    ['bars of less than nothing', withBars({ from: 0, to: 1, counts: [-1] })],
    ['more bars than are shown', withBars({ from: 0, to: 1, counts: Array.from({ length: 65 }, () => 1) })],
    ['figures that are no numbers', table({ columns: [{ ...column, spread: { ...spread, mean: Number.NaN } }] })],
    ['a correlation beyond one', table({ correlations: [{ a: 'a', b: 'b', r: 1.1 }] })],
    ['more columns than a content has', table({ columns: Array.from({ length: 4097 }, () => column) })],
    ['a type that is not known', table({ columns: [{ ...column, type: 'html' }] })],
  ])('with %s is refused', (_, profile) => expect(profileSchema.safeParse(profile).success).toBe(false))
})

describe('a model card', () => {
  const graph = { format: 'onnx', bytes: 1, parameters: 0, precision: [], tensorCount: 0 }

  test('tells what the file says from what the seller says, who may say anything under notes', () => {
    const card = { intendedUse: 'Digits.', notes: { anything: [1, { deep: null }] }, graph }
    expect(modelCardSchema.parse(card)).toEqual(card)
  })

  test.each([
    ['words in the place of the graph', { graph: 'a transformer' }],
    ['words in no place', { architecture: 'perceptron' }],
    ['text that hides', { training: 'a\u202eb' }],
    ['a graph of an unknown format', { graph: { ...graph, format: 'pickle' } }],
    ['fewer than no parameters', { graph: { ...graph, parameters: -1 } }],
    [
      'more tensors than are listed',
      {
        graph: {
          ...graph,
          tensors: Array.from({ length: cardTensorsMax + 1 }, () => ({ name: 'a', dtype: 'F32', shape: [] })),
        },
      },
    ],
  ])('with %s is refused', (_, card) => expect(modelCardSchema.safeParse(card).success).toBe(false))
})
