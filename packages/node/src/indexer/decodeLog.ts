import type { AbiEvent, AbiParameter } from 'viem'
import { malformed, type Rows, readNumber, tab, writeByte, writeDecimal, writeHex, writeText } from './rows.js'
import { digitsOf, place, type ScannedLogs } from './scanLogs.js'

/**
 * Writes the values of a log from the hex of the server's answer to the bytes that COPY takes, without a string or an
 * object in between: the index's hot path. Nothing that is written has a tab, a line's end or a backslash, so nothing is
 * escaped.
 */

/** 32 bytes in hex. */
export const wordCharacters = 64

/** Writes what the word at a place of the text says. */
export type WriteWord = (rows: Rows, text: Buffer, at: number) => void

/** A column: its SQL type, the argument that it keeps, such as `terms.flags`, and how a word of it is written. */
export type Column = { type: string; path: string; isList: boolean; write: WriteWord }

/** A column of one word. */
export const wordColumn =
  (type: string, write: WriteWord) =>
  (path: string): Column => ({ type, path, isList: false, write })

/** A column of a list, as a JSON array; `write` is given the place of the first word of each. */
export const listColumn =
  (type: string, write: WriteWord) =>
  (path: string): Column => ({ type, path, isList: true, write })

export const writeUint: WriteWord = (rows, text, at) => writeDecimal(rows, text, at, at + wordCharacters)
export const writeAddress: WriteWord = (rows, text, at) => writeHex(rows, text, at + 24, at + wordCharacters)
export const writeWord: WriteWord = (rows, text, at) => writeHex(rows, text, at, at + wordCharacters)
export const writeFlag: WriteWord = (rows, text, at) =>
  writeText(rows, readNumber(text, at, at + wordCharacters) === 0 ? 'f' : 't')

/** Writes one column of the log whose places begin at `base`. */
type Write = (rows: Rows, logs: ScannedLogs, base: number) => void

/**
 * What writes all columns of one event, a tab before each.
 *
 * @throws TypeError when the event has no such argument, or one of a type that is not read.
 */
export function createWriter(inputs: AbiEvent['inputs'], columns: readonly Column[]): Write {
  const topicsWanted = 1 + inputs.filter(({ indexed }) => indexed).length
  const writes = columns.map((column) => createWrite(inputs, column))
  return (rows, logs, base) => {
    if (logs.places[base + place.topicCount] !== topicsWanted) throw malformed()
    for (const write of writes) {
      writeByte(rows, tab)
      write(rows, logs, base)
    }
  }
}

function createWrite(inputs: AbiEvent['inputs'], column: Column): Write {
  const [name, ...path] = column.path.split('.')
  const indexed = inputs.filter((input) => input.indexed)
  const topic = indexed.findIndex((input) => input.name === name) + 1
  if (topic > 0) {
    if (column.isList) throw new TypeError(`${column.path} is no list.`)
    return (rows, logs, base) => column.write(rows, logs.text, wordOf(logs, base + place.topics + 2 * topic))
  }
  const data = inputs.filter((input) => !input.indexed)
  const { offsets, at, parameter } = placeOf(data, [name ?? '', ...path])
  if (!column.isList)
    return (rows, logs, base) => {
      const end = logs.places[base + place.data + 1] as number
      const start = follow(logs.text, digitsOf(logs, base + place.data), end, offsets)
      column.write(rows, logs.text, wordAt(start + at * wordCharacters, end))
    }
  const width = wordCharacters * headWords({ ...parameter, type: parameter.type.slice(0, -2) })
  return (rows, logs, base) => {
    const end = logs.places[base + place.data + 1] as number
    const start = follow(logs.text, digitsOf(logs, base + place.data), end, offsets)
    writeList(rows, logs.text, start, end, width, column)
  }
}

/** Where the digits of a value of one word start. */
export function wordOf(logs: ScannedLogs, at: number): number {
  const start = digitsOf(logs, at)
  if (logs.places[at + 1] !== start + wordCharacters) throw malformed()
  return start
}

/** Where a value stands: the pointers to follow, each counted in words from where the one before leads, then its word. */
type Place = { offsets: readonly number[]; at: number; parameter: AbiParameter }

function placeOf(inputs: readonly AbiParameter[], [name, ...path]: readonly string[]): Place {
  const index = inputs.findIndex((input) => input.name === name)
  const parameter = inputs[index]
  if (parameter === undefined) throw new TypeError(`The event has no ${name}.`)
  const at = inputs.slice(0, index).reduce((words, input) => words + headWords(input), 0)
  const isPointer = isDynamic(parameter)
  if (path.length === 0) return { offsets: isPointer ? [at] : [], at: isPointer ? 0 : at, parameter }
  const inner = placeOf(componentsOf(parameter), path)
  if (isPointer) return { ...inner, offsets: [at, ...inner.offsets] }
  const [first, ...rest] = inner.offsets
  return first === undefined ? { ...inner, at: at + inner.at } : { ...inner, offsets: [at + first, ...rest] }
}

const componentsOf = (parameter: AbiParameter): readonly AbiParameter[] =>
  'components' in parameter ? parameter.components : []

function isDynamic(parameter: AbiParameter): boolean {
  if (parameter.type.endsWith('[]')) return true
  if (parameter.type === 'tuple') return componentsOf(parameter).some(isDynamic)
  if (/^(u?int\d+|address|bool|bytes\d+)$/.test(parameter.type)) return false
  throw new TypeError(`No event has a ${parameter.type}.`)
}

/** Words that a parameter takes where it is listed. */
const headWords = (parameter: AbiParameter): number =>
  isDynamic(parameter) || parameter.type !== 'tuple'
    ? 1
    : componentsOf(parameter).reduce((words, component) => words + headWords(component), 0)

function follow(text: Buffer, start: number, end: number, offsets: readonly number[]): number {
  let at = start
  for (const offset of offsets) {
    const word = wordAt(at + offset * wordCharacters, end)
    at += 2 * readNumber(text, word, word + wordCharacters)
  }
  return at
}

/** The place itself, where a whole word follows it. */
function wordAt(at: number, end: number): number {
  if (at + wordCharacters > end) throw malformed()
  return at
}

function writeList(rows: Rows, text: Buffer, at: number, end: number, width: number, { write }: Column): void {
  const first = wordAt(at, end) + wordCharacters
  const last = first + width * readNumber(text, at, first)
  // A list that claims more than there is costs nothing.
  if (last > end) throw malformed()
  writeByte(rows, '['.charCodeAt(0))
  for (let element = first; element < last; element += width) {
    if (element > first) writeByte(rows, ','.charCodeAt(0))
    write(rows, text, element)
  }
  writeByte(rows, ']'.charCodeAt(0))
}
