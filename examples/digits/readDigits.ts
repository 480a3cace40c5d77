import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Pictures are 28 × 28, row by row. */
export const pixelsPerDigit = 784
/** Rows of the listed dataset; the rest is held out. */
export const listedRows = 8_000
/** Rows that each contributor gave, in the order in which the file has them. */
export const contributorRows = [4_000, 2_400, 1_600] as const
/** First line of both CSV files: `label,p0,…,p783`. */
export const digitsHeader = ['label', ...Array.from({ length: pixelsPerDigit }, (_, index) => `p${index}`)].join(',')

/** `labels[i]` is 0–9; `pixels[i * 784 + p]` is 0 (paper) to 255 (ink). */
export type Digits = { rows: number; labels: Uint8Array; pixels: Uint8Array }

const files = { listed: 'data/digits.csv.gz', heldOut: 'data/held-out.csv.gz' } as const

/** The exact bytes of the CSV file: `listed` is what the dataset sells, `heldOut` is for evaluation and in no listing. */
export function readDigitsCsv(part: keyof typeof files): Buffer {
  return gunzipSync(readFileSync(new URL(files[part], import.meta.url)))
}

/**
 * Reads a CSV text in the columns of `digitsHeader`.
 *
 * @throws RangeError naming the line that has other columns or a value out of range.
 */
export function parseDigits(csv: string): Digits {
  const lines = csv.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0] !== digitsHeader) throw new RangeError('line 1 is not label,p0,…,p783')
  const rows = lines.length - 1
  const labels = new Uint8Array(rows)
  const pixels = new Uint8Array(rows * pixelsPerDigit)
  for (let row = 0; row < rows; row++) {
    const values = (lines[row + 1] as string).split(',').map(Number)
    const inRange = values.every(
      (value, column) => Number.isInteger(value) && value >= 0 && value <= (column ? 255 : 9),
    )
    if (values.length !== 1 + pixelsPerDigit || !inRange) throw new RangeError(`line ${row + 2} is not a digit`)
    labels[row] = values[0] as number
    pixels.set(values.slice(1), row * pixelsPerDigit)
  }
  return { rows, labels, pixels }
}
