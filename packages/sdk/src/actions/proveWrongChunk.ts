import { contentProofsAbi } from '@agorai/core'
import type { ChainClient } from '../createChainClient.js'
import type { WrongChunk } from '../delivery/wrongChunk.js'
import { readContract } from '../transactions/readContract.js'

export type ProveWrongChunkParameters = WrongChunk

/** `proven`: whether the contract finds that this operator signed for another chunk than was published. */
export type ProveWrongChunkReturnType = { proven: boolean }

/**
 * Has the contract check that an operator sent another chunk than was published. It only reads: what follows from a proof
 * is for whoever handles challenges.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function proveWrongChunk(
  client: ChainClient,
  parameters: ProveWrongChunkParameters,
): Promise<ProveWrongChunkReturnType> {
  const { version, publisher, contributorRoot, manifest, operator, receipt, signature, chunkHash, proof } = parameters
  const proven = await readContract(client, {
    address: client.info.chain.addresses.contentProofs,
    abi: contentProofsAbi,
    functionName: 'isWrongChunk',
    args: [
      { version: BigInt(version), publisher, contributorRoot, manifest },
      { ...receipt, index: BigInt(receipt.index), sentAt: BigInt(receipt.sentAt) },
      operator,
      signature,
      chunkHash,
      proof,
    ],
  })
  return { proven: proven && parameters.chain === client.info.chain.id }
}
