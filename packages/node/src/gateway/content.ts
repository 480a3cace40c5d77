import { ReadableStream } from 'node:stream/web'
import { AgoraiError, bytes32Schema, cidSchema } from '@agorai/core'
import { z } from 'zod'
import type { Storage } from '../ports/storage.js'
import { parseRange } from './http/parseRange.js'
import { type Route, route } from './http/route.js'

/** What a name is the hash of can never change. */
const immutable = 'public, max-age=31536000, immutable'

/** Ciphertext and manifests, for anyone. Ciphertext is worth nothing without its key. */
export function contentRoutes(storage: Storage): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/content/{cid}',
      summary: 'Ciphertext by its CID, whole or one range of it.',
      params: z.strictObject({ cid: cidSchema }),
      headers: { range: 'One range of bytes.' },
      rawResponse: 'application/octet-stream',
      errors: ['not_found', 'range_not_satisfiable'],
      async handle({ params: { cid }, request }) {
        const bytes = await storage.contentBytes(cid)
        if (bytes === undefined) throw new AgoraiError('not_found', 'This content is not stored here.')
        const range = parseRange(request.headers.get('range'), bytes)
        const headers = new Headers({
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment',
          'content-length': String(range === undefined ? bytes : range.end - range.start + 1),
          'accept-ranges': 'bytes',
          'access-control-allow-origin': '*',
          'cache-control': immutable,
          etag: `"${cid}"`,
        })
        if (range !== undefined) headers.set('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
        const body = request.method === 'HEAD' ? null : ReadableStream.from(storage.readContent(cid, range))
        return new Response(body as BodyInit | null, { status: range === undefined ? 200 : 206, headers })
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/manifests/{digest}',
      summary: 'The exact bytes of a manifest by their sha-256.',
      params: z.strictObject({ digest: bytes32Schema }),
      rawResponse: 'application/json',
      errors: ['not_found'],
      async handle({ params: { digest } }) {
        const bytes = await storage.getManifest(digest)
        if (bytes === undefined) throw new AgoraiError('not_found', 'This manifest is not stored here.')
        return new Response(Uint8Array.from(bytes), {
          headers: {
            'content-type': 'application/json',
            'content-disposition': 'attachment',
            'access-control-allow-origin': '*',
            'cache-control': immutable,
          },
        })
      },
    }),
  ]
}
