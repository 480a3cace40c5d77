import { AgoraiError } from '@agorai/core'
import { readStream } from '../content/readStream.js'
import type { Http } from './createHttp.js'

const attemptsMax = 5
const stallMs = 60_000

/**
 * Reads a stored ciphertext, or a part of it. A connection that breaks or stalls is taken up where it stopped, at most
 * four times in a row without progress.
 *
 * @param bytes Its length, as the manifest states it.
 * @param part From `start` up to `end`, which is not included. Default: all of it.
 * @throws AgoraiError `node_unavailable`, `not_found`, and `length_mismatch` when the node has another length.
 */
export async function* readContent(
  http: Http,
  cid: string,
  bytes: number,
  { start, end } = { start: 0, end: bytes },
): AsyncGenerator<Uint8Array> {
  let read = start
  for (let made = 1; read < end; made++) {
    try {
      const isWhole = read === 0 && end === bytes
      const range = { headers: { range: end === bytes ? `bytes=${read}-` : `bytes=${read}-${end - 1}` } }
      const response = await http.send({ path: `api/v1/content/${cid}`, ...(isWhole ? {} : range) })
      if (response.body === null || (!isWhole && response.status !== 206))
        throw new AgoraiError('node_unavailable', 'The node does not send the rest of the content.')
      for await (const slice of readStream(response.body, stallMs)) {
        if (slice.length > 0) made = 0
        read += slice.length
        if (read > end) break
        yield slice
      }
      if (read > end) break
      if (read < end) throw new AgoraiError('node_unavailable', `The content ended after ${read} of ${bytes} bytes.`)
    } catch (error) {
      const passing = !(error instanceof AgoraiError) || error.code === 'node_unavailable'
      if (!passing) throw error
      if (made >= attemptsMax) {
        if (error instanceof AgoraiError) throw error
        throw new AgoraiError('node_unavailable', `The content broke off after ${read} bytes.`, { cause: error })
      }
    }
  }
  if (read !== end)
    throw new AgoraiError('length_mismatch', `The node sent more than the ${bytes} bytes of the manifest.`, {
      details: { bytes },
    })
}
