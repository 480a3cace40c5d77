import { ReadableStream } from 'node:stream/web'
import {
  AgoraiError,
  bytes32Schema,
  type ContentManifest,
  chunkHashAt,
  cidSchema,
  mapChunks,
  parseManifest,
  requireContent,
} from '@agorai/core'
import type { Hex } from 'viem'
import { z } from 'zod'
import type { ByteRange, Storage } from '../ports/storage.js'
import type { ChunkHashes } from './chunkHashes.js'
import type { ChunkReceipts } from './chunkReceipts.js'
import type { Turns } from './createTurns.js'
import { parseRange } from './http/parseRange.js'
import { type Route, route } from './http/route.js'
import type { Buckets } from './limits.js'

export type ContentRoutesOptions = {
  storage: Storage
  chunkHashes: ChunkHashes
  receipts: ChunkReceipts
  /** Who may read the next piece. */
  turns: Turns
  /** Bytes of one client. */
  clientBytes: Buckets
}

/** What a name is the hash of can never change. */
const immutable = 'public, max-age=31536000, immutable'
const open = { 'content-disposition': 'attachment', 'access-control-allow-origin': '*', 'cache-control': immutable }

/** Ciphertext and manifests, for anyone. Ciphertext is worth nothing without its key. */
export function contentRoutes(options: ContentRoutesOptions): Route[] {
  const { storage, chunkHashes, clientBytes } = options
  return [
    route({
      method: 'get',
      path: '/api/v1/content/{cid}',
      summary:
        'Ciphertext by its CID, whole or one range of it; or one chunk of it, with the receipt that the operator signs.',
      params: z.strictObject({ cid: cidSchema }),
      query: z.strictObject({
        chunk: z
          .string()
          .regex(/^(0|[1-9]\d{0,9})$/, 'must be a whole number')
          .transform(Number)
          .optional(),
      }),
      headers: {
        range: 'One range of bytes.',
        'agorai-delivery':
          "With `chunk`: the delivery's receipt and its signature, as JSON in base64url. The answer has a signed receipt for " +
          'the chunk as `agorai-chunk-receipt`, in the same form.',
      },
      rawResponse: 'application/octet-stream',
      errors: [
        'not_found',
        'range_not_satisfiable',
        'rate_limited',
        'signature_invalid',
        'integrity_failed',
        'busy',
        'storage_unavailable',
      ],
      async handle({ params: { cid }, query: { chunk }, request, client }) {
        if (chunk !== undefined) return sendChunk(options, { cid, chunk, request, client })
        const bytes = await storage.contentBytes(cid)
        if (bytes === undefined) throw new AgoraiError('not_found', 'This content is not stored here.')
        const range = parseRange(request.headers.get('range'), bytes)
        const headers = new Headers({
          ...open,
          'content-type': 'application/octet-stream',
          'content-length': String(range === undefined ? bytes : range.end - range.start + 1),
          'accept-ranges': 'bytes',
          etag: `"${cid}"`,
        })
        if (range !== undefined) headers.set('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
        clientBytes.take(client, 0)
        const body = request.method === 'HEAD' ? null : ReadableStream.from(readInTurn(options, { cid, range, client }))
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
        const bytes = await readManifest(storage, digest)
        return new Response(Uint8Array.from(bytes), { headers: { ...open, 'content-type': 'application/json' } })
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/manifests/{digest}/chunks',
      summary:
        "sha-256 of every sealed chunk of a manifest's content, one after the other: the leaves under its `chunkRoot`.",
      params: z.strictObject({ digest: bytes32Schema }),
      rawResponse: 'application/octet-stream',
      errors: ['not_found', 'nothing_to_deliver', 'content_missing', 'digest_mismatch', 'busy'],
      async handle({ params: { digest } }) {
        const manifest = requireContent(parseManifest(await readManifest(storage, digest)))
        const hashes = await chunkHashes(manifest)
        return new Response(Uint8Array.from(hashes), {
          headers: { ...open, 'content-type': 'application/octet-stream' },
        })
      },
    }),
  ]
}

/** What an operator signs for is compared first: an honest one never sends a chunk that its disk has spoilt. */
async function sendChunk(
  options: ContentRoutesOptions,
  { cid, chunk, request, client }: { cid: string; chunk: number; request: Request; client: string },
): Promise<Response> {
  const { storage, chunkHashes, receipts, clientBytes } = options
  const delivery = await receipts.open(request.headers.get('agorai-delivery'))
  clientBytes.take(client, 0)
  const manifest = requireContent(parseManifest(await readManifest(storage, delivery.manifestDigest)))
  const range = placeOf(manifest, cid, chunk)
  const hashes = await chunkHashes(manifest)
  const parts: Uint8Array[] = []
  for await (const part of readInTurn(options, { cid, range, client })) parts.push(part)
  const bytes = Buffer.concat(parts)
  const receipt = await receipts.sign({ delivery, chunk, bytes, listed: chunkHashAt(hashes, chunk) })
  return new Response(bytes, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'agorai-chunk-receipt',
      'cache-control': 'no-store',
      'agorai-chunk-receipt': receipt,
    },
  })
}

async function readManifest(storage: Storage, digest: Hex): Promise<Uint8Array> {
  const bytes = await storage.getManifest(digest)
  if (bytes === undefined) throw new AgoraiError('not_found', 'This manifest is not stored here.')
  return bytes
}

function placeOf({ content }: ContentManifest, cid: string, chunk: number): ByteRange {
  if (content.cid !== cid || chunk >= content.chunks)
    throw new AgoraiError('not_found', 'The delivery is of another content, or of one with fewer chunks.')
  const { start, end } = mapChunks(content).spanOf(chunk)
  return { start, end: end - 1 }
}

/** Reads stored content piece by piece, each when it is the client's turn and the client has bytes left. */
export async function* readInTurn(
  { storage, turns, clientBytes }: Pick<ContentRoutesOptions, 'storage' | 'turns' | 'clientBytes'>,
  { cid, range, client }: { cid: string; range: ByteRange | undefined; client: string },
): AsyncGenerator<Uint8Array> {
  const pieces = storage.readContent(cid, range)
  try {
    for (;;) {
      const { done, value } = await turns(client, () => pieces.next())
      if (done === true) return
      await clientBytes.pace(client, value.length)
      yield value
    }
  } finally {
    await pieces.return(undefined)
  }
}
