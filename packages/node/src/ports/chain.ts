import type { PublicClient } from 'viem'

/** The chain that the node stands on. */
export type Chain = {
  id: number
  /** Whether development keys and tokens are accepted. */
  local: boolean
  rpcUrl: string
  publicClient: PublicClient
  /**
   * Highest block that the node acts on: on a chain of its own the highest block that is safe on disk, elsewhere the head
   * less the configured confirmations, or the block that the chain calls final. -1 while there is none.
   *
   * @throws AgoraiError `chain_unavailable`
   */
  confirmedBlockNumber(): Promise<bigint>
  stop(): Promise<void>
}
