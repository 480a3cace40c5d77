import { AgoraiError, hexSchema, parseStrictJson, parseWith } from '@agorai/core'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { z } from 'zod'
import type { Kms } from '../../ports/kms.js'

const answerSchema = z.object({ result: hexSchema })
const timeoutMs = 10_000
const answerBytesMax = 64 * 1024

/**
 * Protects by a key management service that never gives its key away. It is asked by
 *
 *     POST <endpoint>/wrap, POST <endpoint>/unwrap     authorization: Bearer <token>     {"input":"0x…"} → {"result":"0x…"}
 *
 * at a node's start only: a service that does not answer later stops no delivery.
 */
export function createHttpKms({ endpoint, token }: { endpoint: string; token: string | undefined }): Kms {
  const ask = async (verb: 'wrap' | 'unwrap', input: Uint8Array): Promise<Uint8Array> => {
    const answer = await send(`${endpoint.replace(/\/$/, '')}/${verb}`, token, { input: bytesToHex(input) })
    return hexToBytes(answer)
  }
  return { wrap: (plaintext) => ask('wrap', plaintext), unwrap: (wrapped) => ask('unwrap', wrapped) }
}

async function send(url: string, token: string | undefined, body: { input: Hex }): Promise<Hex> {
  let response: Response
  let text: Uint8Array
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new AgoraiError('kms_unavailable', 'The key management service did not answer.', {
      field: 'AGORAI_KMS_URL',
      cause,
    })
  }
  if (response.status === 401 || response.status === 403)
    throw new AgoraiError('key_store_locked', `The key management service refuses this token (${response.status}).`, {
      field: 'AGORAI_KMS_TOKEN',
    })
  if (response.status === 400 || response.status === 422)
    throw new AgoraiError('key_store_locked', 'The key management service did not close these master keys.', {
      field: 'AGORAI_KMS_URL',
    })
  if (!response.ok)
    throw new AgoraiError('kms_unavailable', `The key management service answered ${response.status}.`, {
      field: 'AGORAI_KMS_URL',
    })
  try {
    return parseWith(answerSchema, parseStrictJson(text, { bytesMax: answerBytesMax })).result
  } catch (cause) {
    // What it answered may be a secret, so it is not quoted.
    throw new AgoraiError('kms_unavailable', 'The key management service answered something else than a result.', {
      field: 'AGORAI_KMS_URL',
      cause: cause instanceof AgoraiError ? undefined : cause,
    })
  }
}
