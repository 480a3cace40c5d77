import { bytesToHex } from 'viem/utils'
import type { z } from 'zod'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import { signUpload } from './signUpload.js'

const confirmationMs = 60_000
/** A model is opened before it is served. */
const timeoutMs = 5 * 60_000

/** Sends a document under the signature of the client's account, which is good for this document only, and once. */
export async function postSigned<schema extends z.ZodType>(
  client: AgoraiClient,
  schema: schema,
  { resource, document }: { resource: string; document: object },
): Promise<z.output<schema>> {
  const body = new TextEncoder().encode(JSON.stringify(document))
  const digest = bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', body)))
  const ask = async (): Promise<z.output<schema>> => {
    const { headers } = await signUpload(client, { resource, bytes: body.length, digest })
    return client.http.json(schema, {
      method: 'POST',
      path: `api/v1/${resource}`,
      headers: { 'content-type': 'application/json', ...headers },
      body: () => body,
      attemptsMax: 3,
      timeoutMs,
    })
  }
  return untilConfirmed(client, { ask, timeoutMs: confirmationMs })
}
