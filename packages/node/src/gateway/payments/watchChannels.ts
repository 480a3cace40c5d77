import { setTimeout as pause } from 'node:timers/promises'
import { batchSettlementAddress } from '@agorai/core'
import type { Hex } from 'viem'
import type { Chain } from '../../ports/chain.js'
import type { ChannelMirror } from './channelMirror.js'

export type WatchChannelsOptions = { chain: Chain; mirror: ChannelMirror; pollMs: number }

/** More blocks than this at once, and everything is read again instead. */
const blocksMax = 1_000n

/** Drops from the mirror whatever the chain has moved on. Every event of the contract names its channel first. */
export function watchChannels({ chain, mirror, pollMs }: WatchChannelsOptions): { stop(): Promise<void> } {
  let seen: bigint | undefined
  const ending = new AbortController()

  async function look(): Promise<void> {
    const head = await chain.publicClient.getBlockNumber({ cacheTime: 0 })
    if (seen === head) return
    // A chain that went back has forgotten things, too.
    if (seen === undefined || head < seen || head - seen > blocksMax) mirror.dropAll()
    else {
      const range = { fromBlock: seen + 1n, toBlock: head }
      const logs = await chain.publicClient.getLogs({ address: batchSettlementAddress, ...range })
      for (const { topics } of logs) if (topics[1] !== undefined) mirror.drop(topics[1] as Hex)
    }
    seen = head
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      // A chain that does not answer leaves the mirror to its age.
      await look().catch(() => {})
      await pause(pollMs, undefined, { signal: ending.signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async stop() {
      ending.abort()
      await running
    },
  }
}
