import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { profileTable } from './profileTable.js'

const digits = gunzipSync(readFileSync(new URL('../../../../../examples/digits/data/held-out.csv.gz', import.meta.url)))

/** The same figures by arithmetic of its own, over all values at once. */
function figuresOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const sorted = [...values].sort((a, b) => a - b)
  return {
    mean,
    deviation: Math.sqrt(squares / (values.length - 1)),
    min: sorted[0],
    max: sorted.at(-1),
    distinct: new Set(values).size,
    quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map((part) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]),
  }
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [figuresOf(a).mean, figuresOf(b).mean]
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, row) => sum + (value - mx) * ((y[row] ?? 0) - my), 0)
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb))
}

test('the figures of 2,000 real digits are those of independent arithmetic, in all 785 columns', async () => {
  const profile = await profileTable({
    rowFormat: 'csv',
    content: async function* () {
      yield digits
    },
  })
  const [header = '', ...lines] = digits.toString('utf8').trimEnd().split('\n')
  const names = header.split(',')
  const rows = lines.map((line) => line.split(',').map(Number))
  const valuesOf = (name: string) => rows.map((row) => row[names.indexOf(name)] ?? Number.NaN)
  expect(profile).toMatchObject({ rows: 2_000, withheld: [] })
  expect(profile.columns.map(({ name }) => name)).toEqual(names)
  for (const { name, type, nulls, distinct, spread } of profile.columns) {
    const expected = figuresOf(valuesOf(name))
    expect({ type, nulls, distinct, min: spread?.min, max: spread?.max, quantiles: spread?.quantiles }).toEqual({
      ...{ type: 'integer', nulls: 0, distinct: expected.distinct },
      ...{ min: expected.min, max: expected.max, quantiles: expected.quantiles },
    })
    expect(spread?.mean).toBeCloseTo(expected.mean, 5)
    expect(spread?.deviation).toBeCloseTo(expected.deviation, 5)
    const { from, to, counts } = spread?.histogram ?? { from: 0, to: 0, counts: [] }
    const bars = counts.map(() => 0)
    for (const value of valuesOf(name)) {
      const bar =
        to === from ? 0 : Math.min(counts.length - 1, Math.floor(((value - from) / (to - from)) * counts.length))
      bars[bar] = (bars[bar] ?? 0) + 1
    }
    expect(counts).toEqual(bars)
  }
  expect(profile.correlations.length).toBeGreaterThan(20)
  for (const { a, b, r } of profile.correlations.slice(0, 20))
    expect(r).toBeCloseTo(correlation(valuesOf(a), valuesOf(b)), 3)
}, 240_000)
