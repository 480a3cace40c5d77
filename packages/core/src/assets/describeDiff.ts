import type { ManifestDiff } from './diffManifests.js'
import type { Terms } from './terms.js'

const namedMax = 8

/** What changed, in sentences for people, the weightiest first. Drift of single columns stands in the diff itself. */
export function describeDiff(diff: ManifestDiff): string[] {
  const { fields, drift, terms, contributors, builtFrom, operators } = diff
  const moved = drift.filter(({ distance }) => (distance ?? 0) >= noticeable)
  return [
    ...changed('Licence', diff.licence),
    ...terms.map(({ name, from, to }) => `${termNames[name] ?? name}: ${termWords(from)} → ${termWords(to)}`),
    ...changed('Contributors’ share', diff.contributors.bps, (bps) => `${Number(bps) / 100} %`),
    ...listed('Contributors', contributors),
    ...(contributors.reweighted.length === 0 ? [] : [`Contributors: ${contributors.reweighted.length} weighed anew`]),
    ...changed('Rows', diff.rows, grouped),
    ...changed('Bytes', diff.bytes, grouped),
    ...listed('Columns', fields),
    ...fields.retyped.slice(0, namedMax).map(({ name, from, to }) => `Column ${name}: ${from} → ${to}`),
    ...(moved.length === 0
      ? []
      : [
          `Values moved noticeably in ${moved.length} ${moved.length === 1 ? 'column' : 'columns'}: ${moved
            .slice(0, namedMax)
            .map(({ column, distance }) => `${column} (${(distance ?? 0).toFixed(2)})`)
            .join(', ')}`,
        ]),
    ...changed('Parameters', diff.parameters, grouped),
    ...listed('Operators', operators),
    ...changed('Measured', diff.metrics),
    ...listed('Built from versions', builtFrom),
    ...changed('Name', diff.name),
    ...(diff.description === undefined ? [] : ['Description: other words']),
  ]
}

/** What a term is called where people read of it. */
const termNames: Record<string, string> = {
  derivatives: 'Others may build from it',
  royaltyBps: 'Asks of descendants',
  serveBps: 'Asks of services',
  consent: 'Asks to be asked before',
  attribution: 'Must be named',
  commercial: 'What is built from it may be sold',
} satisfies Record<keyof Terms, string>

/** Rates are of 10,000. */
const termWords = (value: number | boolean): string =>
  typeof value === 'number' ? `${value / 100} %` : value ? 'yes' : 'no'

/** A distance that is worth a sentence: a tenth of the rows lie elsewhere. */
const noticeable = 0.1

const grouped = (value: number): string => value.toLocaleString('en')

const changed = <value>(
  name: string,
  pair: { from: value; to: value } | undefined,
  write: (value: value) => string = String,
): string[] => (pair === undefined ? [] : [`${name}: ${write(pair.from)} → ${write(pair.to)}`])

function listed(name: string, { added, removed }: { added: readonly string[]; removed: readonly string[] }): string[] {
  const words = (verb: string, all: readonly string[]) => {
    if (all.length === 0) return []
    const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : ''
    return [`${name} ${verb}: ${all.slice(0, namedMax).join(', ')}${more}`]
  }
  return [...words('added', added), ...words('removed', removed)]
}
