import type { z } from 'zod'
import { AgoraiError } from '../errors/AgoraiError.js'
import type { ErrorCode } from '../errors/codes.js'

export type ParseStrictJsonOptions = {
  /** Most arrays and objects inside one another. Default 32. */
  depthMax?: number
  /** Most bytes of UTF-8. Default 4 MiB. */
  bytesMax?: number
}

const refusedKeys = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Parses JSON that can mean only one thing: UTF-8 without a byte order mark, no key twice in an object, no key that
 * reaches a prototype, no NUL, no lone surrogate, every number finite. Depth is bounded before anything is built.
 *
 * @throws AgoraiError `payload_too_large` above `bytesMax`, `invalid_request` for everything else.
 */
export function parseStrictJson(input: Uint8Array | string, options: ParseStrictJsonOptions = {}): unknown {
  const { depthMax = 32, bytesMax = 4 * 1024 * 1024 } = options
  // A string has at least as many bytes as characters, so the cheap comparison comes before the exact one.
  const tooLarge = input.length > bytesMax || (typeof input === 'string' && utf8Bytes(input) > bytesMax)
  if (tooLarge) throw new AgoraiError('payload_too_large', `At most ${bytesMax} bytes.`, { details: { bytesMax } })
  const text = typeof input === 'string' ? input : decodeUtf8(input)
  assertKeysAndDepth(text, depthMax)
  const value = parseJson(text)
  assertScalars(value)
  return value
}

/**
 * Checks a value by a schema.
 *
 * @throws AgoraiError `code`, its `field` the path of the first thing that is wrong. What was sent is not repeated.
 */
export function parseWith<schema extends z.ZodType>(
  schema: schema,
  value: unknown,
  code: ErrorCode = 'invalid_request',
): z.output<schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue, ...others] = result.error.issues
  const field = fieldOf(issue)
  const more = new Set(others.map(fieldOf).filter((other) => other !== '' && other !== field))
  const also = more.size === 0 ? '' : ` Also wrong: ${[...more].slice(0, moreFields).join(', ')}.`
  throw new AgoraiError(code, `${field || 'The value'}: ${problemOf(issue)}.${also}`, {
    ...(field ? { field } : {}),
    cause: result.error,
  })
}

/** So many of the other fields that are wrong are named beside the first. */
const moreFields = 8

const fieldOf = (issue: z.core.$ZodIssue | undefined): string =>
  (issue?.path ?? []).map((part) => toShown(String(part))).join('.')

function problemOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') return 'has a field that is not known here'
  if (issue?.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing'
  return issue?.message ?? 'is not valid'
}

/** A part of a path may be a key that a stranger chose: shown short, and in plain characters only. */
const toShown = (part: string): string => part.slice(0, 60).replace(/[^\w$@:-]/g, '?')

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length

const refuse = (message: string): AgoraiError => new AgoraiError('invalid_request', message)

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new AgoraiError('invalid_request', 'The body is not UTF-8.', { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The reason that JSON.parse gives quotes the input, so it is left out.
    throw refuse('The body is not JSON.')
  }
}

/**
 * Walks the text once. On valid JSON it sees every key and bracket exactly; what is not JSON may pass and is refused by
 * `JSON.parse` afterwards.
 */
function assertKeysAndDepth(text: string, depthMax: number): void {
  // One entry for each open bracket: the keys so far of an object, undefined for an array.
  const open: (Set<string> | undefined)[] = []
  let keys: Set<string> | undefined
  let keyNext = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === 0x22) {
      const end = endOfString(text, at)
      if (keyNext && keys !== undefined) {
        addKey(keys, text.slice(at, end + 1))
        keyNext = false
      }
      at = end
    } else if (character === 0x7b || character === 0x5b) {
      if (open.length === depthMax) throw refuse(`Arrays and objects are more than ${depthMax} deep.`)
      keys = character === 0x7b ? new Set() : undefined
      keyNext = true
      open.push(keys)
    } else if (character === 0x7d || character === 0x5d) {
      open.pop()
      keys = open.at(-1)
      keyNext = false
    } else if (character === 0x2c) {
      keyNext = true
    }
  }
}

/** Index of the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
  throw refuse('The body is not JSON.')
}

function addKey(keys: Set<string>, quoted: string): void {
  const key = quoted.includes('\\') ? String(parseJson(quoted)) : quoted.slice(1, -1)
  if (refusedKeys.has(key)) throw refuse(`The key ${key} is refused.`)
  if (keys.has(key)) throw refuse('An object has the same key twice.')
  keys.add(key)
}

/** Recursion is bounded by the depth that was checked before. */
function assertScalars(value: unknown): void {
  if (typeof value === 'string') assertText(value)
  else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refuse('A number is too large.')
  } else if (Array.isArray(value)) for (const item of value) assertScalars(item)
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      assertText(key)
      assertScalars(item)
    }
}

function assertText(text: string): void {
  if (text.includes('\0')) throw refuse('A string contains NUL.')
  if (!text.isWellFormed()) throw refuse('A string contains a lone surrogate.')
}
