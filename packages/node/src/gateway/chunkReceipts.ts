import {
  AgoraiError,
  bytes32Schema,
  type ChunkReceipt,
  hashChunk,
  hashMessageOf,
  hexSchema,
  parseStrictJson,
  parseWith,
  type SigningDomain,
  toTypedData,
  uintSchema,
} from '@agorai/core'
import { bytesToHex, type Hex, isAddressEqual } from 'viem'
import { z } from 'zod'
import type { OperatorKeys } from '../ports/keys.js'
import type { Buckets } from './limits.js'
import { recoverSigner } from './recoverSigner.js'

/** The operator's own word for a delivery, given back by whoever it was made for. */
type Delivery = { requestDigest: Hex; manifestDigest: Hex }

/** Receipts for single chunks, for buyers who got a wrong one. */
export type ChunkReceipts = {
  /**
   * Reads the header in which a client gives back its delivery's receipt.
   *
   * @throws AgoraiError `signature_invalid` for what this operator did not sign, `invalid_request`, `rate_limited`
   */
  open(header: string | null): Promise<Delivery>
  /**
   * Signs for a chunk that is about to be sent.
   *
   * @param parameters.listed Its hash, as the root of the manifest has it.
   * @throws AgoraiError `integrity_failed` when the stored chunk is another one: nobody signs for that.
   */
  sign(parameters: { delivery: Delivery; chunk: number; bytes: Uint8Array; listed: Uint8Array }): Promise<string>
}

const headerCharactersMax = 2_048
const deliverySchema = z.strictObject({
  requestDigest: bytes32Schema,
  manifestDigest: bytes32Schema,
  grantedAt: uintSchema,
  signature: hexSchema,
})

export function createChunkReceipts(options: {
  domain: SigningDomain
  account: OperatorKeys['account']
  /** Receipts of one delivery. */
  limit: Buckets
}): ChunkReceipts {
  const { domain, account, limit } = options
  return {
    async open(header) {
      if (header === null || header.length > headerCharactersMax || !/^[A-Za-z0-9_-]+$/.test(header))
        throw new AgoraiError('invalid_request', "agorai-delivery: must be the delivery's receipt in base64url.", {
          field: 'agorai-delivery',
        })
      const { signature, ...receipt } = parseWith(deliverySchema, parseStrictJson(Buffer.from(header, 'base64url')))
      const hash = hashMessageOf(domain, 'DeliveryReceipt', { ...receipt, grantedAt: BigInt(receipt.grantedAt) })
      const signer = recoverSigner(hash, signature)
      if (signer === undefined || !isAddressEqual(signer, account.address))
        throw new AgoraiError('signature_invalid', 'This operator did not sign that receipt.', {
          field: 'agorai-delivery',
        })
      limit.take(receipt.requestDigest)
      return receipt
    },
    async sign({ delivery, chunk, bytes, listed }) {
      const hash = await hashChunk(bytes)
      if (Buffer.compare(hash, listed) !== 0)
        throw new AgoraiError('integrity_failed', `The stored copy of chunk ${chunk} is damaged.`, {
          details: { chunk },
        })
      const { requestDigest, manifestDigest } = delivery
      const receipt: ChunkReceipt = {
        requestDigest,
        manifestDigest,
        index: BigInt(chunk),
        chunkHash: bytesToHex(hash),
        sentAt: BigInt(Math.floor(Date.now() / 1000)),
      }
      const signature = await account.signTypedData(toTypedData(domain, 'ChunkReceipt', receipt))
      const text = JSON.stringify({ ...receipt, index: `${receipt.index}`, sentAt: `${receipt.sentAt}`, signature })
      return Buffer.from(text).toString('base64url')
    },
  }
}
