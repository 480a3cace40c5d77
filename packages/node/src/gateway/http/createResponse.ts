import { getRequestListener } from '@hono/node-server'

/**
 * An answer that is whole when it begins. It is written to the connection as it is, in one piece; the platform's own class
 * would make a stream of it first, which costs more than most calls.
 *
 * @param headers With a content type.
 */
export function createResponse(body: Uint8Array | string, init: { status?: number; headers: Record<string, string> }) {
  return new LightResponse(body as BodyInit, init)
}

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
