import { batchSettlementAbi, batchSettlementAddress } from '@agorai/core'
import { decodeFunctionResult, encodeFunctionData, type Hex, type PublicClient } from 'viem'
import { askChain } from '../askChain.js'

/** What the chain has of a channel. Amounts are base units. */
export type ChannelFunds = {
  /** All deposits less what was withdrawn and given back. */
  balance: bigint
  /** Cumulative. */
  totalClaimed: bigint
  /** When the payer asked to withdraw, in unix seconds; 0 when it did not. */
  withdrawRequestedAt: number
  refundNonce: bigint
}

/** A copy of what the chain has, no older than it may be. */
export type ChannelMirror = {
  /** Undefined where there is none, or it is too old. */
  fresh(channel: Hex): ChannelFunds | undefined
  /** @throws AgoraiError `chain_unavailable` */
  read(channel: Hex): Promise<ChannelFunds>
  /** The next call reads it again. */
  drop(channel: Hex): void
  dropAll(): void
}

/** Far below the shortest time that a withdrawal takes. */
const freshMs = 30_000
const keptMax = 100_000

const contract = { address: batchSettlementAddress, abi: batchSettlementAbi } as const
const questions = ['channels', 'pendingWithdrawals', 'refundNonce'] as const

export function createChannelMirror(publicClient: PublicClient, now = () => performance.now()): ChannelMirror {
  const kept = new Map<Hex, { at: number; funds: ChannelFunds }>()
  const reading = new Map<Hex, Promise<ChannelFunds>>()

  return {
    fresh(channel) {
      const found = kept.get(channel)
      return found !== undefined && now() - found.at < freshMs ? found.funds : undefined
    },
    read(channel) {
      const known = reading.get(channel)
      if (known !== undefined) return known
      const at = now()
      const asked = askChain(() => readFunds(publicClient, channel)).then(
        (funds) => {
          // What was dropped while it was read stays dropped.
          if (reading.get(channel) !== asked) return funds
          reading.delete(channel)
          if (kept.size >= keptMax) kept.clear()
          kept.set(channel, { at, funds })
          return funds
        },
        (error: unknown) => {
          if (reading.get(channel) === asked) reading.delete(channel)
          throw error
        },
      )
      reading.set(channel, asked)
      return asked
    },
    drop(channel) {
      kept.delete(channel)
      reading.delete(channel)
    },
    dropAll() {
      kept.clear()
      reading.clear()
    },
  }
}

/** All of it in one call, so that it is of one block. */
async function readFunds(publicClient: PublicClient, channel: Hex): Promise<ChannelFunds> {
  const data = questions.map((functionName) =>
    encodeFunctionData({ abi: batchSettlementAbi, functionName, args: [channel] }),
  )
  const { result } = await publicClient.simulateContract({ ...contract, functionName: 'multicall', args: [data] })
  const [funds = '0x', withdrawal = '0x', nonce = '0x'] = result
  const abi = batchSettlementAbi
  const [balance, totalClaimed] = decodeFunctionResult({ abi, functionName: 'channels', data: funds })
  const [, initiatedAt] = decodeFunctionResult({ abi, functionName: 'pendingWithdrawals', data: withdrawal })
  const refundNonce = decodeFunctionResult({ abi, functionName: 'refundNonce', data: nonce })
  return { balance, totalClaimed, withdrawRequestedAt: initiatedAt, refundNonce }
}
