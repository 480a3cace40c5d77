import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import canonicalize from 'canonicalize'
import { CID } from 'multiformats/cid'
import { create as createMultihash } from 'multiformats/hashes/digest'
import type { Address, Hex } from 'viem'
import { bytesToHex, concatBytes, hexToBytes } from 'viem/utils'
import { AgoraiError, isAgoraiError } from '../errors/AgoraiError.js'
import { parseStrictJson, parseWith } from '../http/strictJson.js'
import { createContributorTree, memberAccountOf } from '../revenue/contributors.js'
import { type Manifest, manifestSchema } from './manifest.js'

/** Most bytes of a manifest: ten thousand contributors and four thousand fields fit. */
export const manifestBytesMax = 4 * 1024 * 1024

const rawCodec = 0x55
const sha256Code = 0x12

/**
 * The bytes of a manifest that are published: RFC 8785 canonical JSON, so equal manifests have equal digests.
 *
 * @throws AgoraiError `manifest_invalid`, `unsafe_name`, `payload_too_large`
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const bytes = new TextEncoder().encode(canonicalize(checkManifest(manifest)))
  // What is published must be what every reader accepts, down to the strings inside the free-form documents.
  parseManifest(bytes)
  return bytes
}

/**
 * Reads the bytes of a manifest.
 *
 * @throws AgoraiError `manifest_invalid` with the field, `unsafe_name` for the file name, `payload_too_large`
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  try {
    return checkManifest(parseStrictJson(bytes, { bytesMax: manifestBytesMax }))
  } catch (error) {
    if (isAgoraiError(error, 'invalid_request'))
      throw new AgoraiError('manifest_invalid', error.shortMessage, { cause: error })
    throw error
  }
}

/**
 * Manifests are published in one form only, so that a contract finds in their bytes what every reader finds.
 *
 * @throws AgoraiError `manifest_invalid` for any but RFC 8785 canonical JSON
 */
export function assertCanonical(manifestBytes: Uint8Array): void {
  const text = new TextDecoder().decode(manifestBytes)
  if (canonicalize(JSON.parse(text)) === text) return
  throw new AgoraiError('manifest_invalid', 'A manifest is published as canonical JSON (RFC 8785).')
}

function checkManifest(value: unknown): Manifest {
  try {
    return parseWith(manifestSchema, value, 'manifest_invalid')
  } catch (error) {
    if (isAgoraiError(error, 'manifest_invalid') && error.field === 'content.plaintext.fileName')
      throw new AgoraiError('unsafe_name', error.shortMessage, { field: error.field, cause: error })
    throw error
  }
}

/** sha-256 of the exact bytes of a manifest: what the registry holds. */
export const manifestDigest = (bytes: Uint8Array): Hex => bytesToHex(sha256(bytes))

/** The raw CIDv1 of a manifest, which `ipfs cat` understands. Its multihash is `manifestDigest`. */
export const manifestCid = (bytes: Uint8Array): string =>
  CID.createV1(rawCodec, createMultihash(sha256Code, sha256(bytes))).toString()

/**
 * The registry's `commitmentOf`: 192 bits of keccak256(abi.encode(publisher, manifestDigest, contributorRoot)), then 64
 * zero bits. It names the publisher, so that nobody else's publication of the same manifest passes for this one.
 */
export function publicationCommitment(publisher: Address, digest: Hex, contributorRoot: Hex): Hex {
  const parts = [new Uint8Array(12), hexToBytes(publisher), hexToBytes(digest), hexToBytes(contributorRoot)]
  return bytesToHex(keccak_256(concatBytes(parts)).fill(0, 24))
}

/** Leaves of a manifest's contributor tree, in order. A member of a collection stands as an account of its version's id. */
export const contributorLeavesOf = ({ contributors, members }: Manifest): { account: Address; weight: bigint }[] => [
  ...contributors.leaves.map(({ account, weight }) => ({ account, weight: BigInt(weight) })),
  ...members.map(({ version, weight }) => ({ account: memberAccountOf(BigInt(version)), weight: BigInt(weight) })),
]

/** Root of a manifest's contributor tree; zero when it names none. */
export const contributorRootOf = (manifest: Manifest): Hex => createContributorTree(contributorLeavesOf(manifest)).root
