import { pad } from 'viem'
import { expect, test } from 'vitest'
import { createHousekeeping } from './keepHouse.js'
import type { Live } from './pools.js'
import type { SessionState } from './sessionBook.js'

test('a session that nobody asks this gateway for ends, too, when its payer withdraws: its gateway may be gone', async () => {
  const states = ['a', 'b', 'c'].map((id, index) => ({
    ...{ id, state: 'open', expiresAt: 86_400, channel: pad(`0x0${index + 1}`) },
    charged: id === 'c' ? 0n : 5n,
  })) as SessionState[]
  const lives = new Map<string, Live>()
  const ended: string[] = []
  const asked: string[] = []
  let withdrawing = ''
  let seconds = 1_000
  const house = createHousekeeping({
    memory: { sessions: { running: () => states.values() } as never, catchUp: async () => {} },
    live: {
      find: (id: string) => {
        const state = states.find((each) => each.id === id) as SessionState
        lives.set(id, { state, pool: { leases: [], calls: [] }, ending: new Set() } as unknown as Live)
      },
      all: () => lives.values(),
    } as never,
    pools: {} as never,
    closings: { close: async ({ state }: Live) => void ended.push(state.id) } as never,
    answerOnce: { recordRest: async () => {} } as never,
    log: { bytes: () => 0, turn: async () => async () => {} },
    shared: true,
    desk: {
      async isWithdrawing(channel) {
        asked.push(channel)
        return channel === withdrawing
      },
    },
    onWarning: (message) => {
      throw new Error(message)
    },
    now: () => seconds,
  })
  await house.look()
  await house.look()
  // Where nothing was charged there is nothing to lose, and the chain is not asked in every round.
  expect([asked, lives.size]).toEqual([[pad('0x01'), pad('0x02')], 0])
  withdrawing = pad('0x02')
  seconds += 120
  await house.look()
  expect([ended, [...lives.keys()]]).toEqual([['b'], ['b']])
})
