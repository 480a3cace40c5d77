import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseWith } from '@agorai/core'
import { getRequestListener } from '@hono/node-server'
import { type Whole, wholeOf } from './createResponse.js'
import { crossOriginHeaders } from './crossOrigin.js'
import { assertAcceptable, hostNameOf } from './guards.js'
import { LightRequest } from './lightRequest.js'
import type { Observe } from './observeRequests.js'
import { problemResponse, type ReportFailure } from './problems.js'
import { contentTypesOf, type Route } from './route.js'

export type ServeLightOptions = {
  routes: readonly Route[]
  hosts: ReadonlySet<string> | undefined
  /** Headers of every answer. */
  common: Readonly<Record<string, string>>
  observe: Observe
  report: ReportFailure
}

/** Answers the requests that it knows how to. @returns Undefined for any other, of which nothing was touched. */
export type ServeLight = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  client: string,
) => Promise<void> | undefined

type Found = { item: Route; params: Record<string, string> }

const hostsKeptMax = 64
/** Larger bodies are written as they are; smaller ones in one piece with the head. */
const joinedBytesMax = 16 * 1024

/**
 * Serves light routes beneath the framework: `POST` without a query, under a host name that is known. The same handlers run
 * with the same guards and are answered by the same headers; what is unusual in any way is left to the framework.
 */
export function createServeLight({ routes, hosts, common, observe, report }: ServeLightOptions): ServeLight {
  const find = findLight(routes.filter(({ light, method }) => light === true && method === 'post'))
  const isKnownHost = createKnownHosts(hosts)
  const fixed = { ...common, ...crossOriginHeaders }
  const fixedList = Object.entries(fixed).flat()

  async function handle({ item, params }: Found, request: LightRequest, client: string): Promise<Response> {
    if (request.headers.has('accept')) assertAcceptable(request, contentTypesOf(item))
    const checked = item.params === undefined ? params : parseWith(item.params, params)
    // A light route reads nothing of a request but what a light one has.
    const input = { params: checked, query: {}, body: undefined, request: request as unknown as Request, client }
    return item.handle(input) as Promise<Response>
  }

  async function answer(found: Found, incoming: IncomingMessage, outgoing: ServerResponse, client: string) {
    const requestId = randomUUID()
    const request = new LightRequest(incoming, outgoing)
    const response = await observe(request, requestId, async (seen) => {
      seen.route = found.item.path
      try {
        return await handle(found, request, client)
      } catch (error) {
        return problemResponse(error, requestId, report, found.item.errorForm)
      }
    })
    const whole = wholeOf(response)
    if (whole !== undefined) {
      writeWhole(outgoing, whole, fixedList, requestId)
      return
    }
    const { headers } = response
    for (const name in fixed) if (!headers.has(name)) headers.set(name, fixed[name] ?? '')
    headers.set('agorai-request-id', requestId)
    await getRequestListener(() => response, { overrideGlobalObjects: false })(incoming, outgoing)
  }

  return (incoming, outgoing, client) => {
    const found = incoming.method === 'POST' ? find(incoming.url ?? '') : undefined
    if (found === undefined || !isKnownHost(incoming.headers.host)) return undefined
    return answer(found, incoming, outgoing, client)
  }
}

/** Finds the route of a path, and what its parameters are. */
function findLight(routes: readonly Route[]): (path: string) => Found | undefined {
  const plain = new Map<string, Found>()
  const patterns: { pattern: RegExp; item: Route }[] = []
  for (const item of routes)
    if (item.params === undefined) plain.set(item.path, { item, params: {} })
    // Only what has one spelling; anything that is escaped is left to the framework.
    else patterns.push({ pattern: new RegExp(`^${item.path.replace(/\{(\w+)\}/g, '(?<$1>\\w+)')}$`), item })
  return (path) => {
    const found = plain.get(path)
    if (found !== undefined) return found
    for (const { pattern, item } of patterns) {
      const match = pattern.exec(path)
      if (match !== null) return { item, params: { ...match.groups } }
    }
    return undefined
  }
}

/** Whether a `Host` header names this node; the few that are sent are remembered. */
function createKnownHosts(hosts: ReadonlySet<string> | undefined): (host: string | undefined) => boolean {
  const known = new Set<string>()
  return (host) => {
    if (host === undefined) return false
    if (known.has(host)) return true
    const name = hostNameOf(host)
    if (name === undefined || hosts?.has(name) === false || /[^\w.:[\]-]/.test(host)) return false
    if (known.size < hostsKeptMax) known.add(host)
    return true
  }
}

function writeWhole(outgoing: ServerResponse, { status, headers, body }: Whole, fixed: string[], requestId: string) {
  const list = fixed.slice()
  list.push('agorai-request-id', requestId)
  for (const name in headers) {
    const at = fixed.indexOf(name)
    // The answer's own word goes before the common one.
    if (at >= 0) list[at + 1] = headers[name] ?? ''
    else list.push(name, headers[name] ?? '')
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  list.push('content-length', `${bytes.length}`)
  outgoing.writeHead(status, list)
  // With its head in one piece, which costs half of two. Bytes are the characters of latin1.
  if (bytes.length <= joinedBytesMax) outgoing.end(toLatin1(bytes), 'latin1')
  else outgoing.end(bytes)
}

const toLatin1 = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString('latin1')
