import {
  AgoraiError,
  addressSchema,
  bytes32Schema,
  chunkHashAt,
  contributorRootOf,
  type DeliveryGrant,
  hashChunk,
  hashMessageOf,
  hexSchema,
  parseManifest,
  parseStrictJson,
  parseWith,
  readChunkHashes,
  requireContent,
  type SigningDomain,
  uintSchema,
} from '@agorai/core'
import type { Address, Hex } from 'viem'
import { bytesToHex, isAddressEqual, recoverAddress } from 'viem/utils'
import { z } from 'zod'
import { collectBytes } from '../content/readStream.js'
import type { Http } from '../http/createHttp.js'

const receiptSchema = z.strictObject({
  requestDigest: bytes32Schema,
  manifestDigest: bytes32Schema,
  index: uintSchema,
  chunkHash: bytes32Schema,
  sentAt: uintSchema,
})

/** Everything that proves, to a contract and to anybody, that an operator sent another chunk than was published. */
export const wrongChunkSchema = z.strictObject({
  chain: z.number().int(),
  version: uintSchema,
  publisher: addressSchema,
  contributorRoot: bytes32Schema,
  /** The exact bytes of the manifest in hex. */
  manifest: z.string().regex(/^0x([0-9a-f]{2})+$/) as unknown as z.ZodType<Hex>,
  operator: addressSchema,
  receipt: receiptSchema,
  signature: hexSchema,
  /** sha-256 of the right chunk. */
  chunkHash: bytes32Schema,
  /** Siblings that lead from it to the manifest's chunk root. */
  proof: z.array(bytes32Schema),
})

export type WrongChunk = z.infer<typeof wrongChunkSchema>

const chunkBytesMax = 2 * 1024 * 1024

/** Asks for one chunk with the operator's signature over it. What comes is not what was asked for until it is compared. */
async function askForChunk(
  http: Http,
  { cid, index, grant }: { cid: string; index: number; grant: DeliveryGrant },
): Promise<{ sealed: Uint8Array<ArrayBuffer>; header: string }> {
  const { receipt, receiptSignature } = grant
  const response = await http.send({
    path: `api/v1/content/${cid}`,
    query: { chunk: index },
    headers: { 'agorai-delivery': toBase64Url(JSON.stringify({ ...receipt, signature: receiptSignature })) },
  })
  const header = response.headers.get('agorai-chunk-receipt')
  if (response.body === null || header === null)
    throw new AgoraiError('node_unavailable', 'The node sends no receipt for a chunk.')
  const sealed = await collectBytes(response.body as unknown as AsyncIterable<Uint8Array>)
  if (sealed.length > chunkBytesMax) throw new AgoraiError('length_mismatch', 'The node sent more than a chunk.')
  return { sealed, header }
}

export type AskAgainParameters = {
  http: Http
  domain: SigningDomain
  operator: Address
  version: bigint
  publisher: Address
  manifestBytes: Uint8Array
  grant: DeliveryGrant
  hashes: Uint8Array
  index: number
}

/**
 * Asks the operator of a delivery for a chunk again, this time with its signature. An operator who sends the right one has
 * done what it owes; one who signs for another has made the proof.
 *
 * @returns The chunk as it was sent, and the proof if it is another one.
 * @throws AgoraiError `signature_invalid` when the receipt is not the operator's word for what was sent
 */
export async function askAgain(
  parameters: AskAgainParameters,
): Promise<{ sealed: Uint8Array<ArrayBuffer>; wrong?: WrongChunk }> {
  const { http, domain, operator, version, publisher, manifestBytes, grant, hashes, index } = parameters
  const manifest = requireContent(parseManifest(manifestBytes))
  const { sealed, header } = await askForChunk(http, { cid: manifest.content.cid, index, grant })
  const { signature, ...receipt } = parseWith(
    receiptSchema.extend({ signature: hexSchema }),
    parseStrictJson(fromBase64Url(header)),
  )
  const sent = bytesToHex(await hashChunk(sealed))
  const isOfThis =
    receipt.index === String(index) &&
    receipt.chunkHash === sent &&
    receipt.requestDigest === grant.receipt.requestDigest &&
    receipt.manifestDigest === grant.manifestDigest
  const message = { ...receipt, index: BigInt(receipt.index), sentAt: BigInt(receipt.sentAt) }
  const hash = hashMessageOf(domain, 'ChunkReceipt', message)
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined)
  if (!isOfThis || signer === undefined || !isAddressEqual(signer, operator))
    throw new AgoraiError('signature_invalid', 'The receipt is not signed by the operator for this chunk.', {
      field: 'receipt',
    })
  const chunkHash = bytesToHex(chunkHashAt(hashes, index))
  if (sent === chunkHash) return { sealed }
  const tree = await readChunkHashes(manifest.content, hashes)
  const wrong: WrongChunk = {
    chain: domain.chainId,
    version: String(version),
    publisher,
    contributorRoot: contributorRootOf(manifest),
    manifest: bytesToHex(manifestBytes),
    operator,
    receipt,
    signature,
    chunkHash,
    proof: tree.proof(index),
  }
  return { sealed, wrong }
}

const toBase64Url = (text: string): string => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

const fromBase64Url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
