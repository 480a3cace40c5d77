import { AgoraiError, type ColumnProfile, correlationsMax, type Spread, type TableProfile } from '@agorai/core'
import { type OpenTable, openTable, type TableSource } from './openTable.js'
import {
  barsFor,
  countBars,
  countIntegers,
  countNumbers,
  countOthers,
  countValues,
  numberOf,
  spreadOf,
  type TypedColumn,
  topOf,
  typeByCounts,
  typeByName,
} from './tableSql.js'

export type ProfileTableOptions = {
  /** Columns whose most frequent values are to be public. Values can be personal: none by default. */
  top?: readonly string[] | undefined
  /** Columns of which nothing but name and type is to be public. */
  withhold?: readonly string[] | undefined
  /** Rows that figures are taken from at most. Default: a million, less for tables of very many columns. */
  rowsMax?: number | undefined
}

const topMax = 20
/** A column with more different values has no frequent ones worth showing, and each is more likely to be a person's. */
const topDistinctMax = 1000
const correlatedMax = 64

/**
 * Figures of each column of a table, taken from its rows by DuckDB in at most 1 GB of memory.
 *
 * @throws AgoraiError `rows_invalid`, `invalid_request` for an option that names no column
 */
export async function profileTable(source: TableSource, options: ProfileTableOptions = {}): Promise<TableProfile> {
  const { rowsMax = 1_000_000, top = [], withhold = [] } = options
  const table = await openTable(source, rowsMax)
  try {
    const names = new Set(table.columns.map(({ name }) => name))
    for (const [field, wanted] of Object.entries({ top, withhold })) {
      const unknown = wanted.find((name) => !names.has(name))
      if (unknown !== undefined)
        throw new AgoraiError('invalid_request', `There is no column ${unknown}.`, { field, details: { unknown } })
    }
    const shown = (await typeColumns(table)).filter(({ name }) => !withhold.includes(name))
    const columns = await profileColumns(table, shown, new Set(top))
    return {
      rows: table.rows,
      ...(table.sampled === undefined ? {} : { sampled: table.sampled }),
      columns,
      withheld: [...names].filter((name) => withhold.includes(name)),
      correlations: await correlate(table, shown, columns),
    }
  } finally {
    table.close()
  }
}

/** Questions about many columns go in one query each some, so that neither plan nor memory grows with the table. */
async function askInBatches<item, answer>(
  { query, rows }: OpenTable,
  from: 'content' | 'numbers',
  items: readonly item[],
  toExpressions: (item: item) => readonly string[],
  toAnswer: (item: item, values: readonly unknown[]) => answer,
): Promise<answer[]> {
  const size = Math.max(1, Math.min(64, Math.floor(2_000_000 / Math.max(1, rows))))
  const answers: answer[] = []
  for (let start = 0; start < items.length; start += size) {
    const batch = items.slice(start, start + size)
    const asked = batch.map(toExpressions)
    const expressions = asked.flat()
    const [row = []] = expressions.length === 0 ? [] : await query(`SELECT ${expressions.join(', ')} FROM ${from}`)
    let at = 0
    for (const [index, item] of batch.entries()) {
      const count = asked[index]?.length ?? 0
      answers.push(toAnswer(item, row.slice(at, at + count)))
      at += count
    }
  }
  return answers
}

/** Most columns of text are whole numbers or plain text, so each pattern is tried only on what the ones before left. */
async function typeColumns(table: OpenTable): Promise<TypedColumn[]> {
  const untyped = table.columns.filter(({ type }) => typeByName(type) === undefined)
  const counted = await askInBatches(
    table,
    'content',
    untyped,
    ({ name }) => countIntegers(name),
    ({ name }, [values, integers]) => ({ name, values: Number(values), integers: Number(integers) }),
  )
  const found = await askInBatches(
    table,
    'content',
    counted,
    ({ name, values, integers }) => (values === 0 || integers === values ? [] : countOthers(name)),
    ({ name, values, integers }, counts) => {
      const type = values === 0 ? 'string' : integers === values ? 'integer' : typeByCounts(values, counts.map(Number))
      return [name, type] as const
    },
  )
  const types = new Map(found)
  return table.columns.map(({ name, type }): TypedColumn => {
    const byValues = types.get(name)
    return byValues === undefined
      ? { name, type: typeByName(type) ?? 'mixed', stored: 'typed' }
      : { name, type: byValues, stored: 'text' }
  })
}

/** The column of the table of numbers that stands for a column. */
const numberAt = (place: number) => `n${place}`

async function profileColumns(
  table: OpenTable,
  columns: readonly TypedColumn[],
  top: ReadonlySet<string>,
): Promise<ColumnProfile[]> {
  // Casting is dearer than counting, so it is done once.
  const numbers = columns.map((column, place) => `${numberOf(column) ?? 'NULL::DOUBLE'} AS ${numberAt(place)}`)
  await table.query(`CREATE TABLE numbers AS SELECT ${numbers.join(', ') || 'NULL AS none'} FROM content`)
  const places = columns.map((column, place) => ({ column, place }))
  const isText = ({ type }: TypedColumn) => type === 'string' || type === 'mixed'
  const toCounts = (_: unknown, [values, distinct]: readonly unknown[]) => ({
    nulls: table.rows - Number(values),
    distinct: Number(distinct),
  })
  const textColumns = columns.filter(isText)
  const texts = await askInBatches(table, 'content', textColumns, countValues, toCounts)
  const counts = await askInBatches(
    table,
    'numbers',
    places,
    ({ column, place }) => (isText(column) ? [] : countNumbers(numberAt(place))),
    toCounts,
  )
  const spreads = await readSpreads(table, columns)
  const profiles: ColumnProfile[] = []
  for (const { column, place } of places) {
    const counted = isText(column) ? texts[textColumns.indexOf(column)] : counts[place]
    const { nulls = 0, distinct = 0 } = counted ?? {}
    const spread = spreads[place]
    const wantsTop = top.has(column.name) && distinct > 0 && distinct <= topDistinctMax
    profiles.push({
      ...{ name: column.name, type: column.type, nulls, distinct },
      ...(spread === undefined ? {} : { spread }),
      ...(wantsTop ? { top: await readTop(table, column) } : {}),
    })
  }
  return profiles
}

async function readTop({ query }: OpenTable, column: TypedColumn): Promise<NonNullable<ColumnProfile['top']>> {
  const rows = await query(topOf(column, topMax))
  return rows.map(([value, count]) => ({ value: String(value).slice(0, 200), count: Number(count) }))
}

async function readSpreads(table: OpenTable, columns: readonly TypedColumn[]): Promise<(Spread | undefined)[]> {
  const found = await askInBatches(
    table,
    'numbers',
    columns.map((column, place) => ({ column, place })),
    ({ column, place }) => (column.type === 'mixed' ? [] : spreadOf(numberAt(place))),
    ({ column }, [min, max, mean, deviation, quantiles]) =>
      typeof min !== 'number' || typeof max !== 'number' || !Array.isArray(quantiles)
        ? undefined
        : { column, min, max, mean: Number(mean), deviation: Number(deviation ?? 0), quantiles: quantiles.map(Number) },
  )
  // A table of many columns has fewer bars in each, so that its description stays small.
  const barsMax = Math.max(5, Math.min(20, Math.floor(4096 / Math.max(1, columns.length))))
  const bars = found.map((one) =>
    one === undefined ? undefined : barsFor(one, isWhole(one.column), Math.max(barsMax, isWhole(one.column) ? 12 : 0)),
  )
  const counts = bars.map((one) => Array.from({ length: one?.bars ?? 0 }, () => 0))
  const asked = found.flatMap((one, place) => {
    const wanted = bars[place]
    return one === undefined || wanted === undefined ? [] : [countBars(numberAt(place), place, wanted)]
  })
  for (let start = 0; start < asked.length; start += 32)
    for (const [place, bar, count] of await table.query(asked.slice(start, start + 32).join(' UNION ALL ')))
      (counts[Number(place)] ?? [])[Number(bar)] = Number(count)
  return found.map((one, place) => {
    const wanted = bars[place]
    if (one === undefined || wanted === undefined) return undefined
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = one.quantiles
    return {
      ...{ min: one.min, max: one.max, mean: short(one.mean), deviation: short(one.deviation) },
      quantiles: [a, b, c, d, e],
      histogram: { from: wanted.from, to: wanted.to, counts: counts[place] ?? [] },
    }
  })
}

const isWhole = ({ type }: TypedColumn) => type === 'integer' || type === 'boolean' || type === 'string'

/** What a reader can use, and what another machine computes too, whatever the order of its sums. */
const short = (figure: number, digits = 8): number => Number(figure.toPrecision(digits))

async function correlate(
  table: OpenTable,
  columns: readonly TypedColumn[],
  profiles: readonly ColumnProfile[],
): Promise<TableProfile['correlations']> {
  const numeric = columns
    .map(({ name, type }, place) => ({ name, type, place }))
    .filter(({ type, place }) => (type === 'integer' || type === 'number') && (profiles[place]?.distinct ?? 0) > 1)
    .slice(0, correlatedMax)
  const pairs = numeric.flatMap((a, index) => numeric.slice(index + 1).map((b) => ({ a, b })))
  const found = await askInBatches(
    table,
    'numbers',
    pairs,
    ({ a, b }) => [`corr(${numberAt(a.place)}, ${numberAt(b.place)})`],
    ({ a, b }, [r]) => ({ a: a.name, b: b.name, r: typeof r === 'number' ? short(r, 4) : Number.NaN }),
  )
  return found
    .filter(({ r }) => Math.abs(r) >= 0.1)
    .map((pair) => ({ ...pair, r: Math.max(-1, Math.min(1, pair.r)) }))
    .sort((one, other) => Math.abs(other.r) - Math.abs(one.r))
    .slice(0, correlationsMax)
}
