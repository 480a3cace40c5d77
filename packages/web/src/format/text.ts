import { isAddress } from 'viem'
import { formatInteger } from './money.js'

/** Where a long word may break into lines: a hash in its middle, so that both are as long; a URL after a slash. */
export function lineParts(value: string): string[] {
  const middle = Math.ceil(value.length / 2)
  return value.startsWith('0x') ? [value.slice(0, middle), value.slice(middle)] : value.split(/(?<=[^/:]\/)/)
}

/** The ends of a hash, address or CID: enough to recognise, never enough to rely on. */
export function shorten(value: string): string {
  if (value.length <= 13) return value
  const head = value.startsWith('0x') ? 6 : 8
  return `${value.slice(0, head)}…${value.slice(-4)}`
}

/** A length in bytes with a unit, cut after one decimal; the exact count below 1,000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes}\u00a0B`
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size) return `${Math.floor((bytes / size) * 10) / 10}\u00a0${unit}`
  }
  return `${bytes}\u00a0B`
}

/** `1 row`, `8,000 rows`. */
export function formatCount(count: number | bigint, one: string, many = `${one}s`): string {
  return `${formatInteger(count)}\u00a0${BigInt(count) === 1n ? one : many}`
}

/** A unix time in the reader's zone, to the minute. */
export function formatTime(unixSeconds: number): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(unixSeconds * 1000)
}

/** The same instant for machines. */
export function isoTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString()
}

/**
 * Breaks a name into at most `lines` lines of at most `width` characters for SVG, which does not wrap; what does not fit
 * ends in an ellipsis.
 */
export function wrapText(text: string, width: number, lines: number): string[] {
  const broken: string[] = []
  let line = ''
  for (const word of text.trim().split(/\s+/)) {
    const candidate = line === '' ? word : `${line} ${word}`
    if (candidate.length <= width || line === '') line = candidate
    else {
      broken.push(line)
      line = word
    }
  }
  if (line !== '') broken.push(line)
  const kept = broken.slice(0, lines)
  return kept.map((value, index) => {
    const cut = index === kept.length - 1 && broken.length > lines
    if (value.length <= width && !cut) return value
    return `${value.slice(0, width - 1).trimEnd()}…`
  })
}

/** A kind of asset as people read it. */
export function kindName(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1)
}

/** Accounts that a person typed or pasted, in any separation. `stray` is the first word that is no address. */
export function parseAccounts(text: string): { accounts: `0x${string}`[]; stray: string | undefined } {
  const words = text.split(/[\s,;"'[\]]+/).filter((word) => word !== '')
  const isAccount = (word: string): word is `0x${string}` => isAddress(word, { strict: false })
  return { accounts: words.filter(isAccount), stray: words.find((word) => !isAccount(word)) }
}
