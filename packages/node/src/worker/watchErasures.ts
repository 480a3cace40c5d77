import { setTimeout as pause } from 'node:timers/promises'
import { assetRegistryAbi } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { getAbiItem } from 'viem/utils'
import type { Chain } from '../ports/chain.js'

export type WatchErasuresOptions = {
  chain: Chain
  assetRegistry: Address
  /** The block in which the contracts were deployed. */
  startBlock: bigint
  /** Destroys the keys of a version; again, it changes nothing. */
  erase(commitment: Hex): Promise<void>
  pollMs: number
  /** Told once of each failure that is not the same as the one before. */
  onWarning(message: string, cause: unknown): void
}

const event = getAbiItem({ abi: assetRegistryAbi, name: 'VersionErased' })
/** Most RPC endpoints answer for at least so many blocks at once. */
const blocksMax = 10_000n

/**
 * Destroys the keys of every version that the chain calls erased, once that is confirmed. It reads from the first block at
 * every start: a key store that was restored from an older copy loses again what was erased since.
 */
export function watchErasures(options: WatchErasuresOptions): { stop(): Promise<void> } {
  const { startBlock, pollMs, onWarning } = options
  let next = startBlock
  let warned: string | undefined
  const ending = new AbortController()

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        next = await eraseUntilConfirmed(options, next, () => ending.signal.aborted)
        warned = undefined
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        if (message !== warned) onWarning('Erased versions could not be looked up; they are looked for again.', error)
        warned = message
      }
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

/** @returns The first block that is still to be looked at. */
async function eraseUntilConfirmed(
  { chain, assetRegistry, erase }: WatchErasuresOptions,
  from: bigint,
  isStopped: () => boolean,
): Promise<bigint> {
  const confirmed = await chain.confirmedBlockNumber()
  let next = from
  while (next <= confirmed && !isStopped()) {
    const last = next + blocksMax - 1n
    const toBlock = last < confirmed ? last : confirmed
    const logs = await chain.publicClient.getLogs({
      address: assetRegistry,
      event,
      fromBlock: next,
      toBlock,
      strict: true,
    })
    for (const { args } of logs) {
      const commitment = await chain.publicClient.readContract({
        address: assetRegistry,
        abi: assetRegistryAbi,
        functionName: 'commitmentOf',
        args: [args.version],
      })
      await erase(commitment)
    }
    next = toBlock + 1n
  }
  return next
}
