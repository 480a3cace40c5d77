/** What pages of other sites may read of an answer besides its body. */
const exposed = [
  'agorai-receipt',
  'agorai-request-id',
  'idempotent-replayed',
  'inference-header-content-length',
  'payment-required',
  'payment-response',
  'retry-after',
].join(', ')

/** Names of headers, as a browser lists those that a page wants to send. */
const headerNames = /^[a-z0-9!#$%&'*+.^_`|~-]+(\s*,\s*[a-z0-9!#$%&'*+.^_`|~-]+){0,63}$/i

/** What lets pages of any site read an answer. */
export const crossOriginHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': exposed,
  'cross-origin-resource-policy': 'cross-origin',
}

/** Lets pages of any site read an answer. Nothing of it depends on cookies, which are never sent along. */
export function openToPages(response: Response): Response {
  for (const [name, value] of Object.entries(crossOriginHeaders)) response.headers.set(name, value)
  return response
}

/** What a browser asks before a page of another site may call: any method that there is, with any header. */
export function answerPreflight(request: Request): Response {
  const wanted = request.headers.get('access-control-request-headers') ?? ''
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, PUT',
      // A star would not stand for Authorization.
      ...(headerNames.test(wanted) ? { 'access-control-allow-headers': wanted } : {}),
      'access-control-max-age': '86400',
    },
  })
}
