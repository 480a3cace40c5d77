import type { ColumnProfile, Histogram } from '@agorai/core'

type ColumnType = ColumnProfile['type']

/** A number with at most five digits that count. */
export function formatFigure(value: number): string {
  const short = Number.isInteger(value) ? value : Number(value.toPrecision(5))
  const large = Math.abs(short) >= 1e15 || (short !== 0 && Math.abs(short) < 1e-6)
  return large ? short.toExponential(3) : short.toLocaleString('en', { maximumFractionDigits: 10 })
}

/** A figure of a column in the words of its type: days for dates, characters for texts. */
export function formatValue(value: number, type: ColumnType): string {
  if (type === 'boolean') return value < 0.5 ? 'false' : 'true'
  // Years that a calendar does not write stay seconds.
  if (type === 'date' && Math.abs(value) < 8.64e12) return new Date(value * 1000).toISOString().slice(0, 10)
  return formatFigure(value)
}

/** A share of rows, to a tenth of a per cent; never 0 % for some and never 100 % for not all. */
export function formatPart(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0\u00a0%'
  if (part === whole) return '100\u00a0%'
  const percent = Math.min(99.9, Math.max(0.1, Math.round((part / whole) * 1000) / 10))
  return `${percent}\u00a0%`
}

export type Bar = { range: string; count: number }

/** The bars of a histogram with the values that each is of. */
export function barsOf({ from, to, counts }: Histogram, type: ColumnType): Bar[] {
  const width = (to - from) / counts.length
  return counts.map((count, place) => {
    const start = from + width * place
    const whole = width === 1 && !Number.isInteger(from)
    if (whole) return { range: formatValue(start + 0.5, type), count }
    if (from === to) return { range: formatValue(from, type), count }
    return { range: `${formatValue(start, type)} to ${formatValue(start + width, type)}`, count }
  })
}

/** Columns that hold more than one value first, each group in the order of the content. */
export const byInterest = (columns: readonly ColumnProfile[]): ColumnProfile[] => [
  ...columns.filter(({ distinct }) => distinct > 1),
  ...columns.filter(({ distinct }) => distinct <= 1),
]

/** A value of a row as one line. */
export const showValue = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
