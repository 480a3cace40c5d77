import { type ErrorCode, errorCodes } from './codes.js'

export type AgoraiErrorOptions = {
  /** The input that is wrong, as a path (`manifest.terms.royaltyBps`). */
  field?: string
  /** Facts of this failure, safe to show: amounts, ids, limits. Never a secret, never raw input. */
  details?: Record<string, string | number>
  cause?: unknown
}

/** RFC 9457 problem details, as the gateway answers them. */
export type Problem = {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  remedy: string
  field?: string
  details?: Record<string, string | number>
}

const documentation = '/docs/errors#'

/**
 * The one error of Agorai. Narrow on `code`; each code's meaning, HTTP status and exit code stand in `errorCodes`.
 *
 * @example try { await fetchDelivery(…) } catch (error) { if (isAgoraiError(error, 'entitlement_missing')) … }
 */
export class AgoraiError<code extends ErrorCode = ErrorCode> extends Error {
  readonly code: code
  readonly shortMessage: string
  readonly remedy: string
  readonly docsUrl: string
  readonly field?: string
  readonly details?: Record<string, string | number>

  constructor(code: code, message: string, options: AgoraiErrorOptions = {}) {
    const { title, remedy } = errorCodes[code]
    super(`${title}. ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = `${code.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())}Error`
    this.code = code
    this.shortMessage = message
    this.remedy = remedy
    this.docsUrl = `${documentation}${code}`
    if (options.field !== undefined) this.field = options.field
    if (options.details !== undefined) this.details = options.details
  }

  /** Finds the first error in the chain of causes that the predicate accepts. */
  walk(accept: (error: unknown) => boolean): unknown {
    let error: unknown = this
    // Bounded: a chain of causes may be a circle.
    for (let depth = 0; depth < 32 && error !== undefined; depth++) {
      if (accept(error)) return error
      error = error instanceof Error ? error.cause : undefined
    }
    return undefined
  }

  toProblem(): Problem {
    return {
      type: this.docsUrl,
      title: errorCodes[this.code].title,
      status: errorCodes[this.code].status,
      code: this.code,
      detail: this.shortMessage,
      remedy: this.remedy,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.details === undefined ? {} : { details: this.details }),
    }
  }
}

/** Whether `error` is an `AgoraiError`, of that code if one is given. */
export function isAgoraiError<code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: code,
): error is AgoraiError<code> {
  return error instanceof AgoraiError && (code === undefined || error.code === code)
}

/** The error that a problem+json document describes, as the SDK throws it. A code that is not known here is `internal`. */
export function errorFromProblem(problem: Problem): AgoraiError {
  return new AgoraiError(Object.hasOwn(errorCodes, problem.code) ? problem.code : 'internal', problem.detail, {
    ...(problem.field === undefined ? {} : { field: problem.field }),
    ...(problem.details === undefined ? {} : { details: problem.details }),
  })
}
