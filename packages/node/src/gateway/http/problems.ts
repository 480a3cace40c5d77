import { AgoraiError, type ErrorCode, isAgoraiError } from '@agorai/core'
import type { Route } from './route.js'

/** Told of every failure that is this node's own fault. */
export type ReportFailure = (error: unknown, requestId: string) => void

const retryAfterSeconds = 2

/** An error as problem+json, or in the form of the route's own protocol. What is not a typed error is reported, and shown as `internal` without any of its text. */
export function problemResponse(
  error: unknown,
  requestId: string,
  report: ReportFailure,
  form?: Route['errorForm'],
): Response {
  const known = toKnownError(error)
  if (known.code === 'internal') report(error, requestId)
  const problem = known.toProblem()
  const contentType = form === undefined ? 'application/problem+json' : 'application/json'
  const headers = new Headers({ 'content-type': contentType, 'cache-control': 'no-store' })
  if (problem.status === 503 || problem.status === 202) headers.set('retry-after', String(retryAfterSeconds))
  if (problem.status === 429) headers.set('retry-after', String(known.details?.retryAfterSeconds ?? retryAfterSeconds))
  if (closing.has(known.code)) headers.set('connection', 'close')
  if (known.code === 'method_not_allowed' && typeof known.details?.allow === 'string')
    headers.set('allow', known.details.allow)
  return new Response(JSON.stringify(form?.(problem) ?? problem), { status: problem.status, headers })
}

/** After these the rest of the body is not worth reading. */
const closing: ReadonlySet<ErrorCode> = new Set(['payload_too_large', 'length_mismatch', 'storage_full', 'busy'])

function toKnownError(error: unknown): AgoraiError {
  if (isAgoraiError(error)) return error
  return new AgoraiError('internal', 'The node could not finish this request.', { cause: error })
}
