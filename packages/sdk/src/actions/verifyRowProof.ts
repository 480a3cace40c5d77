import {
  AgoraiError,
  canonicalRow,
  contentProofsAbi,
  contributorOfRow,
  contributorRootOf,
  type Manifest,
  manifestDigest,
  parseManifest,
  type RowProof,
  requireContent,
  verifyRow,
} from '@agorai/core'
import type { Address } from 'viem'
import { bytesToHex } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { ChainClient } from '../createChainClient.js'
import { assertCommitted, readManifest } from '../delivery/readManifest.js'
import { readContract } from '../transactions/readContract.js'

export type VerifyRowProofParameters = {
  proof: RowProof
  /** The whole row. */
  row: Record<string, unknown>
  /** The exact bytes of the version's manifest, from anywhere. Default: the client's node is asked for them. */
  manifestBytes?: Uint8Array | undefined
  /** Has the contract `ContentProofs` check the proof, too, which shows it the row. Default: false. */
  onChain?: boolean | undefined
}

export type VerifyRowProofReturnType = {
  version: bigint
  /** The row's number, from 0. */
  index: number
  rows: number
  /** Who gave the row; null is the publisher. */
  contributor: { account: Address; label: string } | null
  manifest: Manifest
}

/**
 * Checks that a row is in a version: the chain committed to the manifest, the manifest states the salted root, and the
 * proof leads from the row to that root. With the manifest's bytes at hand it takes a chain and nothing else.
 *
 * @throws AgoraiError `integrity_failed` when any of it is not so, `chain_unavailable`, `node_unavailable`
 */
export async function verifyRowProof(
  client: ChainClient | AgoraiClient,
  { proof, row, manifestBytes, onChain = false }: VerifyRowProofParameters,
): Promise<VerifyRowProofReturnType> {
  const version = BigInt(proof.version)
  const { publisher, manifestDigest: digest } = proof
  const { manifest, bytes } = await manifestOf()
  const { plaintext } = requireContent(manifest).content
  if (proof.root !== plaintext.root || proof.rows !== plaintext.rows)
    throw new AgoraiError('integrity_failed', 'The proof is for another content than the manifest states.', {
      field: 'proof.root',
    })
  if (!(await verifyRow({ ...proof, row: canonicalRow(row) })))
    throw new AgoraiError('integrity_failed', 'The proof does not lead from this row to the root.', {
      field: 'proof.proof',
    })
  if (onChain && !(await isProvenOnChain()))
    throw new AgoraiError('integrity_failed', 'The contract finds that the proof does not hold.', {
      field: 'proof.proof',
    })
  return {
    version,
    index: proof.index,
    rows: proof.rows,
    contributor: contributorOfRow(manifest, proof.index),
    manifest,
  }

  function isProvenOnChain(): Promise<boolean> {
    const source = { version, publisher, contributorRoot: contributorRootOf(manifest), manifest: bytesToHex(bytes) }
    return readContract(client, {
      address: client.info.chain.addresses.contentProofs,
      abi: contentProofsAbi,
      functionName: 'isRowOf',
      args: [source, BigInt(proof.index), proof.salt, bytesToHex(canonicalRow(row)), proof.proof],
    })
  }

  async function manifestOf(): Promise<{ manifest: Manifest; bytes: Uint8Array }> {
    if (manifestBytes === undefined) {
      if (!('http' in client))
        throw new AgoraiError('invalid_request', 'Without a node the manifest is needed.', { field: 'manifestBytes' })
      const read = await readManifest(client, { version, publisher, digest })
      return { manifest: read.manifest, bytes: read.manifestBytes }
    }
    if (manifestDigest(manifestBytes) !== digest)
      throw new AgoraiError('integrity_failed', 'The manifest has another digest than the proof names.', {
        field: 'manifestBytes',
      })
    const parsed = parseManifest(manifestBytes)
    await assertCommitted(client, { version, publisher, manifest: parsed, digest })
    return { manifest: parsed, bytes: manifestBytes }
  }
}
