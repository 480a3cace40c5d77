import { lookup } from 'node:dns/promises'
import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import { type GuardOptions, parseGuardedUrl, unsafeUrl } from './guardedUrl.js'
import { isPublicAddress } from './publicAddress.js'

export type Address = { address: string; family: number }

export type GuardedFetchOptions = GuardOptions & {
  method?: 'GET' | 'HEAD' | 'POST' | undefined
  headers?: Record<string, string> | undefined
  body?: Uint8Array | undefined
  /** Most bytes of the body. Default: no limit, for bodies whose reader counts. */
  bytesMax?: number | undefined
  /** Slowest pace of the body, over any `paceMs`. Default 4,096. */
  bytesPerSecondMin?: number | undefined
  /** Default 30,000. */
  paceMs?: number | undefined
  /** Until the head of the answer is there. Default 30,000. */
  timeoutMs?: number | undefined
  /** Addresses of a host. Default: the system's resolver. */
  resolve?: ((hostname: string) => Promise<readonly Address[]>) | undefined
  /** Which addresses may be connected to. Default: those of the public internet. */
  isAllowed?: ((address: string) => boolean) | undefined
  /**
   * Lets the URL's own scheme, port and address be any, for a server that the user or the operator named in its settings.
   * Where that server redirects to is its word and not theirs: another origin is judged as anybody's.
   */
  trusted?: boolean | undefined
  /** Trusted besides the system's certificates. */
  ca?: string | undefined
}

export type GuardedResponse = {
  /** Where the answer came from, after redirects. */
  url: URL
  status: number
  headers: Readonly<Record<string, string>>
  /** Read it to its end, or stop early: either way the connection is given back. */
  body: AsyncGenerator<Uint8Array>
}

const trustedHost = { insecure: true, ports: 'any', isAllowed: () => true } as const
const redirectsMax = 5
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Fetches a URL that somebody else may have chosen, without ever connecting to an address that is not public. The host is
 * resolved once, all its addresses are checked, and the connection is made to one of those very addresses, so a name that
 * changes its mind reaches nothing. Each redirect begins anew. Bodies that are endless, too slow or cut short are errors.
 *
 * @throws AgoraiError `unsafe_url`, `source_unavailable`, `length_mismatch`
 */
export async function guardedFetch(text: string, options: GuardedFetchOptions = {}): Promise<GuardedResponse> {
  const trusted = options.trusted === true ? { ...options, ...trustedHost } : options
  let rules = trusted
  let url = parseGuardedUrl(text, rules)
  const { origin } = url
  for (let hops = 0; ; hops++) {
    const answer = await request(url, rules)
    const status = answer.statusCode ?? 0
    const { location } = answer.headers
    if (!redirects.has(status) || location === undefined)
      return { url, status, headers: flatten(answer), body: bounded(answer, options) }
    answer.destroy()
    if (hops === redirectsMax) throw unsafeUrl(`it redirects more than ${redirectsMax} times.`)
    if (options.method === 'POST') throw unsafeUrl('it redirects what was posted.')
    const next = resolveLocation(location, url)
    rules = next.origin === origin ? trusted : options
    url = parseGuardedUrl(next.href, rules)
  }
}

function resolveLocation(location: string, base: URL): URL {
  try {
    return new URL(location, base)
  } catch (cause) {
    throw unsafeUrl('it redirects to what cannot be read.', cause)
  }
}

async function request(url: URL, options: GuardedFetchOptions): Promise<IncomingMessage> {
  const { method = 'GET', timeoutMs = 30_000, body, ca } = options
  const addresses = await resolveChecked(url, options)
  const pinned: LookupFunction = (_, { all }, answer) => {
    const [first] = addresses
    if (all === true) answer(null, [...addresses])
    else answer(null, first?.address ?? '', first?.family)
  }
  const settings: RequestOptions = {
    method,
    headers: { 'user-agent': 'agorai', accept: '*/*', 'accept-encoding': 'identity', ...options.headers },
    lookup: pinned,
    // Connections are not shared: another request may be allowed other addresses.
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const sent =
      url.protocol === 'https:' ? https.request(url, { ...settings, ...(ca && { ca }) }) : http.request(url, settings)
    const timer = setTimeout(() => sent.destroy(noAnswer(url, timeoutMs)), timeoutMs)
    sent.on('error', (cause) => {
      clearTimeout(timer)
      reject(unavailable(url, cause))
    })
    sent.on('response', (answer) => {
      clearTimeout(timer)
      const encoding = answer.headers['content-encoding']
      if (encoding === undefined || encoding === 'identity') return resolve(answer)
      answer.destroy()
      reject(new AgoraiError('source_unavailable', `${url.host} sends it compressed, which was not asked for.`))
    })
    sent.end(body)
  })
}

async function resolveChecked(url: URL, options: GuardedFetchOptions): Promise<readonly Address[]> {
  const { resolve = resolveBySystem, isAllowed = isPublicAddress } = options
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(hostname)
  let addresses: readonly Address[]
  try {
    addresses = family === 0 ? await resolve(hostname) : [{ address: hostname, family }]
  } catch (cause) {
    throw unavailable(url, cause)
  }
  if (addresses.length === 0) throw unavailable(url)
  // One bad address condemns the host: which one is connected to is not ours to hope for.
  if (!addresses.every(({ address }) => isAllowed(address))) throw unsafeUrl(`${url.hostname} is not a public host.`)
  return addresses
}

const resolveBySystem = (hostname: string): Promise<Address[]> => lookup(hostname, { all: true })

const unavailable = (url: URL, cause?: unknown): AgoraiError =>
  isAgoraiError(cause) ? cause : new AgoraiError('source_unavailable', `${url.host} does not answer.`, { cause })

async function* bounded(answer: IncomingMessage, options: GuardedFetchOptions): AsyncGenerator<Uint8Array> {
  const { bytesMax = Number.POSITIVE_INFINITY, bytesPerSecondMin = 4_096, paceMs = 30_000 } = options
  const tickMs = Math.ceil(paceMs / 8)
  let bytes = 0
  let seen = 0
  let waitedMs = 0
  let waiting = false
  // A reader that takes its time is not the sender's fault: only time spent waiting for bytes counts.
  const timer = setInterval(() => {
    if (waiting) waitedMs += tickMs
    if (waitedMs < paceMs) return
    if (bytes - seen < (bytesPerSecondMin * paceMs) / 1_000)
      answer.destroy(new AgoraiError('source_unavailable', `Less than ${bytesPerSecondMin} bytes a second arrive.`))
    seen = bytes
    waitedMs = 0
  }, tickMs)
  try {
    waiting = true
    for await (const slice of answer as AsyncIterable<Buffer>) {
      bytes += slice.length
      if (bytes > bytesMax)
        throw new AgoraiError('length_mismatch', `The source sends more than ${bytesMax} bytes.`, {
          details: { bytesMax },
        })
      waiting = false
      yield slice
      waiting = true
    }
    waiting = false
    if (!answer.complete) throw brokenOff(bytes)
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw brokenOff(bytes, cause)
  } finally {
    clearInterval(timer)
    answer.destroy()
  }
}

const noAnswer = (url: URL, timeoutMs: number): AgoraiError =>
  new AgoraiError('source_unavailable', `${url.host} does not answer within ${timeoutMs} ms.`)

const brokenOff = (bytes: number, cause?: unknown): AgoraiError =>
  new AgoraiError('length_mismatch', `The source broke off after ${bytes} bytes.`, { cause })

const flatten = (answer: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
