import { ReadableStream } from 'node:stream/web'
import { AgoraiError, cidSchema } from '@agorai/core'
import { carBytesOf, collectBytes, writeCar } from '@agorai/sdk'
import { z } from 'zod'
import type { Storage } from '../ports/storage.js'
import type { Blocks } from './blocks.js'
import { readInTurn } from './content.js'
import type { Turns } from './createTurns.js'
import { type Route, route } from './http/route.js'
import type { Buckets } from './limits.js'

export type IpfsRoutesOptions = { storage: Storage; blocks: Blocks; turns: Turns; clientBytes: Buckets }

const rawType = 'application/vnd.ipld.raw'
const carType = 'application/vnd.ipld.car'

/**
 * Stored ciphertext and manifests as a trustless gateway of IPFS: single blocks, and whole contents as CAR files. Whoever
 * asks compares each block with its CID, as with any other gateway.
 */
export function ipfsRoutes(options: IpfsRoutesOptions): Route[] {
  const { blocks, clientBytes } = options
  return [
    route({
      method: 'get',
      path: '/ipfs/{cid}',
      summary: 'A block by its CID, or a whole content as a CAR file: a trustless gateway of IPFS.',
      params: z.strictObject({ cid: cidSchema }),
      query: z.object({ format: z.enum(['raw', 'car']).optional() }),
      rawResponse: [rawType, carType],
      errors: ['not_found', 'not_acceptable', 'rate_limited', 'busy', 'storage_unavailable'],
      async handle({ params: { cid }, query, request, client }) {
        const format = query.format ?? formatOf(request.headers.get('accept'))
        clientBytes.take(client, 0)
        const headers = {
          'content-disposition': `attachment; filename="${cid}.${format === 'raw' ? 'bin' : 'car'}"`,
          'access-control-allow-origin': '*',
          'cache-control': 'public, max-age=31536000, immutable',
          'x-ipfs-path': `/ipfs/${cid}`,
          etag: `"${cid}.${format}"`,
        }
        if (format === 'raw') {
          const found = await blocks.find(cid)
          if (found === undefined) throw new AgoraiError('not_found', 'This block is not stored here.')
          const bytes =
            'bytes' in found
              ? found.bytes
              : await collectBytes(readInTurn(options, { cid: found.content, range: found.range, client }))
          return new Response(Uint8Array.from(bytes), { headers: { ...headers, 'content-type': rawType } })
        }
        const dag = await blocks.dagOf(cid)
        const length = { 'content-length': String(carBytesOf(dag)) }
        const type = `${carType}; version=1; order=dfs; dups=y`
        const car = () => writeCar(dag, readInTurn(options, { cid, range: undefined, client }))
        const body = request.method === 'HEAD' ? null : ReadableStream.from(car())
        return new Response(body as BodyInit | null, { headers: { ...headers, ...length, 'content-type': type } })
      },
    }),
  ]
}

/** A gateway that is not trusted sends blocks, never files: who accepts anything has to say which. */
function formatOf(accept: string | null): 'raw' | 'car' {
  if (accept?.includes(carType)) return 'car'
  if (accept?.includes(rawType)) return 'raw'
  throw new AgoraiError('not_acceptable', `This is served as ${rawType} or ${carType}.`, { field: 'accept' })
}
