import type { Address, Hex } from 'viem'

/** A session as it may be kept, for this user only: whoever has `bearer` or `macKey` can spend up to the ceiling. */
export type KeptSession = {
  session: string
  node: string
  bearer: string
  macKey: string
  /** Undefined for a session that a pass or free calls pay for. */
  channel: Hex | undefined
  /** Of that channel. */
  salt: Hex
  asset: bigint | undefined
  /** The offer whose pass pays; 0 where the free calls of a day do. */
  offer: bigint | undefined
  token: Address | undefined
  /** What the channel had been charged before it. */
  from: bigint
  ceiling: bigint
  /** What its calls came to, by their receipts; of a call that nobody knows the cost of, its maximum. */
  charged: bigint
  /** How much of that is not certain. */
  unsure: bigint
  /** Whether others may have called on it: its key was given away, or calls were made that are not counted here. */
  shared: boolean
  /** The counter of its last call. */
  counter: number
  expiresAt: number
}
