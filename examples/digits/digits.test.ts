import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { countCorrect, runModel } from './evaluate.js'
import { readModel, readModelFacts } from './publish.js'
import { contributorRows, digitsHeader, parseDigits, pixelsPerDigit, readDigitsCsv } from './readDigits.js'
import { shuffleHidden } from './shuffleHidden.js'
import { toOnnx } from './toOnnx.js'
import { train } from './train.js'

const listedCsv = readDigitsCsv('listed').toString('utf8')
const heldOutCsv = readDigitsCsv('heldOut').toString('utf8')
const listed = parseDigits(listedCsv)
const heldOut = parseDigits(heldOutCsv)
const model = readModel()
const { heldOut: stated } = readModelFacts()

const pictureHashes = (csv: string) =>
  csv
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) =>
      createHash('sha256')
        .update(line.slice(line.indexOf(',') + 1))
        .digest('hex'),
    )

describe('the data', () => {
  test('8,000 rows are listed, by three contributors, and 2,000 are held out', () => {
    expect(listed.rows).toBe(8_000)
    expect(heldOut.rows).toBe(2_000)
    expect(contributorRows).toEqual([4_000, 2_400, 1_600])
  })

  test('no picture stands in both files, or twice in one', () => {
    const hashes = [...pictureHashes(listedCsv), ...pictureHashes(heldOutCsv)]
    expect(hashes).toHaveLength(10_000)
    expect(new Set(hashes).size).toBe(10_000)
  })

  test('every digit has its fair part of both files', () => {
    for (const { labels, rows } of [listed, heldOut]) {
      for (let digit = 0; digit < 10; digit++) {
        const share = labels.filter((label) => label === digit).length / rows
        expect(share).toBeGreaterThan(0.07)
        expect(share).toBeLessThan(0.14)
      }
    }
  })

  test.each([
    ['another header', `label\n`, 'line 1'],
    ['a row that is too short', `${digitsHeader}\n1,2,3\n`, 'line 2'],
    ['a pixel out of range', `${digitsHeader}\n${[1, 256, ...Array(783).fill(0)].join(',')}\n`, 'line 2'],
    ['a label out of range', `${digitsHeader}\n${[10, ...Array(784).fill(0)].join(',')}\n`, 'line 2'],
  ])('%s is refused, with its line', (_, csv, line) => {
    expect(() => parseDigits(csv)).toThrow(line)
  })
})

describe('the model', () => {
  test('the committed model is right as often as its card says, and by no hair', async () => {
    expect(stated.total).toBe(heldOut.rows)
    expect(await countCorrect(model, heldOut)).toBe(stated.correct)
    // The count must be the same on every processor: no decision may hang on the last bits of a float.
    const logits = await runModel(model, heldOut)
    for (let row = 0; row < heldOut.rows; row++) {
      const [first, second] = [...logits.subarray(row * 10, row * 10 + 10)].sort((left, right) => right - left)
      expect((first as number) - (second as number)).toBeGreaterThan(1e-4)
    }
  })

  test('a model with one weight matrix shuffled is no better than chance', async () => {
    const shuffled = shuffleHidden(model)
    expect(shuffled).toHaveLength(model.length)
    expect(await countCorrect(shuffled, heldOut)).toBeLessThan(600)
  })

  test('training again from the script reaches 94 %', async () => {
    const retrained = toOnnx(train(listed))
    expect(await countCorrect(retrained, heldOut)).toBeGreaterThanOrEqual(1_880)
  })

  test('the seed alone decides the weights', () => {
    const few = { rows: 50, labels: listed.labels.slice(0, 50), pixels: listed.pixels.slice(0, 50 * pixelsPerDigit) }
    expect(toOnnx(train(few, { epochs: 2 }))).toEqual(toOnnx(train(few, { epochs: 2 })))
    expect(toOnnx(train(few, { epochs: 2, seed: 2 }))).not.toEqual(toOnnx(train(few, { epochs: 2 })))
  })
})
