import { type Address, pad, zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import type { ChannelAccount } from '../ports/settlement.js'
import { isDue, newState } from './settlementState.js'

const key: Address = '0x1111111111111111111111111111111111111111'
const policy = { value: 1_000n, deniableValue: 50n, seconds: 3_600 }

/** A channel that was charged at the beginning of time. */
function accountOf(charged: bigint, payerAuthorizer: Address): ChannelAccount {
  const state = { channel: pad('0x01'), charged, config: { payerAuthorizer } } as unknown as ChannelAccount['state']
  return { state, runs: [{ version: 1n, to: charged, at: 0 }] }
}

test('a channel is claimed once it owes enough or for long enough, and much earlier where it could be denied', () => {
  const dueAt = (charged: bigint, payerAuthorizer: Address, seconds: number) =>
    isDue(newState(), accountOf(charged, payerAuthorizer), policy, seconds * 1_000)
  expect([999n, 1_000n].map((charged) => dueAt(charged, key, 0))).toEqual([false, true])
  expect([0n, 49n, 50n].map((charged) => dueAt(charged, zeroAddress, 0))).toEqual([false, false, true])
  expect([3_599, 3_600].map((seconds) => dueAt(1n, zeroAddress, seconds))).toEqual([false, true])
})
