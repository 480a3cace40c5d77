import { randomUUID } from 'node:crypto'
import { AgoraiError, parseWith } from '@agorai/core'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { assertAcceptable, assertAllowed, securityHeaders } from './guards.js'
import { problemResponse, type ReportFailure } from './problems.js'
import { readJson } from './readBody.js'
import type { Route } from './route.js'

export type CreateAppOptions = {
  routes: readonly Route[]
  /** Everything that no route answers. Undefined when there is nothing there. */
  fallback(request: Request): Promise<Response | undefined>
  /** Host names under which this node is known. */
  hosts: ReadonlySet<string>
  /** Where the page may connect to besides this node. */
  connectOrigins: readonly string[]
  report: ReportFailure
}

export type App = {
  fetch(request: Request): Promise<Response>
  /** The answer to what never became a request. */
  refuse(error: AgoraiError): Response
}

const bodyBytesMaxDefault = 64 * 1024
const nothing = z.strictObject({})

/** Turns routes into one HTTP handler in which every answer, good or bad, has the same headers and form. */
export function createApp({ routes, fallback, hosts, connectOrigins, report }: CreateAppOptions): App {
  const app = new Hono()
  for (const item of routes) app.on(item.method.toUpperCase(), honoPath(item.path), (context) => answer(item, context))
  for (const path of new Set(routes.map((item) => item.path)))
    app.all(honoPath(path), () => {
      throw methodNotAllowed(routes.filter((item) => item.path === path))
    })
  app.all('*', async (context) => {
    const { method } = context.req
    if (method !== 'GET' && method !== 'HEAD')
      throw new AgoraiError('method_not_allowed', 'Only GET and HEAD are known here.', {
        details: { allow: 'GET, HEAD' },
      })
    const response = await fallback(context.req.raw)
    if (response === undefined) throw new AgoraiError('not_found', 'No page and no route has this path.')
    return response
  })
  // Hono would answer errors inside its own frame; they are thrown on, so that one place below answers all of them.
  app.onError((error) => {
    throw error
  })
  const common = Object.entries(securityHeaders(connectOrigins))
  const finish = (response: Response, requestId: string): Response => {
    for (const [name, value] of common) if (!response.headers.has(name)) response.headers.set(name, value)
    response.headers.set('agorai-request-id', requestId)
    return response
  }
  return {
    async fetch(request) {
      const requestId = randomUUID()
      try {
        assertAllowed(request, hosts)
        return finish(await app.fetch(request), requestId)
      } catch (error) {
        return finish(problemResponse(error, requestId, report), requestId)
      }
    },
    refuse(error) {
      const requestId = randomUUID()
      return finish(problemResponse(error, requestId, report), requestId)
    },
  }
}

async function answer(item: Route, context: Context): Promise<Response> {
  const request = context.req.raw
  const contentType = item.response ? 'application/json' : (item.rawResponse ?? 'application/octet-stream')
  assertAcceptable(request, contentType)
  const params = parseWith(item.params ?? nothing, item.params ? context.req.param() : {})
  const query = parseWith(item.query ?? nothing, singleValues(context.req.queries()))
  const body = item.body && parseWith(item.body, await readJson(request, item.bodyBytesMax ?? bodyBytesMaxDefault))
  const result = await item.handle({ params, query, body, request })
  if (result instanceof Response) return result
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'cache-control': item.cacheControl ?? 'no-store',
  }
  // What anyone may read, pages of any site may read too; none of it depends on who asks.
  if (item.method === 'get') headers['access-control-allow-origin'] = '*'
  return new Response(JSON.stringify(result), { headers })
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

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')
