import type { Manifest } from './manifest.js'
import type { Histogram, TableProfile } from './profile.js'

type Pair<value> = { from: value; to: value }

/** How a column's values moved. */
export type Drift = {
  column: string
  /**
   * Largest difference of the two cumulative shares, by the histograms: 0 for the same distribution, 1 for two that have
   * nothing in common (Kolmogorov and Smirnov's distance). Null where one side has no histogram.
   */
  distance: number | null
  /** Share of rows without a value. */
  missing: Pair<number>
  distinct: Pair<number>
}

/** What one version's manifest says otherwise than another's. Parts that are the same are left out. */
export type ManifestDiff = {
  name?: Pair<string>
  description?: Pair<string>
  licence?: Pair<string>
  rows?: Pair<number>
  bytes?: Pair<number>
  fields: { added: string[]; removed: string[]; retyped: (Pair<string> & { name: string })[] }
  /** Of columns that both profiles have, the most moved first. */
  drift: Drift[]
  terms: (Pair<number | boolean> & { name: string })[]
  contributors: {
    bps?: Pair<number>
    added: string[]
    removed: string[]
    reweighted: (Pair<string> & { account: string })[]
  }
  builtFrom: { added: string[]; removed: string[] }
  metrics?: Pair<string>
  /** Of models, what their files say. */
  parameters?: Pair<number>
  operators: { added: string[]; removed: string[] }
}

/** Compares two manifests field by field. Nothing is read but the two. */
export function diffManifests(from: Manifest, to: Manifest): ManifestDiff {
  const pair = <value>(read: (manifest: Manifest) => value): Pair<value> | undefined =>
    JSON.stringify(read(from)) === JSON.stringify(read(to)) ? undefined : { from: read(from), to: read(to) }
  const single = <name extends string, value>(name: name, read: (manifest: Manifest) => value | undefined) => {
    const found = pair(read)
    const both = found?.from !== undefined && found.to !== undefined
    return (both ? { [name]: found } : {}) as { [key in name]?: Pair<value> }
  }
  const typesOf = ({ fields }: Manifest) => new Map(fields?.map(({ name, type }) => [name, type]))
  const weightsOf = ({ contributors }: Manifest) => {
    const weights = new Map<string, bigint>()
    for (const { account, weight } of contributors.leaves)
      weights.set(account.toLowerCase(), (weights.get(account.toLowerCase()) ?? 0n) + BigInt(weight))
    return new Map([...weights].map(([account, weight]) => [account, String(weight)]))
  }
  const operatorsOf = ({ modelCard }: Manifest) =>
    new Map(modelCard?.graph?.operators?.map(({ name, count }) => [name, count]))
  const fields = diffMaps(typesOf(from), typesOf(to))
  const weights = diffMaps(weightsOf(from), weightsOf(to))
  const operators = diffMaps(operatorsOf(from), operatorsOf(to))
  const terms = diffMaps(new Map(Object.entries(from.terms)), new Map(Object.entries(to.terms)))
  const parents = (manifest: Manifest) => new Map(manifest.provenance.builtFrom.map((id) => [id, id]))
  const builtFrom = diffMaps(parents(from), parents(to))
  return {
    ...single('name', ({ name }) => name),
    ...single('description', ({ description }) => description),
    ...single('licence', ({ licence }) => licence.spdx),
    ...single('rows', ({ content }) => content?.plaintext.rows),
    ...single('bytes', ({ content }) => content?.plaintext.bytes),
    ...single('metrics', ({ metrics }) => {
      const [metric] = metrics
      return metric && `${metric.correct} of ${metric.total}`
    }),
    ...single('parameters', ({ modelCard }) => modelCard?.graph?.parameters),
    fields: {
      ...{ added: fields.added, removed: fields.removed },
      retyped: fields.changed.map(({ key, ...types }) => ({ name: key, ...types })),
    },
    drift: driftOf(from.profile?.table, to.profile?.table),
    terms: terms.changed.map(({ key, ...values }) => ({ name: key, ...values })),
    contributors: {
      ...single('bps', ({ contributors }) => contributors.bps),
      ...{ added: weights.added, removed: weights.removed },
      reweighted: weights.changed.map(({ key, ...values }) => ({ account: key, ...values })),
    },
    builtFrom: { added: builtFrom.added, removed: builtFrom.removed },
    operators: { added: operators.added, removed: operators.removed },
  }
}

function diffMaps<value>(from: ReadonlyMap<string, value>, to: ReadonlyMap<string, value>) {
  const changed: (Pair<value> & { key: string })[] = []
  for (const [key, before] of from) {
    const after = to.get(key)
    if (after !== undefined && after !== before) changed.push({ key, from: before, to: after })
  }
  return {
    added: [...to.keys()].filter((key) => !from.has(key)),
    removed: [...from.keys()].filter((key) => !to.has(key)),
    changed,
  }
}

function driftOf(from: TableProfile | undefined, to: TableProfile | undefined): Drift[] {
  if (from === undefined || to === undefined) return []
  const later = new Map(to.columns.map((column) => [column.name, column]))
  return from.columns
    .flatMap((before): Drift[] => {
      const after = later.get(before.name)
      if (after === undefined || after.type !== before.type) return []
      const distance =
        before.spread === undefined || after.spread === undefined
          ? null
          : histogramDistance(before.spread.histogram, after.spread.histogram)
      return [
        {
          column: before.name,
          distance,
          missing: { from: shareOf(before.nulls, from.rows), to: shareOf(after.nulls, to.rows) },
          distinct: { from: before.distinct, to: after.distinct },
        },
      ]
    })
    .filter(
      ({ distance, missing, distinct }) =>
        distance !== 0 || missing.from !== missing.to || distinct.from !== distinct.to,
    )
    .sort((a, b) => (b.distance ?? 0) - (a.distance ?? 0))
}

const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/**
 * Kolmogorov and Smirnov's distance of two histograms, values taken as spread evenly within each bar: at most the share of
 * the fullest bar away from that of the rows themselves.
 */
export function histogramDistance(a: Histogram, b: Histogram): number {
  const edges = [...edgesOf(a), ...edgesOf(b)]
  const distances = edges.flatMap((edge) => [
    Math.abs(shareBelow(a, edge, false) - shareBelow(b, edge, false)),
    Math.abs(shareBelow(a, edge, true) - shareBelow(b, edge, true)),
  ])
  return Math.max(0, ...distances)
}

const edgesOf = ({ from, to, counts }: Histogram): number[] =>
  Array.from({ length: counts.length + 1 }, (_, bar) => from + ((to - from) * bar) / counts.length)

/** Share of rows below a value, and with `reached` at it: the two differ where all values are one. */
function shareBelow({ from, to, counts }: Histogram, value: number, reached: boolean): number {
  if (value < from) return 0
  if (from === to) return value > from || reached ? 1 : 0
  if (value >= to) return 1
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 0
  const place = ((value - from) / (to - from)) * counts.length
  const bar = Math.min(counts.length - 1, Math.floor(place))
  const before = counts.slice(0, bar).reduce((sum, count) => sum + count, 0)
  return (before + (counts[bar] ?? 0) * (place - bar)) / total
}
