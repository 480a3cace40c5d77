import { AgoraiError, storedSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type SignUploadParameters, signUpload } from './signUpload.js'

export type UploadSignedParameters = SignUploadParameters & {
  mediaType: string
  /** The body, afresh for each attempt. */
  body: () => BodyInit
  /** Default 3. */
  attemptsMax?: number
}

const timeoutMs = 30 * 60_000

/**
 * Uploads one thing under the signature of the client's account. What is uploaded is named by its hash, so it may safely
 * be sent again when the connection breaks.
 *
 * @throws AgoraiError what the node answers, `wallet_declined`, `node_unavailable`
 */
export async function uploadSigned(client: AgoraiClient, parameters: UploadSignedParameters): Promise<void> {
  const { resource, mediaType, body, attemptsMax = 3 } = parameters
  const { headers } = await signUpload(client, parameters)
  const { stored } = await client.http.json(storedSchema, {
    method: 'PUT',
    path: `api/v1/${resource}`,
    headers: { 'content-type': mediaType, ...headers },
    body,
    attemptsMax,
    timeoutMs,
  })
  if (!resource.endsWith(`/${stored}`))
    throw new AgoraiError('internal', `The node stored something else than ${resource}.`)
}
