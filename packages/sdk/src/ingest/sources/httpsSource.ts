import { AgoraiError } from '@agorai/core'
import { collectBytes, skipBytes } from '../../content/readStream.js'
import { type GuardedFetchOptions, type GuardedResponse, guardedFetch } from '../net/guardedFetch.js'
import { type ByteSource, resumeStream } from './byteSource.js'

/** How an answer says which bytes it is about. */
type Pin = { etag: string | undefined; modified: string | undefined; bytes: number }

/**
 * A file behind a URL, read by ranges where its server knows them. What the first answer says of its version holds for all
 * that follow: a file that changes in between is an error, not a mixture.
 *
 * @throws AgoraiError `unsafe_url`, `source_unavailable`, `source_changed`, `length_mismatch`
 */
export async function openHttps(text: string, options: GuardedFetchOptions = {}): Promise<ByteSource> {
  const first = await guardedFetch(text, { ...options, headers: { range: 'bytes=0-0' } })
  await first.body.return(undefined)
  const { url } = first
  const ranged = first.status === 206
  const pin = pinOf(first)

  async function open(start: number, end: number): Promise<AsyncIterable<Uint8Array>> {
    const headers = {
      ...(pin.etag === undefined ? {} : { 'if-match': pin.etag }),
      ...(pin.etag === undefined && pin.modified !== undefined ? { 'if-unmodified-since': pin.modified } : {}),
      ...(ranged ? { range: `bytes=${start}-${end - 1}` } : {}),
    }
    const answer = await guardedFetch(text, { ...options, headers, bytesMax: ranged ? end - start : end })
    try {
      assertSame(answer, { ...pin, ranged, start, end })
    } catch (error) {
      await answer.body.return(undefined)
      throw error
    }
    return ranged ? answer.body : skipBytes(answer.body, start)
  }
  async function* stream(start = 0): AsyncGenerator<Uint8Array> {
    yield* resumeStream((at) => open(at, pin.bytes), { start, end: pin.bytes })
  }
  const read = async (start: number, end: number): Promise<Uint8Array> =>
    collectBytes(resumeStream((at) => open(at, end), { start, end }))
  return {
    fileName: nameOf(url),
    bytes: pin.bytes,
    identity: JSON.stringify([text, pin.etag ?? pin.modified ?? null, pin.bytes]),
    stream,
    ...(ranged ? { read } : {}),
  }
}

function pinOf({ status, headers, url }: GuardedResponse): Pin {
  const { etag } = headers
  const base = {
    // A weak tag promises the same meaning, not the same bytes.
    etag: etag?.startsWith('"') ? etag : undefined,
    modified: headers['last-modified'],
  }
  if (status === 206) {
    const bytes = totalOf(headers['content-range'])
    if (bytes !== undefined) return { ...base, bytes }
    throw new AgoraiError('source_unavailable', `${url.host} answers a range without saying of how much.`)
  }
  if (status === 416 && headers['content-range'] === 'bytes */0') return { ...base, bytes: 0 }
  if (status !== 200) throw statusError(url, status)
  const bytes = headers['content-length']
  if (bytes === undefined || !/^\d{1,15}$/.test(bytes))
    throw new AgoraiError('length_mismatch', `${url.host} does not say how long it is: download it, and use the file.`)
  return { ...base, bytes: Number(bytes) }
}

function assertSame(answer: GuardedResponse, pin: Pin & { ranged: boolean; start: number; end: number }): void {
  const { status, headers, url } = answer
  if (status === 412) throw changed()
  if (status !== (pin.ranged ? 206 : 200)) throw statusError(url, status)
  if (pin.etag !== undefined && headers.etag !== pin.etag) throw changed()
  if (pin.modified !== undefined && headers['last-modified'] !== pin.modified) throw changed()
  if (!pin.ranged) {
    if (headers['content-length'] !== String(pin.bytes)) throw changed()
    return
  }
  if (totalOf(headers['content-range']) !== pin.bytes) throw changed()
  if (!headers['content-range']?.startsWith(`bytes ${pin.start}-${pin.end - 1}/`))
    throw new AgoraiError('source_unavailable', `${url.host} answers another range than was asked for.`)
}

const totalOf = (header: string | undefined): number | undefined => {
  const total = /^bytes \d+-\d+\/(\d{1,15})$/.exec(header ?? '')?.[1]
  return total === undefined ? undefined : Number(total)
}

const changed = (): AgoraiError =>
  new AgoraiError('source_changed', 'The file behind the URL is not the one that was read first.', { field: 'url' })

const statusError = (url: URL, status: number): AgoraiError =>
  new AgoraiError('source_unavailable', `${url.host} answers HTTP ${status}.`, { details: { status } })

function nameOf({ pathname }: URL): string {
  const name = pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(name) || 'content'
  } catch {
    return 'content'
  }
}
