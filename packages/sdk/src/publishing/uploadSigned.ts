import { AgoraiError, storedSchema, toTypedData, type UploadRequest } from '@agorai/core'
import type { Hex } from 'viem'
import { getAddress } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type UploadSignedParameters = {
  /** What is uploaded: `content/<cid>`, `manifests/<digest>` or `keys/<digest>`; also its path. */
  resource: string
  bytes: number
  /** sha-256 of the body; for content the digest inside its CID. */
  digest: Hex
  mediaType: string
  /** The body, afresh for each attempt. */
  body: () => BodyInit
  /** Default 3. */
  attemptsMax?: number
}

const validForSeconds = 1_800
const timeoutMs = 30 * 60_000

/**
 * Uploads one thing under the signature of the client's account. What is uploaded is named by its hash, so it may safely
 * be sent again when the connection breaks.
 *
 * @throws AgoraiError what the node answers, `wallet_declined`, `node_unavailable`
 */
export async function uploadSigned(client: AgoraiClient, parameters: UploadSignedParameters): Promise<void> {
  const { resource, bytes, digest, mediaType, body, attemptsMax = 3 } = parameters
  const message: UploadRequest = {
    account: getAddress(walletOf(client).account.address),
    resource,
    bytes: BigInt(bytes),
    digest,
    operator: getAddress(client.info.operator.address),
    nonce: randomWord(),
    expiry: BigInt(Math.floor(Date.now() / 1000) + validForSeconds),
  }
  const domain = { chainId: client.info.chain.id, assetRegistry: client.info.chain.addresses.assetRegistry }
  const signature = await signMessage(client, toTypedData(domain, 'UploadRequest', message))
  const request = { ...message, bytes: String(message.bytes), expiry: String(message.expiry) }
  const { stored } = await client.http.json(storedSchema, {
    method: 'PUT',
    path: `api/v1/${resource}`,
    headers: {
      'content-type': mediaType,
      'agorai-request': toBase64Url(JSON.stringify(request)),
      'agorai-signature': signature,
    },
    body,
    attemptsMax,
    timeoutMs,
  })
  if (!resource.endsWith(`/${stored}`))
    throw new AgoraiError('internal', `The node stored something else than ${resource}.`)
}

const toBase64Url = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** A stream as the body of a request. Browsers do not send streams over HTTP/1.1, so there it is gathered first. */
export async function toUploadBody(content: () => AsyncIterable<Uint8Array>): Promise<() => BodyInit> {
  if (!('document' in globalThis)) return () => toReadableStream(content())
  const parts: BlobPart[] = []
  for await (const slice of content()) parts.push(new Uint8Array(slice))
  const blob = new Blob(parts)
  return () => blob
}

function toReadableStream(content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const slices = content[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await slices.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await slices.return?.()
    },
  })
}
