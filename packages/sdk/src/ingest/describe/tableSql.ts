import { histogramBinsMax } from '@agorai/core'
import { quoted } from './openTable.js'

export type ColumnType = 'integer' | 'number' | 'boolean' | 'date' | 'string' | 'mixed'

/** The value of a column as text, null where there is none. */
const textOf = (name: string) => `nullif(${quoted(name)}, '')`

// As `profileFields` says it, so that both tell of the same types.
const integer = String.raw`-?(0|[1-9]\d{0,17})`
const decimal = String.raw`-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?`
const date = String.raw`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?`

/** How many values of a text column there are, and how many of them are whole numbers. */
export function countIntegers(name: string): string[] {
  const value = textOf(name)
  return [`count(${value})`, `count(*) FILTER (regexp_full_match(${value}, '${integer}'))`].map(
    (count) => `${count}::DOUBLE`,
  )
}

/** How many values are numbers, truth values and dates. */
export function countOthers(name: string): string[] {
  const value = textOf(name)
  return [
    `count(*) FILTER (regexp_full_match(${value}, '${decimal}'))`,
    `count(*) FILTER (${value} IN ('true', 'false'))`,
    `count(CASE WHEN regexp_full_match(${value}, '${date}') THEN try_cast(${value} AS TIMESTAMP) END)`,
  ].map((count) => `${count}::DOUBLE`)
}

/** The narrowest type that holds all values, by the counts of `countOthers`. */
export function typeByCounts(values: number, [decimals, booleans, dates]: readonly number[]): ColumnType {
  if (decimals === values) return 'number'
  if (booleans === values) return 'boolean'
  return dates === values ? 'date' : 'string'
}

/** What we call a type of DuckDB; undefined for text, whose values say what it is. */
export function typeByName(type: string): ColumnType | undefined {
  if (type === 'VARCHAR') return undefined
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(type)) return 'integer'
  if (/^(FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$/.test(type)) return 'number'
  if (type === 'BOOLEAN') return 'boolean'
  return type === 'DATE' || type.startsWith('TIMESTAMP') ? 'date' : 'mixed'
}

export type TypedColumn = { name: string; type: ColumnType; stored: 'text' | 'typed' }

/** The column's value, null where there is none. */
const presentOf = ({ name, stored }: TypedColumn) => (stored === 'text' ? textOf(name) : quoted(name))

/** What the figures of a column are taken from: see `spread` of a column's profile. Undefined where there is no number. */
export function numberOf(column: TypedColumn): string | undefined {
  const value = presentOf(column)
  switch (column.type) {
    case 'integer':
    case 'number': {
      const number = `try_cast(${value} AS DOUBLE)`
      // What is not finite is no value, and beyond this a deviation is more than a number holds.
      return `CASE WHEN abs(${number}) < 1e150 THEN ${number} END`
    }
    case 'boolean':
      return `try_cast(${value} AS BOOLEAN)::INT::DOUBLE`
    case 'date':
      return `epoch(try_cast(${value} AS TIMESTAMP))`
    case 'string':
      return `length(${value})::DOUBLE`
    case 'mixed':
      return undefined
  }
}

/** Values and different values of a column that holds no numbers. */
export const countValues = (column: TypedColumn): string[] =>
  countNumbers(column.type === 'mixed' ? `${presentOf(column)}::VARCHAR` : presentOf(column))

/** The same of a column of numbers. */
export const countNumbers = (number: string): string[] => [
  `count(${number})::DOUBLE`,
  `count(DISTINCT ${number})::DOUBLE`,
]

/** Smallest, largest, mean, deviation and quantiles of numbers. */
export const spreadOf = (number: string): string[] => [
  `min(${number})`,
  `max(${number})`,
  `avg(${number})`,
  `stddev_samp(${number})`,
  `quantile_disc(${number}, [0.05, 0.25, 0.5, 0.75, 0.95])`,
]

export type Bars = { from: number; to: number; bars: number }

/** Bars for a range: one for each whole number where they are few, else `bars` of one width. */
export function barsFor({ min, max }: { min: number; max: number }, whole: boolean, bars: number): Bars {
  if (whole && max - min < Math.min(bars, histogramBinsMax))
    return { from: min - 0.5, to: max + 0.5, bars: max - min + 1 }
  // A range that no number holds, or a single value, has one bar.
  return { from: min, to: max, bars: max > min && Number.isFinite(max - min) ? bars : 1 }
}

/** Rows of bar and count, for column number `place` of the table of numbers. */
export function countBars(number: string, place: number, { from, to, bars }: Bars): string {
  const bar = bars === 1 ? '0' : `least(${bars - 1}, floor((${number} - (${from})) / ${to - from} * ${bars}))`
  return `SELECT ${place}::DOUBLE, ${bar}::DOUBLE AS bar, count(*)::DOUBLE FROM numbers WHERE ${number} IS NOT NULL GROUP BY bar`
}

/** The most frequent values with their counts. */
export const topOf = (column: TypedColumn, limit: number): string =>
  `SELECT ${presentOf(column)}::VARCHAR AS value, count(*)::DOUBLE AS rows FROM content WHERE ${presentOf(column)} IS NOT NULL GROUP BY value ORDER BY rows DESC, value LIMIT ${limit}`
