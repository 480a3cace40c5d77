import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { Hex } from 'viem'
import { bytesToHex } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'

const sha256Code = 0x12

/**
 * The sha-256 inside a CID: of the root block, not of the content itself.
 *
 * @throws AgoraiError `invalid_request` for anything but a CIDv1 with a sha-256.
 */
export function digestOfCid(cid: string): Hex {
  try {
    const { version, multihash } = CID.parse(cid)
    if (version === 1 && multihash.code === sha256Code) return bytesToHex(multihash.digest)
  } catch {
    // The reason quotes what was given.
  }
  throw new AgoraiError('invalid_request', 'A CID here is a CIDv1 with a sha-256.', { field: 'cid' })
}

/** The bytes of a CID. @throws AgoraiError `invalid_request` for anything but a CIDv1 with a sha-256. */
export function bytesOfCid(cid: string): Uint8Array {
  digestOfCid(cid)
  return CID.parse(cid).bytes
}

/** Codecs of blocks: plain bytes, and a node with links. */
export const blockCodecs = { raw: 0x55, dagPb: 0x70 } as const

/** The CID of a block, as text and as bytes, from its sha-256. */
export function cidOfDigest(codec: keyof typeof blockCodecs, digest: Uint8Array): { text: string; bytes: Uint8Array } {
  const cid = CID.createV1(blockCodecs[codec], create(sha256Code, digest))
  return { text: cid.toString(), bytes: cid.bytes }
}
