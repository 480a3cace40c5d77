import { type Data, DataType, type Field, IntervalUnit, Precision, TimeUnit } from 'apache-arrow'
import {
  bytesValue,
  dateValue,
  decimalValue,
  floatValue,
  halfValue,
  integerValue,
  rowsInvalid,
  type SecondDigits,
  textValue,
  timestampValue,
  timeValue,
} from './jsonValues.js'

/** What a column holds at a place, as it stands in a row. */
export type ReadValue = (data: Data, at: number) => unknown

const depthMax = 32
const millisecondsPerDay = 86_400_000n

const digitsOf: Record<number, SecondDigits> = {
  [TimeUnit.SECOND]: 0,
  [TimeUnit.MILLISECOND]: 3,
  [TimeUnit.MICROSECOND]: 6,
  [TimeUnit.NANOSECOND]: 9,
}

/**
 * How the values of a column are written in rows. They are taken from the buffers, as the library turns some of them into
 * numbers that hold less.
 *
 * @throws AgoraiError `rows_invalid` for a type that has no canonical JSON.
 */
export function createArrowReader({ name, type }: Pick<Field, 'name' | 'type'>, depth = 0): ReadValue {
  if (depth > depthMax) throw rowsInvalid(`A column is nested more than ${depthMax} deep.`)
  const read = readerOf(name, type, depth)
  return (data, at) => (data.getValid(at) ? read(data, at) : null)
}

function readerOf(name: string, type: DataType, depth: number): ReadValue {
  if (DataType.isNull(type)) return () => null
  if (DataType.isBool(type)) return (data, at) => (((present(data.values, at >> 3) as number) >> (at & 7)) & 1) === 1
  if (DataType.isInt(type)) return (data, at) => integerValue(present(data.values, at))
  if (DataType.isFloat(type)) {
    const isHalf = type.precision === Precision.HALF
    return (data, at) => (isHalf ? halfValue : floatValue)(present(data.values, at) as number)
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return (data, at) => textValue(bytesAt(data, at))
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return (data, at) => bytesValue(bytesAt(data, at))
  if (DataType.isUtf8View(type)) return (data, at) => textValue(viewedAt(data, at))
  if (DataType.isBinaryView(type)) return (data, at) => bytesValue(viewedAt(data, at))
  if (DataType.isFixedSizeBinary(type))
    return (data, at) => bytesValue(slice(data.values as Uint8Array, at * type.byteWidth, (at + 1) * type.byteWidth))
  if (DataType.isDecimal(type)) {
    const words = type.bitWidth / 32
    return (data, at) => decimalValue(decimalAt(data.values as Uint32Array, at * words, words), type.scale)
  }
  if (DataType.isDate(type)) return (data, at) => dateValue(daysOf(present(data.values, at)))
  if (DataType.isTime(type)) return (data, at) => timeValue(BigInt(present(data.values, at)), digitsOf[type.unit] ?? 0)
  if (DataType.isTimestamp(type)) {
    const isInstant = Boolean(type.timezone)
    return (data, at) => timestampValue(BigInt(present(data.values, at)), digitsOf[type.unit] ?? 0, isInstant)
  }
  if (DataType.isDuration(type)) return (data, at) => integerValue(present(data.values, at))
  if (DataType.isInterval(type)) return readInterval(type.unit)
  if (DataType.isDictionary(type)) {
    const read = createArrowReader({ name, type: type.dictionary }, depth + 1)
    return (data, at) => readEntry(data, Number(present(data.values, at)), read)
  }
  if (DataType.isStruct(type)) {
    const fields = type.children.map((field) => [field.name, createArrowReader(field, depth + 1)] as const)
    if (
      new Set(fields.map(([field]) => field)).size !== fields.length ||
      fields.some(([field]) => field === '__proto__')
    )
      throw rowsInvalid(`Column ${name}: two of its fields have the same name, or a reserved one.`)
    return (data, at) =>
      Object.fromEntries(fields.map(([field, read], index) => [field, read(childOf(data, index), data.offset + at)]))
  }
  const [items] = type.children ?? []
  if (items !== undefined && (DataType.isList(type) || DataType.isLargeList(type) || DataType.isMap(type))) {
    const read = DataType.isMap(type) ? readMapEntry(items, depth) : createArrowReader(items, depth + 1)
    return (data, at) => {
      const [start, end] = rangeAt(data, at)
      return readRange(childOf(data, 0), start, end, read)
    }
  }
  if (items !== undefined && DataType.isFixedSizeList(type)) {
    const read = createArrowReader(items, depth + 1)
    const length = type.listSize
    return (data, at) => readRange(childOf(data, 0), (data.offset + at) * length, (data.offset + at + 1) * length, read)
  }
  throw rowsInvalid(`Column ${name}: the type ${type} has no canonical JSON here.`)
}

function readMapEntry(entries: Field, depth: number): ReadValue {
  const [key, value] = (entries.type.children ?? []).map((field: Field) => createArrowReader(field, depth + 2))
  if (key === undefined || value === undefined) throw rowsInvalid(`Column ${entries.name}: a map has keys and values.`)
  return (data, at) => ({ key: key(childOf(data, 0), at), value: value(childOf(data, 1), at) })
}

function readInterval(unit: IntervalUnit): ReadValue {
  if (unit === IntervalUnit.YEAR_MONTH) return (data, at) => ({ months: Number(present(data.values, at)) })
  const words = unit === IntervalUnit.DAY_TIME ? 2 : 4
  return (data, at) => {
    const [first, second, low, high] = Array.from({ length: words }, (_, word) =>
      Number(present(data.values, at * words + word)),
    )
    if (words === 2) return { days: first, milliseconds: second }
    const nanoseconds = (BigInt(high ?? 0) << 32n) | BigInt((low ?? 0) >>> 0)
    return { days: second, months: first, nanoseconds: integerValue(nanoseconds) }
  }
}

const damaged = () => rowsInvalid('A value lies outside of its buffer.')

function present(values: ArrayLike<number | bigint>, at: number): number | bigint {
  const value = values[at]
  if (value === undefined) throw damaged()
  return value
}

function childOf(data: Data, index: number): Data {
  const child = data.children[index]
  if (child === undefined) throw damaged()
  return child
}

function slice(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (!(start >= 0 && start <= end && end <= bytes.length)) throw damaged()
  return bytes.subarray(start, end)
}

/** Where a value of variable length, or a list, begins and ends. */
const rangeAt = (data: Data, at: number): [number, number] => [
  Number(present(data.valueOffsets, at)),
  Number(present(data.valueOffsets, at + 1)),
]

function bytesAt(data: Data, at: number): Uint8Array {
  return slice(data.values as Uint8Array, ...rangeAt(data, at))
}

/** Short values stand in their view, longer ones in a buffer that it names. */
function viewedAt(data: Data, at: number): Uint8Array {
  const view = slice(data.values as Uint8Array, 16 * at, 16 * at + 16)
  const words = new DataView(view.buffer, view.byteOffset, 16)
  const length = words.getInt32(0, true)
  if (length <= 12) return slice(view, 4, 4 + length)
  const buffer = data.variadicBuffers[words.getInt32(8, true)]
  const start = words.getInt32(12, true)
  if (buffer === undefined) throw damaged()
  return slice(buffer, start, start + length)
}

function readRange(data: Data, start: number, end: number, read: ReadValue): unknown[] {
  if (!(start >= 0 && start <= end && end <= data.length)) throw damaged()
  return Array.from({ length: end - start }, (_, index) => read(data, start + index))
}

/** Dictionaries that grew by deltas are in several pieces. */
function readEntry(data: Data, index: number, read: ReadValue): unknown {
  let at = index
  for (const piece of data.dictionary?.data ?? []) {
    if (at >= 0 && at < piece.length) return read(piece, at)
    at -= piece.length
  }
  throw damaged()
}

function decimalAt(words: Uint32Array, start: number, count: number): bigint {
  let value = 0n
  for (let word = count - 1; word >= 0; word--) value = (value << 32n) | BigInt(present(words, start + word))
  return BigInt.asIntN(32 * count, value)
}

/** Days are counted in 32 bits; in 64 they are milliseconds of whole days. */
function daysOf(value: number | bigint): number {
  if (typeof value === 'number') return value
  if (value % millisecondsPerDay !== 0n) throw rowsInvalid('A date is not at the beginning of a day.')
  return Number(value / millisecondsPerDay)
}
