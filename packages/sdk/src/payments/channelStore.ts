import type { ChannelConfig } from '@agorai/core'
import type { Hex } from 'viem'

/** What a payer remembers of a channel. Amounts are base units of its token. Lost, it is recovered from the operator's answer. */
export type KeptChannel = {
  config: ChannelConfig
  /** What its calls came to, cumulative. */
  charged: bigint
  /** What was deposited and not given back. */
  balance: bigint
  /** The highest cumulative amount that was signed for. */
  signedMax: bigint
  /** Whether the last voucher was answered. Until it is, the operator may have charged it. */
  answered: boolean
  /** The session that has the channel for itself. */
  session?: string | undefined
}

/** Where a payer keeps channels, by their ids. */
export type ChannelStore = {
  get(channel: Hex): Promise<KeptChannel | undefined>
  /** Returns only when it is durable, where the store is. */
  set(channel: Hex, kept: KeptChannel): Promise<void>
  /** Runs the work when no other runs under this name, which is a channel's id or what is done with all of them. */
  exclusive<result>(name: string, work: () => Promise<result>): Promise<result>
}

/** A store that forgets when the process ends; the next one recovers each channel from its operator. */
export function createChannelMemory(): ChannelStore {
  const channels = new Map<Hex, KeptChannel>()
  const exclusive = createTurns()
  return {
    get: async (channel) => channels.get(channel),
    async set(channel, kept) {
      channels.set(channel, kept)
    },
    exclusive,
  }
}

/** One after another for each name, in the order in which they came. */
export function createTurns(): <result>(name: string, work: () => Promise<result>) => Promise<result> {
  const last = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, turn)
    try {
      return await turn
    } finally {
      if (last.get(name) === turn) last.delete(name)
    }
  }
}
