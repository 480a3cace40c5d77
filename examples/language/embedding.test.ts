import { readFileSync } from 'node:fs'
import { createBytePairCoder } from '@agorai/core'
import { expect, test } from 'vitest'
import { measureHalves, readLanguageModel, weighTokens } from './embedding.js'
import { toEmbeddingOnnx, width } from './graph.js'
import { readTexts } from './texts.js'
import { tokenizerNotes, tokens } from './train.js'

const model = readFileSync(new URL('embedding.onnx', import.meta.url))
const facts = JSON.parse(readFileSync(new URL('embedding.json', import.meta.url), 'utf8'))
const { table, merges } = readLanguageModel()
const coder = createBytePairCoder(merges)

test('halves of a paragraph find one another as often as the card says', { timeout: 120_000 }, async () => {
  const [, of, right] = /of (\d+) paragraphs that it has not seen, (\d+) have/.exec(facts.card.notes.heldOut) ?? []
  const measured = await measureHalves(model, coder, readTexts().heldOut)
  expect(measured.of).toBe(Number(of))
  // Machines add in different orders, and a tie may fall the other way.
  expect(Math.abs(measured.right - Number(right))).toBeLessThanOrEqual(1)
  expect(measured.right).toBeGreaterThan(5)
})

test('the committed file is what the script makes of a table, its weights and what is common', () => {
  const weighed = weighTokens(coder, ['the people of the union', 'the whale'], table)
  expect(weighed.weights).toHaveLength(tokens)
  expect(weighed.common).toHaveLength(width)
  const made = toEmbeddingOnnx({ table, ...weighed }, tokens, tokenizerNotes(merges))
  expect(made.length).toBe(model.length)
})
