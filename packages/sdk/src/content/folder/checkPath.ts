import { AgoraiError } from '@agorai/core'

const pathBytesMax = 1_024
const nameBytesMax = 255
const depthMax = 64

/** Control characters, characters that turn the direction of text or are not seen, and what has a meaning in paths. */
const unsafe = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\\:*?"<>|]/u
const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i

/**
 * A path inside of a folder, as it may be unpacked on every system without leaving the folder or standing for something
 * else: names between slashes, none of them `.`, `..`, hidden or reserved.
 *
 * @returns The path, in Unicode's composed form (NFC).
 * @throws AgoraiError `unsafe_name`
 */
export function checkPath(given: string): string {
  const path = given.normalize('NFC')
  const refuse = (why: string) =>
    new AgoraiError('unsafe_name', `The path ${JSON.stringify(given.slice(0, 120))} ${why}.`, { field: 'content' })
  if (!path.isWellFormed() || unsafe.test(path)) throw refuse('has characters that are not safe in names')
  if (byteLength(path) > pathBytesMax) throw refuse(`is longer than ${pathBytesMax} bytes`)
  const names = path.split('/')
  if (names.length > depthMax) throw refuse(`is more than ${depthMax} folders deep`)
  for (const name of names) {
    if (name === '' || name === '.' || name === '..') throw refuse('is not a plain path inside of the folder')
    if (name.startsWith('.')) throw refuse('is hidden')
    if (name.endsWith('.') || name.endsWith(' ') || name.startsWith(' '))
      throw refuse('has a name that ends in a dot or a space')
    if (reserved.test(name)) throw refuse('has a name that is reserved on some systems')
    if (byteLength(name) > nameBytesMax) throw refuse(`has a name of more than ${nameBytesMax} bytes`)
  }
  return path
}

/** What two paths have in common that some systems cannot tell apart. */
export const collisionKey = (path: string): string => path.normalize('NFKC').toLowerCase()

const encoder = new TextEncoder()
const byteLength = (text: string): number => encoder.encode(text).length

/** The order of paths in a folder's content: by their bytes in UTF-8. */
export function comparePaths(left: string, right: string): number {
  const [a, b] = [encoder.encode(left), encoder.encode(right)]
  for (let at = 0; at < a.length && at < b.length; at++) if (a[at] !== b[at]) return (a[at] ?? 0) - (b[at] ?? 0)
  return a.length - b.length
}
