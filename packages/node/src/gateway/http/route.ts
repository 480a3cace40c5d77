import type { ErrorCode, Problem } from '@agorai/core'
import type { z } from 'zod'
import type { CallRequest } from './lightRequest.js'

/** What a handler is given: everything that came in, already checked. */
export type RouteInput<params, query, body, request = Request> = {
  params: params
  query: query
  body: body
  request: request
  /** The address that asks, as far as it can be known. */
  client: string
}

type Shape = z.ZodObject | undefined
type Output<schema extends z.ZodType | undefined> = schema extends z.ZodType ? z.output<schema> : undefined

export type RouteDefinition<
  params extends Shape,
  query extends Shape,
  body extends z.ZodType | undefined,
  response extends z.ZodType | undefined,
  light extends true | undefined = undefined,
> = {
  method: 'get' | 'put' | 'post'
  /** As OpenAPI writes it: `/api/v1/assets/{id}`. */
  path: string
  summary: string
  params?: params
  query?: query
  /** A JSON body. */
  body?: body
  /** Most bytes of a JSON body. */
  bodyBytesMax?: number
  /** A body that the handler reads itself, by its content type. */
  rawBody?: string
  /** Headers that the handler reads itself, for the documentation. */
  headers?: Record<string, string>
  /** A JSON answer. Where it is missing, the handler gives a whole response of `rawResponse`. */
  response?: response
  rawResponse?: string | readonly string[]
  /** Codes that this route in particular may answer. */
  errors: readonly ErrorCode[]
  /** Whether pages of any site may call it, without credentials: what it answers depends on what is sent with the call. */
  crossOrigin?: boolean
  /** Whether it is answered by what is known here, without asking the journal what other gateways wrote. */
  hot?: boolean
  /** Whether all that the handler reads of a request is what a {@link CallRequest} has; it is then served beneath the framework. */
  light?: light
  /** The form of an error where a protocol has its own; problem+json elsewhere. */
  errorForm?: (problem: Problem) => unknown
  /** How long a client or proxy may keep the answer; nothing is kept by default. */
  cacheControl?: string
  handle(
    input: RouteInput<Output<params>, Output<query>, Output<body>, light extends true ? CallRequest : Request>,
  ): Promise<response extends z.ZodType ? z.input<response> : Response>
}

/** A route whose types were checked where it was defined. */
export type Route = Omit<RouteDefinition<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType, true>, 'handle'> & {
  handle(input: RouteInput<unknown, unknown, unknown>): Promise<unknown>
}

/** Defines one route; its schemas type the handler, check the request and become the OpenAPI document. */
export function route<
  params extends Shape = undefined,
  query extends Shape = undefined,
  body extends z.ZodType | undefined = undefined,
  response extends z.ZodType | undefined = undefined,
  light extends true | undefined = undefined,
>(definition: RouteDefinition<params, query, body, response, light>): Route {
  return definition as unknown as Route
}

/** What a route may answer with. */
export const contentTypesOf = ({ response, rawResponse = 'application/octet-stream' }: Route): readonly string[] =>
  response !== undefined ? ['application/json'] : [rawResponse].flat()
