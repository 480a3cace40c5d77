import { errorCodes } from '@agorai/core'

/** The page that every problem's `type` points to. It is plain text: nothing in it is anybody's input. */
export function createDocs(): (request: Request) => Response | undefined {
  const text = Object.entries(errorCodes)
    .map(
      ([code, { status, exit, title, remedy }]) => `${code} (HTTP ${status}, exit ${exit})\n  ${title}.\n  ${remedy}\n`,
    )
    .join('\n')
  return (request) => {
    if (new URL(request.url).pathname !== '/docs/errors') return undefined
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' }
    return new Response(request.method === 'HEAD' ? null : `Errors of Agorai\n\n${text}`, { headers })
  }
}
