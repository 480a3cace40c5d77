import { AgoraiError } from '@agorai/core'
import type { Hex } from 'viem'

/** Deposits that were sent and may be mined yet, so that none is sent again, or refused as used, while it waits. */
export type PendingDeposits = {
  has(channel: Hex): boolean
  /** @param balance What the channel has once it is mined, in base units. */
  add(channel: Hex, balance: bigint): void
  /**
   * Forgets what the chain has.
   *
   * @param balance What the channel has by the chain, in base units.
   * @throws AgoraiError `settlement_pending` as long as that is less than it will be.
   */
  assertMined(channel: Hex, balance: bigint): void
}

/** After that a transaction is taken for lost, and the deposit may be sent again: the token takes one of them. */
const keptSeconds = 600
const keptMax = 10_000

export function createPendingDeposits(now = () => Date.now() / 1_000): PendingDeposits {
  const pending = new Map<Hex, { balance: bigint; until: number }>()
  const has = (channel: Hex) => (pending.get(channel)?.until ?? 0) > now()
  return {
    has,
    add(channel, balance) {
      if (pending.size >= keptMax) pending.clear()
      pending.set(channel, { balance, until: now() + keptSeconds })
    },
    assertMined(channel, balance) {
      const { balance: expected = 0n } = pending.get(channel) ?? {}
      if (has(channel) && balance < expected)
        throw new AgoraiError('settlement_pending', 'The deposit was sent, and is not mined yet.')
      pending.delete(channel)
    },
  }
}
