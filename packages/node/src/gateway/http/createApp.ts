import { randomUUID } from 'node:crypto'
import { AgoraiError, parseWith } from '@agorai/core'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { createResponse } from './createResponse.js'
import { answerPreflight, openToPages } from './crossOrigin.js'
import { assertAcceptable, assertAllowed, securityHeaders } from './guards.js'
import { createRequestObserver, type RequestObserver, type Seen } from './observeRequests.js'
import { problemResponse, type ReportFailure } from './problems.js'
import { readJson } from './readBody.js'
import { contentTypesOf, type Route } from './route.js'
import { createServeLight, type ServeLight } from './serveLight.js'

export type CreateAppOptions = {
  routes: readonly Route[]
  /** Everything that no route answers. Undefined when there is nothing there. */
  fallback(request: Request): Promise<Response | undefined>
  /** Host names under which this node is known; any where it is asked by machines of its operator only. */
  hosts: ReadonlySet<string> | undefined
  /** Where the page may connect to besides this node. */
  connectOrigins: readonly string[]
  report: ReportFailure
  observer: RequestObserver
}

export type App = {
  /** @param client The address that asks. */
  fetch(request: Request, client: string): Promise<Response>
  /** The answer to what never became a request. */
  refuse(error: AgoraiError): Response
  serveLight: ServeLight
}

const bodyBytesMaxDefault = 64 * 1024
const nothing = z.strictObject({})
/** Whoever watches over this machine asks by its address, and learns nothing by it. */
const anyHost: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

type Asked = { seen: Seen; client: string; route?: Route }
type Env = { Bindings: Asked }

/** Turns routes into one HTTP handler in which every answer, good or bad, has the same headers and form. */
export function createApp(options: CreateAppOptions): App {
  const { routes, fallback, hosts, connectOrigins, report } = options
  const observe = createRequestObserver(options.observer)
  const app = new Hono<Env>()
  for (const item of routes) app.on(item.method.toUpperCase(), honoPath(item.path), (context) => answer(item, context))
  const isCrossOrigin = matchPaths(routes.filter((item) => item.crossOrigin === true))
  for (const path of new Set(routes.map((item) => item.path)))
    app.all(honoPath(path), ({ req, env }) => {
      if (req.method === 'OPTIONS' && isCrossOrigin(path)) return answerPreflight(req.raw)
      env.route = routes.find((item) => item.path === path) as Route
      throw methodNotAllowed(routes.filter((item) => item.path === path))
    })
  app.all('*', async (context) => {
    const { method } = context.req
    if (method !== 'GET' && method !== 'HEAD')
      throw new AgoraiError('method_not_allowed', 'Only GET and HEAD are known here.', {
        details: { allow: 'GET, HEAD' },
      })
    const response = await fallback(context.req.raw)
    if (response !== undefined) context.env.seen.route = 'page'
    if (response === undefined) throw new AgoraiError('not_found', 'No page and no route has this path.')
    return response
  })
  // Hono would answer errors inside its own frame; they are thrown on, so that one place below answers all of them.
  app.onError((error) => {
    throw error
  })
  const headersOfAll = securityHeaders(connectOrigins)
  const common = Object.entries(headersOfAll)
  const finish = (response: Response, requestId: string): Response => {
    const { headers } = response
    for (const [name, value] of common) if (!headers.has(name)) headers.set(name, value)
    headers.set('agorai-request-id', requestId)
    return response
  }
  return {
    async fetch(request, client) {
      const requestId = randomUUID()
      return observe(request, requestId, async (seen) => {
        const asked: Asked = { seen, client }
        const url = new URL(request.url)
        const isOpen = isCrossOrigin(url.pathname)
        const answered = (response: Response) => finish(isOpen ? openToPages(response) : response, requestId)
        try {
          if (hosts !== undefined) assertAllowed(request, url, hosts, { anyHost, isCrossOrigin: isOpen })
          return answered(await app.fetch(request, asked))
        } catch (error) {
          return answered(problemResponse(error, requestId, report, asked.route?.errorForm))
        }
      })
    },
    refuse(error) {
      const requestId = randomUUID()
      return finish(problemResponse(error, requestId, report), requestId)
    },
    serveLight: createServeLight({ routes, hosts, common: headersOfAll, observe, report }),
  }
}

async function answer(item: Route, context: Context<Env>): Promise<Response> {
  context.env.seen.route = item.path
  context.env.route = item
  const request = context.req.raw
  if (request.headers.has('accept')) assertAcceptable(request, contentTypesOf(item))
  // What is not there costs nothing.
  const params = item.params === undefined ? {} : parseWith(item.params, context.req.param())
  const isPlain = item.query === undefined && !request.url.includes('?')
  const query = isPlain ? {} : parseWith(item.query ?? nothing, singleValues(context.req.queries()))
  const body = item.body && parseWith(item.body, await readJson(request, item.bodyBytesMax ?? bodyBytesMaxDefault))
  const result = await item.handle({ params, query, body, request, client: context.env.client })
  if (result instanceof Response) return result
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'cache-control': item.cacheControl ?? 'no-store',
  }
  // What anyone may read, pages of any site may read too; none of it depends on who asks.
  if (item.method === 'get') headers['access-control-allow-origin'] = '*'
  return createResponse(JSON.stringify(result), { headers })
}

/** @throws AgoraiError `invalid_request` for a name that is given twice: two readers could take different ones. */
function singleValues(queries: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, [value = '', ...more]]) => {
      if (more.length > 0) throw new AgoraiError('invalid_request', 'A query parameter is given twice.')
      return [name, value]
    }),
  )
}

function methodNotAllowed(routes: readonly Route[]): AgoraiError {
  const allow = routes.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ')
  return new AgoraiError('method_not_allowed', `Allowed here: ${allow}.`, { details: { allow } })
}

/** Whether a path is one of these routes', whatever its parameters. */
function matchPaths(routes: readonly Route[]): (path: string) => boolean {
  const plain = new Set(routes.map(({ path }) => path))
  const patterns = [...plain].map((path) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`))
  return (path) => plain.has(path) || patterns.some((pattern) => pattern.test(path))
}

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')
