import type { ContentManifest } from '@agorai/core'

type Field = ContentManifest['fields'][number]
type FieldType = Field['type']

/** What the columns of a content hold, found row by row. */
export type FieldProfile = {
  add(columns: readonly string[], values: readonly unknown[]): void
  /** Columns in the order in which they first came, each with the narrowest type that holds all its values. */
  fields(): Field[]
}

/** Starts a {@link FieldProfile}. Empty CSV values and nulls say nothing of a type; a column of nothing else is `string`. */
export function createFieldProfile(): FieldProfile {
  const types = new Map<string, FieldType | undefined>()
  return {
    add(columns, values) {
      for (const [index, name] of columns.entries()) {
        const known = types.get(name)
        // Nothing narrows these two again, and most text columns are known as such after the first row.
        if (known === 'mixed' || (known === 'string' && typeof values[index] === 'string')) continue
        types.set(name, join(known, typeOf(values[index])))
      }
    },
    fields: () => [...types].map(([name, type]) => ({ name, type: type ?? 'string' })),
  }
}

const integer = /^-?(0|[1-9]\d{0,17})$/
const decimal = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

function typeOf(value: unknown): FieldType | undefined {
  if (value === '' || value === null || value === undefined) return undefined
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value !== 'string') return 'mixed'
  if (integer.test(value)) return 'integer'
  if (decimal.test(value)) return 'number'
  return value === 'true' || value === 'false' ? 'boolean' : 'string'
}

function join(known: FieldType | undefined, found: FieldType | undefined): FieldType | undefined {
  if (known === undefined || known === found) return found
  if (found === undefined) return known
  const types = new Set([known, found])
  if (types.has('mixed')) return 'mixed'
  if (types.has('integer') && types.has('number')) return 'number'
  return types.has('string') ? 'string' : 'mixed'
}
