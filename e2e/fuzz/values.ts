import type { Random } from './random.js'

/** What has broken servers: numbers, texts and names that are almost right. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e3',
  '1e400',
  '0x10',
  '1.5',
  'NaN',
  '9'.repeat(79),
  '01',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '..%2f..%2fetc',
  '\u0000',
  '\ud800',
  '\u202egnp.exe',
  "' OR 1=1; --",
  '{"$gt":""}',
  '(a+)+$',
  `${'a'.repeat(40)}!`,
  '<img src=x onerror=alert(1)>',
  'javascript:alert(1)',
  '#{7*7}',
  '%00',
  '%',
  'http://169.254.169.254/',
  'é'.repeat(300),
  'x'.repeat(5_000),
]

export const hostileValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  [],
  {},
  [[]],
  { length: -1 },
  { toString: 'x' },
  Array.from({ length: 300 }, () => 0),
]

type Schema = {
  type?: string | string[]
  enum?: readonly unknown[]
  const?: unknown
  pattern?: string
  properties?: Record<string, Schema>
  required?: readonly string[]
  items?: Schema
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  allOf?: readonly Schema[]
  $ref?: string
  minimum?: number
  maximum?: number
}

/** Follows `#/components/…` references. */
export type Resolve = (ref: string) => Schema

const hex = (random: Random, bytes: number) => `0x${Buffer.from(random.bytes(bytes)).toString('hex')}`

/** A value that a schema takes, or almost takes: patterns are met by what the node itself uses. */
export function drawValue(
  schema: Schema,
  random: Random,
  resolve: Resolve,
  known: readonly string[],
  depth = 0,
): unknown {
  if (depth > 6) return null
  const value = (inner: Schema) => drawValue(inner, random, resolve, known, depth + 1)
  if (schema.$ref !== undefined) return value(resolve(schema.$ref))
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return random.one(schema.enum)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives !== undefined) return value(random.one(alternatives))
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map(value))
  const type = Array.isArray(schema.type) ? random.one(schema.type) : schema.type
  if (type === 'object' || schema.properties !== undefined)
    return Object.fromEntries(
      Object.entries(schema.properties ?? {})
        .filter(([name]) => schema.required?.includes(name) || random.chance(0.5))
        .map(([name, inner]) => [name, value(inner)]),
    )
  if (type === 'array') return Array.from({ length: random.below(4) }, () => value(schema.items ?? {}))
  if (type === 'integer' || type === 'number') return (schema.minimum ?? 0) + random.below(100)
  if (type === 'boolean') return random.chance(0.5)
  if (type === 'null') return null
  return textOf(schema.pattern, random, known)
}

function textOf(pattern: string | undefined, random: Random, known: readonly string[]): string {
  const fitting = known.filter((text) => pattern === undefined || new RegExp(pattern, 'u').test(text))
  if (fitting.length > 0 && random.chance(0.8)) return random.one(fitting)
  return random.one([hex(random, 20), hex(random, 32), hex(random, 65), String(random.below(1_000)), 'text'])
}

/** Spoils one place of a value. */
export function spoil(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.7)) {
    const at = random.below(value.length)
    return value.map((item, index) => (index === at ? spoil(item, random) : item))
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const names = Object.keys(value)
    if (names.length > 0 && random.chance(0.7)) {
      const name = random.one(names)
      const { [name]: old, ...rest } = value as Record<string, unknown>
      return random.chance(0.3) ? rest : { ...rest, [name]: spoil(old, random) }
    }
    return { ...value, [random.one(hostileTexts)]: random.one(hostileValues) }
  }
  return random.chance(0.6) ? random.one(hostileTexts) : random.one(hostileValues)
}

/** JSON as text, and what is almost JSON. */
export function bodyOf(value: unknown, random: Random): Uint8Array {
  const text = JSON.stringify(value) ?? 'null'
  const encode = (each: string) => new TextEncoder().encode(each)
  const odd = [
    () => encode(text.slice(0, random.below(text.length + 1))),
    () => encode(`\ufeff${text}`),
    () => encode(text.replace('{', '{"__proto__":{"a":1},')),
    () => encode(text.replace('{', '{"a":1,"a":2,')),
    () => encode('['.repeat(1 + random.below(50_000))),
    () => encode(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`),
    () => encode(text.replace(/\d+/, '1e400')),
    () => encode(text.replace(/"[^"]*"/, 'NaN')),
    () => encode(text.replace(/"[^"]*"/, '"\\ud800"')),
    () => Uint8Array.from([...encode(text.slice(0, -1)), 0xc0, 0xaf]),
    () => random.bytes(random.below(2_000)),
    () => encode(`${text}${' '.repeat(70_000)}`),
    () => new Uint8Array(),
  ]
  return random.chance(0.3) ? random.one(odd)() : encode(text)
}
