import { AgoraiError } from '@agorai/core'

/**
 * The one range that a `Range` header asks for, both ends included; undefined when there is no header.
 *
 * @throws AgoraiError `range_not_satisfiable` for several ranges, a reversed one, or one that starts past the end.
 */
export function parseRange(header: string | null, bytes: number): { start: number; end: number } | undefined {
  if (header === null) return undefined
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header)
  if (match === null || header === 'bytes=-') throw unsatisfiable(bytes)
  const [, first = '', last = ''] = match
  const start = first === '' ? Math.max(bytes - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  // `bytes=-0` asks for nothing, and nothing is not a range.
  if (start > end || (first !== '' && last !== '' && Number(last) < start)) throw unsatisfiable(bytes)
  return { start, end }
}

const unsatisfiable = (bytes: number): AgoraiError =>
  new AgoraiError('range_not_satisfiable', `The content has ${bytes} bytes.`, { field: 'range', details: { bytes } })
