import { CID } from 'multiformats/cid'
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
