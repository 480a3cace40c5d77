import { AgoraiError } from '@agorai/core'
import type { ReadHeaders } from './lightRequest.js'

const urlCharactersMax = 8_192

/** The host name of a `Host` header or an origin, in lower case, without a port. */
export function hostNameOf(value: string): string | undefined {
  try {
    return new URL(value.includes('://') ? value : `http://${value}`).hostname
  } catch {
    return undefined
  }
}

export type AllowedOptions = {
  /** Paths that are answered whatever the host is called. */
  anyHost?: ReadonlySet<string>
  /** Whether pages of other sites may send this. */
  isCrossOrigin?: boolean
}

/**
 * Refuses what a browser was tricked into: a host name that is not ours (a page that rebinds its own name to this
 * machine), and a change that a page of another site sends.
 *
 * @param url The request's.
 * @throws AgoraiError `host_not_allowed`, `origin_not_allowed`, `uri_too_long`
 */
export function assertAllowed(
  request: Request,
  { pathname, hostname }: URL,
  hosts: ReadonlySet<string>,
  { anyHost = new Set(), isCrossOrigin = false }: AllowedOptions = {},
): void {
  if (request.url.length > urlCharactersMax)
    throw new AgoraiError('uri_too_long', `A URL has at most ${urlCharactersMax} characters.`)
  if (anyHost.has(pathname)) return
  if (!hosts.has(hostname))
    throw new AgoraiError('host_not_allowed', 'The Host header names a host that this node does not serve.', {
      field: 'host',
    })
  if (request.method === 'GET' || request.method === 'HEAD' || isCrossOrigin) return
  const origin = request.headers.get('origin')
  if (origin === null) return
  const originHost = hostNameOf(origin)
  if (originHost === undefined || !hosts.has(originHost) || origin === 'null')
    throw new AgoraiError('origin_not_allowed', 'The Origin header names another site.', { field: 'origin' })
}

/** @throws AgoraiError `not_acceptable` */
export function assertAcceptable({ headers }: { headers: ReadHeaders }, contentTypes: readonly string[]): void {
  const accept = headers.get('accept')
  if (accept === null || accept.trim() === '') return
  const accepted = accept
    .toLowerCase()
    .split(',')
    .map((part) => part.split(';')[0]?.trim())
  const isServed = (contentType: string) =>
    accepted.some((type) => type === '*/*' || type === `${contentType.split('/')[0]}/*` || type === contentType)
  if (contentTypes.some(isServed)) return
  throw new AgoraiError('not_acceptable', `This is served as ${contentTypes.join(' or ')}.`, { field: 'accept' })
}

/** Headers of every answer. Scripts come from this node alone; WebAssembly is what hashes uploads in the page. */
export function securityHeaders(connectOrigins: readonly string[]): Record<string, string> {
  const connect = ["'self'", ...connectOrigins].join(' ')
  const policy = [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "img-src 'self' data: blob:",
    `connect-src ${connect}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  }
}
