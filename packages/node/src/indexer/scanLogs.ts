import { ChainInconsistentError } from './ChainInconsistentError.js'

/**
 * Finds the logs in the text of a server's answer, without a string or an object for any of them: what an index would
 * spend most of its time on. What is not looked for is left to `JSON.parse` to judge, so what passes is JSON.
 */

/** Where the parts of each log stand in the answer, `placesPerLog` numbers a log. */
export type ScannedLogs = { text: Buffer; count: number; places: Int32Array }

/** Numbers of a log: where a value starts and, right after, where it ends; `removed` is 0 or 1. */
export const place = {
  address: 0,
  data: 2,
  blockNumber: 4,
  blockHash: 6,
  transactionHash: 8,
  logIndex: 10,
  removed: 12,
  topicCount: 13,
  topics: 14,
} as const
const topicsMax = 4
export const placesPerLog = place.topics + 2 * topicsMax

const textFields = ['address', 'data', 'blockNumber', 'blockHash', 'transactionHash', 'logIndex'] as const
const topicsField = -2
const noField = -1
/** Names that are looked for, by their length: their bytes, and the place of their value. */
const fieldsByLength: { bytes: Buffer; field: number }[][] = Array.from({ length: 16 }, () => [])
for (const name of [...textFields, 'removed'] as const)
  fieldsByLength[name.length]?.push({ bytes: Buffer.from(name), field: place[name] })
fieldsByLength['topics'.length]?.push({ bytes: Buffer.from('topics'), field: topicsField })

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Where the digits of a value in hex start.
 *
 * @param at Of its place.
 * @throws ChainInconsistentError when it does not begin with `0x`.
 */
export function digitsOf({ text, places }: ScannedLogs, at: number): number {
  const start = places[at] as number
  if (text[start] !== 0x30 || text[start + 1] !== 0x78) throw malformed()
  return start + 2
}

/**
 * @param text One answer to one `eth_getLogs`.
 * @throws ChainInconsistentError when it is no JSON, has no list of logs, or one of them lacks a part. Strings with
 *   escapes are none of a log.
 */
export function scanLogs(text: Buffer): ScannedLogs {
  let logs: ScannedLogs | undefined
  const end = members(text, spaceEnd(text, 0), (name, nameEnd, at) => {
    if (text.toString('latin1', name, nameEnd) !== 'result') return valueEnd(text, at)
    logs = { text, count: 0, places: new Int32Array(64 * placesPerLog) }
    return scanList(logs, at)
  })
  if (spaceEnd(text, end) !== text.length) throw malformed()
  if (logs !== undefined) return logs
  const cause = text.toString('utf8', 0, 500)
  throw new ChainInconsistentError('The chain answered with no list of logs.', { cause })
}

function scanList(logs: ScannedLogs, start: number): number {
  return elements(logs.text, start, (at) => {
    const base = logs.count++ * placesPerLog
    if (base === logs.places.length) {
      const wider = new Int32Array(2 * base)
      wider.set(logs.places)
      logs.places = wider
    }
    return scanLog(logs, base, at)
  })
}

function scanLog({ text, places }: ScannedLogs, base: number, start: number): number {
  const end = members(text, start, (name, nameEnd, at) => {
    const field = fieldOf(text, name, nameEnd)
    if (field === noField) return valueEnd(text, at)
    if (field === topicsField) return scanTopics(text, places, base, at)
    return field === place.removed
      ? scanFlag(text, places, base + field, at)
      : scanString(text, places, base + field, at)
  })
  // No value starts where the answer starts.
  for (const name of textFields) if (places[base + place[name]] === 0) throw malformed()
  return end
}

function scanTopics(text: Buffer, places: Int32Array, base: number, start: number): number {
  let count = 0
  const end = elements(text, start, (at) => {
    if (count === topicsMax) throw malformed()
    return scanString(text, places, base + place.topics + 2 * count++, at)
  })
  places[base + place.topicCount] = count
  return end
}

function scanString(text: Buffer, places: Int32Array, index: number, at: number): number {
  const start = past(text, at, quote)
  const end = plainEnd(text, start)
  places[index] = start
  places[index + 1] = end
  return past(text, end, quote)
}

function scanFlag(text: Buffer, places: Int32Array, index: number, at: number): number {
  const end = wordEnd(text, at)
  const word = text.toString('latin1', at, end)
  if (word !== 'true' && word !== 'false') throw malformed()
  places[index] = word === 'true' ? 1 : 0
  return end
}

function fieldOf(text: Buffer, start: number, end: number): number {
  const candidates = fieldsByLength[end - start]
  if (candidates === undefined) return noField
  for (const { bytes, field } of candidates) {
    let same = 0
    while (same < bytes.length && bytes[same] === text[start + same]) same++
    if (same === bytes.length) return field
  }
  return noField
}

// Each of these takes where to begin, and gives where it ended.

/** An object: `read` is told where a name starts and ends and where its value starts, and gives where that ended. */
function members(text: Buffer, start: number, read: (name: number, nameEnd: number, at: number) => number): number {
  return list(text, start, openObject, closeObject, (at) => {
    const name = past(text, at, quote)
    const nameEnd = plainEnd(text, name)
    const value = past(text, spaceEnd(text, past(text, nameEnd, quote)), colon)
    return read(name, nameEnd, spaceEnd(text, value))
  })
}

const elements = (text: Buffer, start: number, read: (at: number) => number): number =>
  list(text, start, openList, closeList, read)

function list(text: Buffer, start: number, open: number, close: number, read: (at: number) => number): number {
  let at = spaceEnd(text, past(text, start, open))
  if (text[at] === close) return at + 1
  for (;;) {
    at = spaceEnd(text, read(at))
    if (text[at] === close) return at + 1
    at = spaceEnd(text, past(text, at, comma))
  }
}

function past(text: Buffer, at: number, byte: number): number {
  if (text[at] !== byte) throw malformed()
  return at + 1
}

function spaceEnd(text: Buffer, start: number): number {
  let at = start
  while (at < text.length && isSpace(text[at] as number)) at++
  return at
}

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** What is plain in a string, up to its quote, an escape, or what JSON has no place for. */
function plainEnd(text: Buffer, start: number): number {
  let at = start
  for (; at < text.length; at++) {
    const byte = text[at] as number
    if (byte === quote || byte === backslash || byte < 0x20) break
  }
  return at
}

/** A number, `true`, `false` or `null`. */
function wordEnd(text: Buffer, start: number): number {
  let at = start
  for (; at < text.length; at++) {
    const byte = text[at] as number
    if (byte <= 0x20 || byte === comma || byte === closeList || byte === closeObject) break
  }
  return at
}

/** Any value. What is more than a plain string is judged by `JSON.parse`. */
function valueEnd(text: Buffer, start: number): number {
  const byte = text[start]
  const isString = byte === quote
  const end = isString
    ? stringEnd(text, start)
    : byte === openList || byte === openObject
      ? nestedEnd(text, start)
      : wordEnd(text, start)
  if (isString && plainEnd(text, start + 1) === end - 1) return end
  try {
    JSON.parse(text.toString('utf8', start, end))
  } catch (cause) {
    throw malformed(cause)
  }
  return end
}

function stringEnd(text: Buffer, start: number): number {
  let at = plainEnd(text, past(text, start, quote))
  while (text[at] === backslash) at = plainEnd(text, at + 2)
  return past(text, at, quote)
}

/** Up to the bracket that closes the first one. */
function nestedEnd(text: Buffer, start: number): number {
  let depth = 0
  let at = start
  do {
    const byte = text[at]
    if (byte === undefined) throw malformed()
    if (byte === openList || byte === openObject) depth++
    else if (byte === closeList || byte === closeObject) depth--
    at = byte === quote ? stringEnd(text, at) : at + 1
  } while (depth > 0)
  return at
}

const malformed = (cause?: unknown) =>
  new ChainInconsistentError('The chain answered with what is no list of logs.', { cause })
