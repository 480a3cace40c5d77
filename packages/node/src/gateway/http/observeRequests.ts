import type { Log } from '../../ports/log.js'
import type { Metrics } from '../../ports/metrics.js'
import type { Tracer } from '../../ports/trace.js'
import { wholeOf } from './createResponse.js'
import type { CallRequest } from './lightRequest.js'

export type RequestObserver = { log: Log; metrics: Metrics; tracer: Tracer }

/** What is known of a request once it found its route: the template of its path, never the path itself. */
export type Seen = { route: string }

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'])
/** Asked all day long by machines; their good answers are worth no line. */
const quiet: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/** Follows each request to the head of its answer: one span, one count, one line. */
export function createRequestObserver({ log, metrics, tracer }: RequestObserver) {
  let underWay = 0
  metrics.gauge('agorai_http_under_way', {}, () => underWay)

  return async function observe(
    { method: asked, headers }: CallRequest,
    requestId: string,
    work: (seen: Seen) => Promise<Response>,
  ): Promise<Response> {
    const begun = performance.now()
    const method = methods.has(asked) ? asked : 'other'
    const seen: Seen = { route: 'none' }
    underWay += 1
    try {
      return await tracer.span(
        `HTTP ${method}`,
        { kind: 'server', parent: headers.get('traceparent'), attributes: { 'http.request.method': method } },
        async ({ traceId, set }) => {
          const response = await work(seen)
          const { route } = seen
          const { status } = response
          const ms = performance.now() - begun
          set('http.route', route)
          set('http.response.status_code', status)
          metrics.count('agorai_http_requests_total', { route, method, status: String(status) })
          metrics.time('agorai_http_request_seconds', { route, method }, ms / 1000)
          const bytes = wholeOf(response)?.body.length ?? Number(response.headers.get('content-length') ?? 0)
          if (bytes > 0 && method !== 'HEAD') metrics.count('agorai_http_answered_bytes_total', { route }, bytes)
          if (!quiet.has(route) || status >= 400)
            log.info('request', `${method} ${route} ${status}`, {
              route,
              method,
              status,
              ms: Math.round(ms * 10) / 10,
              requestId,
              traceId,
            })
          return response
        },
      )
    } finally {
      underWay -= 1
    }
  }
}

export type Observe = ReturnType<typeof createRequestObserver>
