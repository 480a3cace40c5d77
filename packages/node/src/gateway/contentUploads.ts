import { AgoraiError, cidSchema, digestOfCid, type ErrorCode, uploadStateSchema } from '@agorai/core'
import { z } from 'zod'
import type { Storage } from '../ports/storage.js'
import type { ContentUpload, Uploads } from '../ports/uploads.js'
import { authenticateUpload, type Uploader } from './authenticateUpload.js'
import { createGate } from './createGate.js'
import { assertContentType, readStream } from './http/readBody.js'
import { type Route, route } from './http/route.js'
import { otherDigest, uploadHeaders } from './readSignedJson.js'

export type ContentUploadRoutesOptions = Uploader & {
  storage: Storage
  uploads: Uploads
  contentBytesMax: number
}

const params = z.strictObject({ cid: cidSchema })
const common: readonly ErrorCode[] = [
  'signature_invalid',
  'request_expired',
  'wrong_operator',
  'payload_too_large',
  'length_mismatch',
  'digest_mismatch',
  'quota_exceeded',
  'storage_full',
  'chain_unavailable',
]

/** Ciphertext, which may come in several goes: what has arrived waits for the rest, and is stored when it is whole. */
export function contentUploadRoutes(options: ContentUploadRoutesOptions): Route[] {
  const { storage, uploads, contentBytesMax } = options
  // A slow sender keeps its place for as long as its bytes may take.
  const receive = createGate({ runningMax: 8, waitingMax: 0 })

  async function authenticate(request: Request, cid: string, partBytes?: number): Promise<ContentUpload> {
    const { account, bytes, digest } = await authenticateUpload(options, request, `content/${cid}`, partBytes)
    if (digest !== digestOfCid(cid)) throw otherDigest()
    if (bytes > contentBytesMax)
      throw new AgoraiError('payload_too_large', `Content has at most ${contentBytesMax} bytes here.`, {
        details: { contentBytesMax },
      })
    return { account, cid, bytes }
  }

  return [
    route({
      method: 'get',
      path: '/api/v1/uploads/{cid}',
      summary: 'How much of an upload has arrived, for the account that signed for it.',
      params,
      headers: uploadHeaders,
      response: uploadStateSchema,
      errors: common,
      async handle({ params: { cid }, request }) {
        const upload = await authenticate(request, cid)
        if ((await storage.contentBytes(cid)) === upload.bytes) return { received: upload.bytes, stored: cid }
        return { received: await uploads.receivedBytes(upload), stored: null }
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/content/{cid}',
      summary: 'Upload ciphertext, or the part of it that content-range names.',
      params,
      headers: {
        ...uploadHeaders,
        'content-range': 'Where the body begins: `bytes 1048576-2097151/9000000`. The whole, unless stated.',
      },
      rawBody: 'application/octet-stream',
      response: uploadStateSchema,
      errors: [...common, 'unsupported_media_type', 'busy'],
      async handle({ params: { cid }, request }) {
        assertContentType(request, 'application/octet-stream')
        const range = parseContentRange(request.headers.get('content-range'))
        const upload = await authenticate(request, cid, range && range.end - range.start)
        const { start, end, total } = range ?? { start: 0, end: upload.bytes, total: upload.bytes }
        if (total !== upload.bytes) throw otherLength()
        const received = await receive(() => uploads.receive(upload, start, readStream(request, end - start)))
        if (received < end)
          throw new AgoraiError('length_mismatch', `The body ended ${end - received} bytes early.`, {
            details: { received },
          })
        return { received, stored: received === upload.bytes ? cid : null }
      },
    }),
  ]
}

function parseContentRange(header: string | null): { start: number; end: number; total: number } | undefined {
  if (header === null) return undefined
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header) ?? []
  const range = { start: Number(first), end: Number(last) + 1, total: Number(total) }
  if (range.start < range.end && range.end <= range.total) return range
  throw new AgoraiError('invalid_request', 'content-range: must be like bytes 0-99/1000.', { field: 'content-range' })
}

const otherLength = (): AgoraiError =>
  new AgoraiError('length_mismatch', 'content-range names another length than the signed request states.', {
    field: 'content-range',
  })
