import { readFileSync } from 'node:fs'
import { createBytePairCoder } from '@agorai/core'
import onnxProto from 'onnx-proto'
import { beforeAll, expect, test } from 'vitest'
import { context, hiddenUnits, shapesOf, width } from './graph.js'
import { learnBytePairs } from './learnBytePairs.js'
import { readTexts } from './texts.js'
import { before, measureLoss, tokens, toSamples, train } from './train.js'

const model = readFileSync(new URL('model.onnx', import.meta.url))
const facts = JSON.parse(readFileSync(new URL('model.json', import.meta.url), 'utf8'))
const { graph, metadataProps } = onnxProto.onnx.ModelProto.decode(model)
let coder: ReturnType<typeof createBytePairCoder>

beforeAll(() => {
  const notes = metadataProps.find(({ key }) => key === 'agorai.tokenizer')?.value ?? ''
  const table = JSON.parse(notes)
  expect(table).toMatchObject({ kind: 'byte-pair', before })
  coder = createBytePairCoder(table.merges)
})

test('the model brings its tokenizer, and is as large as it says', () => {
  expect(coder.size).toBe(tokens)
  const sizes = graph?.initializer?.filter(({ name }) => name !== 'rowShape').map(({ dims }) => dims?.map(Number))
  expect(sizes).toEqual(Object.values(shapesOf(tokens)).map((shape) => [...shape]))
  expect(facts.card.notes.architecture).toBe(
    `token table ${tokens} x ${width}, ${context} tokens side by side, ${hiddenUnits} rectified units, ${tokens} logits`,
  )
})

test('it foretells texts that it has not seen as well as it says', { timeout: 300_000 }, async () => {
  const loss = await measureLoss(model, toSamples(coder, readTexts().heldOut))
  // Machines add in different orders.
  expect(loss).toBeCloseTo(Number.parseFloat(facts.card.notes.heldOut), 2)
  expect(loss).toBeLessThan(Math.log(tokens) / 2)
})

test('training on a few words learns them by heart', { timeout: 120_000 }, async () => {
  const text = 'the people of the union and the states of the people. '.repeat(400)
  const samples = toSamples(coder, [text])
  const losses: number[] = []
  await train(samples, { seed: 1, onStep: (_, loss) => losses.push(loss) })
  expect(losses.at(-1)).toBeLessThan(0.2 * (losses[0] ?? 0))
})

test('the most frequent pair becomes a token first; equal ones by their numbers', () => {
  expect(learnBytePairs(['aab aab', 'ab'], 258)).toEqual([
    [0x61, 0x62],
    [0x61, 256],
  ])
  expect(learnBytePairs(['ba', 'ab'], 257)).toEqual([[0x61, 0x62]])
})
