import { AgoraiError, type ErrorCode, errorCodes, errorFromProblem, type Problem, parseWith } from '@agorai/core'
import type { z } from 'zod'
import { collectBytes, readStream } from '../content/readStream.js'

export type Fetch = typeof globalThis.fetch

export type HttpRequest = {
  method?: 'GET' | 'PUT' | 'POST'
  /** Under the node's base URL, without a leading slash. */
  path: string
  query?: Record<string, string | number | undefined>
  headers?: Record<string, string>
  /** Made afresh for each attempt, since a stream can be sent only once. */
  body?: () => BodyInit
  /** Attempts in all. Above 1 only for what may safely be asked twice. Default: 3 for GET, 1 otherwise. */
  attemptsMax?: number
  /** From the question to the first byte of the answer. Default 30,000. */
  timeoutMs?: number
}

/** The node's HTTP API. Every failure is an `AgoraiError`: the node's own, or `node_unavailable`. */
export type Http = {
  /** The answer whatever its status, for those who read more of a refusal than its reason. */
  exchange(request: HttpRequest): Promise<Response>
  send(request: HttpRequest): Promise<Response>
  json<schema extends z.ZodType>(schema: schema, request: HttpRequest): Promise<z.output<schema>>
  bytes(request: HttpRequest, bytesMax: number): Promise<Uint8Array<ArrayBuffer>>
}

const jsonBytesMax = 32 * 1024 * 1024
const retryDelayMs = 200
const retryDelayMsMax = 2_000
const stallMs = 30_000

/**
 * @param base The node's base URL, ending in a slash.
 */
export function createHttp(base: URL, fetch: Fetch): Http {
  const attempt = async (request: HttpRequest): Promise<Response> => {
    const url = new URL(request.path, base)
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const body = request.body?.()
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), request.timeoutMs ?? 30_000)
    let response: Response
    try {
      response = await fetch(url, {
        method: request.method ?? 'GET',
        signal: timeout.signal,
        redirect: 'error',
        ...(request.headers === undefined ? {} : { headers: request.headers }),
        ...(body === undefined ? {} : { body, duplex: 'half' }),
      } as RequestInit)
    } catch (cause) {
      throw new AgoraiError('node_unavailable', `No answer from ${base.origin}.`, { cause })
    } finally {
      clearTimeout(timer)
    }
    return response
  }

  const repeat = async (request: HttpRequest, ask: () => Promise<Response>): Promise<Response> => {
    const attemptsMax = request.attemptsMax ?? ((request.method ?? 'GET') === 'GET' ? 3 : 1)
    for (let made = 1; ; made++) {
      try {
        return await ask()
      } catch (error) {
        if (made >= attemptsMax || !isPassing(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, Math.min(retryDelayMsMax, retryDelayMs * 2 ** (made - 1))))
      }
    }
  }

  const http: Http = {
    exchange: (request) => repeat(request, () => attempt(request)),
    send: (request) =>
      repeat(request, async () => {
        const response = await attempt(request)
        if (!response.ok) throw await errorOf(response)
        return response
      }),
    async json(schema, request) {
      const bytes = await http.bytes(request, jsonBytesMax)
      let value: unknown
      try {
        value = JSON.parse(new TextDecoder().decode(bytes))
      } catch (cause) {
        throw new AgoraiError('internal', `The node's answer to ${request.path} is not JSON.`, { cause })
      }
      return parseWith(schema, value, 'internal')
    },
    async bytes(request, bytesMax) {
      const response = await http.send(request)
      if (response.body === null) return new Uint8Array()
      try {
        return await collectBytes(limited(readStream(response.body, stallMs), bytesMax))
      } catch (cause) {
        if (cause instanceof AgoraiError) throw cause
        throw new AgoraiError('node_unavailable', `The answer from ${base.origin} broke off.`, { cause })
      }
    },
  }
  return http
}

/** Whether the same question may get another answer a moment later. */
const isPassing = (error: unknown): boolean =>
  error instanceof AgoraiError && ['node_unavailable', 'chain_unavailable', 'busy'].includes(error.code)

async function* limited(content: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const slice of content) {
    bytes += slice.length
    if (bytes > bytesMax)
      throw new AgoraiError('payload_too_large', `The node answered more than ${bytesMax} bytes.`, {
        details: { bytesMax },
      })
    yield slice
  }
}

const problemBytesMax = 65_536

/** The error that an answer describes; an answer that is no problem document is not from a node of ours. */
export async function errorOf(response: Response): Promise<AgoraiError> {
  let problem: unknown
  try {
    const body =
      response.body === null
        ? new Uint8Array()
        : await collectBytes(limited(readStream(response.body, stallMs), problemBytesMax))
    problem = JSON.parse(new TextDecoder().decode(body))
  } catch (cause) {
    return new AgoraiError('node_unavailable', `The answer was HTTP ${response.status} without a reason.`, { cause })
  }
  if (isProblem(problem)) return errorFromProblem(problem)
  const told = errorOfCall(problem)
  if (told !== undefined) return told
  return new AgoraiError('node_unavailable', `The answer was HTTP ${response.status} without a known reason.`)
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false
  const { code, detail } = value as { code?: unknown; detail?: unknown }
  return typeof code === 'string' && Object.hasOwn(errorCodes, code as ErrorCode) && typeof detail === 'string'
}

/** A refusal in the form of the protocol that the call was made in: the OpenAI API's, or the Open Inference Protocol's. */
function errorOfCall(value: unknown): AgoraiError | undefined {
  const told = (value ?? {}) as { error?: unknown; code?: unknown }
  if (!(typeof told.error === 'string' || (typeof told.error === 'object' && told.error !== null))) return undefined
  const { code, message, param }: { code?: unknown; message?: unknown; param?: unknown } =
    typeof told.error === 'string' ? { code: told.code, message: told.error } : told.error
  if (typeof message !== 'string') return undefined
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : undefined
  if (known === undefined) return new AgoraiError('call_refused', message.slice(0, 500))
  const detail = message.replace(errorCodes[known].remedy, '').trim()
  return new AgoraiError(known, detail, typeof param === 'string' ? { field: param } : {})
}
