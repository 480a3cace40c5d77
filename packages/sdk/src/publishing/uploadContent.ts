import { AgoraiError, createByteReader, digestOfCid, isAgoraiError, uploadStateSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type SignedUpload, signUpload } from './signUpload.js'
import { isBrowser, toUploadBody } from './uploadBody.js'

export type UploadContentParameters = {
  cid: string
  /** Length of the ciphertext. */
  bytes: number
  /** The ciphertext from one of its bytes on, the same bytes each time. */
  sealed(start: number): AsyncIterable<Uint8Array>
  /** Told how much of the ciphertext has been sent, all in all. */
  onBytes?: ((bytes: number) => void) | undefined
  /** Wait after the first failure; twice as long after each further one. Default 500. */
  retryDelayMs?: number | undefined
}

/** In one request: an answer within half an hour even at 5 Mbit/s, and what a browser holds in memory at a time. */
const streamedBytesMax = 1024 * 1024 * 1024
const gatheredBytesMax = 16 * 1024 * 1024
const timeoutMs = 30 * 60_000
const failuresMax = 6
const retryDelayMsMax = 30_000

/**
 * Uploads a ciphertext from where the node has it, so what was sent before a connection, or a process, broke is not sent
 * again. It gives up when several attempts in a row bring nothing forward.
 *
 * @throws AgoraiError what the node answers, `wallet_declined`, `node_unavailable`
 */
export async function uploadContent(client: AgoraiClient, parameters: UploadContentParameters): Promise<void> {
  const { cid, bytes, retryDelayMs = 500 } = parameters
  const claim = { resource: `content/${cid}`, bytes, digest: digestOfCid(cid) }
  let signed = await signUpload(client, claim)
  let [furthest, failures] = [0, 0]
  for (let mayRestart = true; ; ) {
    if (!signed.isValid()) signed = await signUpload(client, claim)
    const { received, stored } = await client.http.json(uploadStateSchema, {
      path: `api/v1/uploads/${cid}`,
      headers: signed.headers,
    })
    if (stored === cid) return
    if (received > furthest) failures = 0
    furthest = Math.max(furthest, received)
    try {
      if (await sendFrom(client, { ...parameters, signed, start: received === bytes ? 0 : received })) return
    } catch (error) {
      // What the node had of an earlier attempt was damaged there, and it has forgotten it.
      const begunElsewhere = isAgoraiError(error, 'digest_mismatch') && received > 0 && mayRestart
      if (begunElsewhere) mayRestart = false
      else if (!isPassing(error) || ++failures >= failuresMax) throw error
      await new Promise((resume) => setTimeout(resume, Math.min(retryDelayMsMax, retryDelayMs * 2 ** failures)))
    }
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof AgoraiError && ['node_unavailable', 'busy', 'length_mismatch'].includes(error.code)

/** Sends requests one after the other, from one reading of the content. @returns Whether it is stored. */
async function sendFrom(
  client: AgoraiClient,
  parameters: UploadContentParameters & { signed: SignedUpload; start: number },
): Promise<boolean> {
  const { cid, bytes, signed, start, onBytes } = parameters
  const requestBytesMax = isBrowser() ? gatheredBytesMax : streamedBytesMax
  const reader = createByteReader(parameters.sealed(start))
  try {
    for (let at = start; at < bytes; ) {
      // A longer upload needs another signature, and begins a new round for it.
      if (!signed.isValid()) return false
      const end = Math.min(bytes, at + requestBytesMax)
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        let sent = at
        for await (const slice of reader.pass(end - at)) {
          yield slice
          sent += slice.length
          onBytes?.(sent)
        }
      }
      const body = await toUploadBody(counted())
      const { stored, received } = await client.http.json(uploadStateSchema, {
        method: 'PUT',
        path: `api/v1/content/${cid}`,
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `bytes ${at}-${end - 1}/${bytes}`,
          ...signed.headers,
        },
        body: () => body,
        timeoutMs,
      })
      if (stored === cid) return true
      if (received !== end) return false
      at = end
    }
    return false
  } finally {
    await reader.close()
  }
}
