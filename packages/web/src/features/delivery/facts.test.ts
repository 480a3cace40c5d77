import { expect, test } from 'vitest'
import { factsOf } from './facts.js'

test('each check becomes a sentence; hashes stay comparable', () => {
  const root = `0x${'ab'.repeat(32)}`
  expect(
    factsOf([
      { name: 'content.plaintext.rows', found: '8000' },
      { name: 'content.plaintext.root', found: root },
      { name: 'metrics.0.correct', found: '1909 of 2000' },
    ]),
  ).toEqual([
    { name: 'content.plaintext.rows', words: 'It has the stated number of rows, 8,000' },
    { name: 'content.plaintext.root', words: 'Its rows have the stated salted root', value: root },
    { name: 'metrics.0.correct', words: 'metrics.0.correct: 1909 of 2000' },
  ])
})
