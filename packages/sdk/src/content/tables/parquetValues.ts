import type { SchemaElement, SchemaTree } from 'hyparquet'
import {
  bytesValue,
  dateValue,
  decimalValue,
  floatValue,
  halfValue,
  integerValue,
  rowsInvalid,
  type SecondDigits,
  signedValue,
  textValue,
  timestampValue,
  timeValue,
  uuidValue,
} from './jsonValues.js'

/** A stored value as it stands in a row. */
export type Convert = (value: unknown) => unknown

const depthMax = 32

const digitsOf: Record<string, SecondDigits> = { MILLIS: 3, MICROS: 6, NANOS: 9 }

/** What a map is stored as: a list of groups of a key and a value. */
const isMap = ({ element, children: [entries, ...others] }: SchemaTree): boolean =>
  (element.converted_type === 'MAP' ||
    element.converted_type === 'MAP_KEY_VALUE' ||
    element.logical_type?.type === 'MAP') &&
  others.length === 0 &&
  entries?.element.repetition_type === 'REPEATED' &&
  entries.children.length === 2

const isList = ({ element, children: [items, ...others] }: SchemaTree): boolean =>
  (element.converted_type === 'LIST' || element.logical_type?.type === 'LIST') &&
  others.length === 0 &&
  items?.element.repetition_type === 'REPEATED' &&
  items.children.length <= 1

/**
 * How the values of a column are written in rows.
 *
 * @param node The column in the schema of the file, with its annotations; the values are those below them.
 * @throws AgoraiError `rows_invalid` for a type that has no canonical JSON.
 */
export function createParquetConverter(node: SchemaTree, depth = 0): Convert {
  if (depth > depthMax) throw rowsInvalid(`A column is nested more than ${depthMax} deep.`)
  const one = orNull(convertOne(node, depth))
  // A repeated field outside of a list is one, as old writers have it.
  return node.element.repetition_type === 'REPEATED' ? listOf(one) : one
}

const orNull =
  (convert: Convert): Convert =>
  (value) =>
    value === null || value === undefined ? null : convert(value)

const listOf =
  (convert: Convert): Convert =>
  (value) =>
    Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as unknown[], convert) : null

function convertOne(node: SchemaTree, depth: number): Convert {
  const [first] = node.children
  if (first === undefined) return convertLeaf(node.element)
  if (node.element.logical_type?.type === 'VARIANT')
    throw rowsInvalid(`Column ${node.path.join('.')}: a VARIANT has no canonical JSON here; write it as text.`)
  if (isMap(node)) {
    const [key, value] = first.children.map((child) => createParquetConverter(child, depth + 2)) as [Convert, Convert]
    const [keyName = '', valueName = ''] = first.children.map(({ element }) => element.name)
    const entry = (found: Record<string, unknown>) => ({ key: key(found[keyName]), value: value(found[valueName]) })
    return (found) => {
      const entries = (found as Record<string, unknown>)[first.element.name]
      return ((entries ?? []) as Record<string, unknown>[]).map(entry)
    }
  }
  if (isList(node)) {
    // Three levels, the middle one without a meaning; or two, as old writers have it.
    const item = first.children[0] ?? first
    return listOf(
      orNull(first.children[0] === undefined ? convertOne(item, depth + 1) : createParquetConverter(item, depth + 2)),
    )
  }
  const fields = node.children.map((child) => [child.element.name, createParquetConverter(child, depth + 1)] as const)
  if (new Set(fields.map(([name]) => name)).size !== fields.length || fields.some(([name]) => name === '__proto__'))
    throw rowsInvalid(`Column ${node.path.join('.')}: two of its fields have the same name, or a reserved one.`)
  return (found) =>
    Object.fromEntries(fields.map(([name, convert]) => [name, convert((found as Record<string, unknown>)[name])]))
}

function convertLeaf({
  name,
  type,
  type_length,
  converted_type: converted,
  logical_type: logical,
  scale,
}: SchemaElement): Convert {
  const kind = logical?.type
  if (kind === 'DECIMAL' || converted === 'DECIMAL') {
    const places = scale ?? (kind === 'DECIMAL' ? logical?.scale : 0) ?? 0
    if (places < 0 || places > 76) throw rowsInvalid(`Column ${name}: a decimal of scale ${places} is not read.`)
    return (value) => decimalValue(value instanceof Uint8Array ? signedValue(value) : BigInt(value as number), places)
  }
  if (kind === 'BSON' || converted === 'BSON')
    throw rowsInvalid(`Column ${name}: BSON has no canonical JSON here; write it as JSON text.`)
  if (kind === 'NULL') return () => null
  if (kind === 'UUID') return (value) => uuidValue(value as Uint8Array)
  if (kind === 'FLOAT16') return (value) => halfValue(littleEndian(value as Uint8Array))
  if (kind === 'INTERVAL' || converted === 'INTERVAL') return intervalValue
  if (kind === 'DATE' || converted === 'DATE') return (value) => dateValue(narrow(value))
  if (kind === 'TIME' || converted === 'TIME_MILLIS' || converted === 'TIME_MICROS') {
    const digits = kind === 'TIME' ? digitsOf[logical?.unit ?? ''] : converted === 'TIME_MILLIS' ? 3 : 6
    return (value) => timeValue(BigInt(value as number), digits ?? 3)
  }
  if (kind === 'TIMESTAMP') {
    const { unit, isAdjustedToUTC } = logical as { unit: string; isAdjustedToUTC: boolean }
    return (value) => timestampValue(BigInt(value as number), digitsOf[unit] ?? 3, isAdjustedToUTC)
  }
  if (converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS') {
    const digits = converted === 'TIMESTAMP_MILLIS' ? 3 : 6
    return (value) => timestampValue(BigInt(value as number), digits, true)
  }
  if (type === 'INT96') return (value) => timestampValue(value as bigint, 9, false)
  if (
    kind === 'STRING' ||
    kind === 'ENUM' ||
    kind === 'JSON' ||
    converted === 'UTF8' ||
    converted === 'ENUM' ||
    converted === 'JSON'
  )
    return (value) => textValue(value as Uint8Array)
  if (type === 'INT32' || type === 'INT64') {
    const isUnsigned = kind === 'INTEGER' ? !logical?.isSigned : converted?.startsWith('UINT_') === true
    if (type === 'INT32') return isUnsigned ? (value) => narrow(value) >>> 0 : narrow
    return (value) => integerValue(isUnsigned ? BigInt.asUintN(64, value as bigint) : (value as bigint))
  }
  if (type === 'FLOAT' || type === 'DOUBLE') return (value) => floatValue(value as number)
  if (type === 'BOOLEAN') return (value) => Boolean(value)
  if (type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY') return (value) => bytesValue(value as Uint8Array)
  throw rowsInvalid(`Column ${name}: the type ${type} of length ${type_length} is not read.`)
}

/** What came in 64 bits has no more than 32. */
const narrow = (value: unknown): number =>
  typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : (value as number)

const littleEndian = ([low = 0, high = 0]: Uint8Array): number => low | (high << 8)

/** Three unsigned numbers of four bytes, little endian. */
function intervalValue(value: unknown): { days: number; milliseconds: number; months: number } {
  const bytes = value as Uint8Array
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = (place: number): number => view.getUint32(4 * place, true)
  return { days: at(1), milliseconds: at(2), months: at(0) }
}
