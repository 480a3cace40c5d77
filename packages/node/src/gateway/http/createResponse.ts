import { getRequestListener } from '@hono/node-server'

/**
 * An answer that is whole when it begins. It is written to the connection as it is, in one piece; the platform's own class
 * would make a stream of it first, which costs more than most calls.
 *
 * @param headers With a content type.
 */
export function createResponse(
  body: Uint8Array | string,
  { status = 200, headers }: { status?: number; headers: Record<string, string> },
): Response {
  return new WholeResponse({ status, headers, body })
}

/** An answer in the parts that it was made of. */
export type Whole = { status: number; headers: Record<string, string>; body: Uint8Array | string }

/** The parts of an answer that was made by `createResponse` and is as it was; undefined for any other. */
export const wholeOf = (response: Response): Whole | undefined =>
  response instanceof WholeResponse ? response.whole : undefined

/** The class that the HTTP server knows to be whole. It is given out as the global one only, so it is taken from there. */
const LightResponse = takeLightResponse()

function takeLightResponse(): typeof Response {
  const names = ['Request', 'Response'] as const
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
  getRequestListener(() => new Response())
  const light = globalThis.Response
  for (const [index, name] of names.entries()) {
    const descriptor = before[index]
    if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor)
  }
  return light
}

class WholeResponse extends LightResponse {
  whole: Whole | undefined

  constructor(whole: Whole) {
    super(whole.body as BodyInit, whole)
    this.whole = whole
  }

  /** Whoever holds these may change them. */
  override get headers(): Headers {
    this.whole = undefined
    return super.headers
  }
}
