import type { AbiEvent, AbiParameter } from 'viem'
import { ChainInconsistentError } from './ChainInconsistentError.js'

/**
 * Reads values out of a log's hex as the text that COPY takes, without a number or an object in between: the index's hot
 * path. None of the texts has a tab, a line's end or a backslash, so nothing is escaped.
 */

/** 32 bytes in hex. */
const wordCharacters = 64

/** A column: its SQL type, the argument that it keeps, such as `terms.flags`, and how that is written. */
export type Column = { type: string; path: string } & (
  | { word: (word: string) => string }
  | { element: (...words: string[]) => string }
)

/** A column of one word. */
export const wordColumn =
  (type: string, word: (word: string) => string) =>
  (path: string): Column => ({ type, path, word })

/** A column of a list, as a JSON array; `element` is given the words of each. */
export const listColumn =
  (type: string, element: (...words: string[]) => string) =>
  (path: string): Column => ({ type, path, element })

/** What 48 bits hold is below 2^53. */
const smallStart = '0'.repeat(wordCharacters - 12)

export const decimalOf = (word: string): string =>
  word.startsWith(smallStart) ? `${Number.parseInt(word.slice(smallStart.length), 16)}` : BigInt(`0x${word}`).toString()
export const addressOf = (word: string): string => `0x${word.slice(24).toLowerCase()}`
export const wordOf = (word: string): string => `0x${word.toLowerCase()}`
export const flagOf = (word: string): string => (word.endsWith('0') ? 'f' : 't')

/** A log as JSON-RPC gives it, as far as it is read. */
export type RawLog = {
  address: string
  topics: readonly string[]
  data: string
  blockNumber: string
  blockHash: string
  transactionHash: string
  logIndex: string
  removed?: boolean
}

/** Reads one value of a log. */
type Read = (topics: readonly string[], data: string) => string

/**
 * What reads all columns of one event, a tab between them.
 *
 * @throws TypeError when the event has no such argument, or one of a type that is not read.
 */
export function createReader(inputs: AbiEvent['inputs'], columns: readonly Column[]) {
  const topicsWanted = 1 + inputs.filter(({ indexed }) => indexed).length
  const reads = columns.map((column) => createRead(inputs, column))
  return (topics: readonly string[], data: string): string => {
    if (topics.length !== topicsWanted) throw malformed()
    let line = ''
    for (const read of reads) line += `\t${read(topics, data)}`
    return line
  }
}

function createRead(inputs: AbiEvent['inputs'], column: Column): Read {
  const [name, ...path] = column.path.split('.')
  const indexed = inputs.filter((input) => input.indexed)
  const topic = indexed.findIndex((input) => input.name === name) + 1
  if (topic > 0) {
    if (!('word' in column)) throw new TypeError(`${column.path} is no list.`)
    return (topics) => column.word((topics[topic] ?? '').slice(2))
  }
  const data = inputs.filter((input) => !input.indexed)
  const { offsets, at, parameter } = placeOf(data, [name ?? '', ...path])
  // The place of a static value is known now.
  if ('word' in column)
    return offsets.length === 0
      ? (_, hex) => column.word(wordAt(hex, start + at * wordCharacters))
      : (_, hex) => column.word(wordAt(hex, follow(hex, offsets) + at * wordCharacters))
  const width = headWords({ ...parameter, type: parameter.type.slice(0, -2) })
  return (_, hex) => readList(hex, follow(hex, offsets), width, column.element)
}

/** Characters of `0x`. */
const start = 2

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

function follow(hex: string, offsets: readonly number[]): number {
  let base = start
  for (const offset of offsets) base += 2 * Number.parseInt(wordAt(hex, base + offset * wordCharacters), 16)
  return base
}

function wordAt(hex: string, at: number): string {
  if (!(at + wordCharacters <= hex.length)) throw malformed()
  return hex.slice(at, at + wordCharacters)
}

function readList(hex: string, at: number, width: number, element: (...words: string[]) => string): string {
  const length = Number.parseInt(wordAt(hex, at), 16)
  // A list that claims more than there is costs nothing.
  if (!(at + wordCharacters * (1 + length * width) <= hex.length)) throw malformed()
  const elements: string[] = []
  for (let i = 0, next = at + wordCharacters; i < length; i++) {
    const words: string[] = []
    for (let word = 0; word < width; word++, next += wordCharacters) words.push(hex.slice(next, next + wordCharacters))
    elements.push(element(...words))
  }
  return `[${elements.join(',')}]`
}

const malformed = () => new ChainInconsistentError('A log of ours has another form than its event.')
