import { rowsInvalid } from './jsonValues.js'

/** What a field of a table points at; fields that hold their value themselves are not named. */
type Shape =
  | { is: 'bytes' }
  | { is: 'table'; fields: (tag: number) => Fields }
  | { is: 'tables'; fields: () => Fields }
  | { is: 'items'; bytes: number }
type Fields = {
  shapes: Record<number, Shape>
  /** The field that says which table a union holds. */
  tag?: number
}

const visitsMax = 200_000
const depthMax = 100

const plain: Fields = { shapes: {} }
const text: Shape = { is: 'bytes' }
const table = (fields: () => Fields): Shape => ({ is: 'table', fields })
const tables = (fields: () => Fields): Shape => ({ is: 'tables', fields })
const items = (bytes: number): Shape => ({ is: 'items', bytes })

const keyValue: Fields = { shapes: { 0: text, 1: text } }
const typeTables: Record<number, Fields> = {
  // A timestamp has the name of its zone, a union the numbers of its types.
  10: { shapes: { 1: text } },
  14: { shapes: { 1: items(4) } },
}
const dictionaryEncoding: Fields = { shapes: { 1: table(() => plain) } }
const field: Fields = {
  tag: 2,
  shapes: {
    0: text,
    3: { is: 'table', fields: (tag) => typeTables[tag] ?? plain },
    4: table(() => dictionaryEncoding),
    5: tables(() => field),
    6: tables(() => keyValue),
  },
}
const schema: Fields = { shapes: { 1: tables(() => field), 2: tables(() => keyValue), 3: items(8) } }
const recordBatch: Fields = { shapes: { 1: items(16), 2: items(16), 3: table(() => plain), 4: items(8) } }
const dictionaryBatch: Fields = { shapes: { 1: table(() => recordBatch) } }
const headers: Record<number, Fields> = { 1: schema, 2: dictionaryBatch, 3: recordBatch }

/** The roots of Arrow's metadata. */
export const arrowMessage: Fields = {
  tag: 1,
  shapes: { 2: { is: 'table', fields: (tag) => headers[tag] ?? plain }, 4: tables(() => keyValue) },
}
export const arrowFooter: Fields = {
  shapes: { 1: table(() => schema), 2: items(24), 3: items(24), 4: tables(() => keyValue) },
}

/**
 * Checks that everything in a flatbuffer lies inside of it. The library that reads it trusts lengths and offsets, and goes
 * on for as many items as a vector says it has.
 *
 * @throws AgoraiError `rows_invalid`
 */
export function checkFlatbuffer(bytes: Uint8Array, root: Fields): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let visits = 0
  const damaged = () => rowsInvalid('The metadata of the Arrow data is damaged.')
  const assertInside = (at: number, length: number): void => {
    if (!(at >= 0 && at + length <= bytes.length)) throw damaged()
  }
  const u16 = (at: number): number => {
    assertInside(at, 2)
    return view.getUint16(at, true)
  }
  const u32 = (at: number): number => {
    assertInside(at, 4)
    return view.getUint32(at, true)
  }
  /** Items of a vector, and where they begin. */
  const vectorAt = (at: number, itemBytes: number): [count: number, start: number] => {
    const count = u32(at)
    assertInside(at + 4, count * itemBytes)
    return [count, at + 4]
  }
  const checkTable = (at: number, { shapes, tag }: Fields, depth: number): void => {
    if (++visits > visitsMax || depth > depthMax) throw damaged()
    assertInside(at, 4)
    const layout = at - view.getInt32(at, true)
    const layoutBytes = u16(layout)
    const tableBytes = u16(layout + 2)
    assertInside(layout, layoutBytes)
    assertInside(at, tableBytes)
    const offsetOf = (index: number): number => {
      const place = 4 + 2 * index
      const offset = place + 2 <= layoutBytes ? u16(layout + place) : 0
      if (offset >= tableBytes && offset !== 0) throw damaged()
      return offset
    }
    const tagOffset = tag === undefined ? 0 : offsetOf(tag)
    const found = tagOffset === 0 ? 0 : (bytes[at + tagOffset] ?? 0)
    for (const [index, shape] of Object.entries(shapes)) {
      const offset = offsetOf(Number(index))
      if (offset === 0) continue
      const target = at + offset + u32(at + offset)
      if (shape.is === 'table') checkTable(target, shape.fields(found), depth + 1)
      else if (shape.is === 'bytes') vectorAt(target, 1)
      else if (shape.is === 'items') vectorAt(target, shape.bytes)
      else {
        const [count, start] = vectorAt(target, 4)
        for (let item = 0; item < count; item++) {
          const place = start + 4 * item
          checkTable(place + u32(place), shape.fields(), depth + 1)
        }
      }
    }
  }
  checkTable(u32(0), root, 0)
}
