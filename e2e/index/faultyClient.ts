import { createPublicClient, custom, type EIP1193RequestFn, http, type PublicClient } from 'viem'
import { foundry } from 'viem/chains'
import type { Random } from './random.js'

type Answer = unknown
type Fault = (method: string, answer: Answer) => Answer

/** Ways in which a server answers badly, each of which must be seen through. */
export type FaultName = keyof typeof faults

const faults = {
  /** The server fails. */
  failure: () => {
    throw new Error('The server fell over.')
  },
  /** The server does not know a block that it named before. */
  missingBlock: (method, answer) => (method === 'eth_getBlockByNumber' ? null : answer),
  /** The server behind the balancer has not seen the block yet, and has no logs of it. */
  missingLogs: (method, answer) => (method === 'eth_getLogs' ? [] : answer),
  /** The same log twice, and all in another order. */
  duplicates: (method, answer) =>
    method === 'eth_getLogs' && Array.isArray(answer) ? [...answer].reverse().concat(answer) : answer,
  /** Logs of an identical contract at another address, as a server sends that ignores the filter. */
  foreign: (method, answer) =>
    method === 'eth_getLogs' && Array.isArray(answer)
      ? [...answer, ...answer.map((log) => ({ ...log, address: `0x${'77'.repeat(20)}`, logIndex: '0xffff' }))]
      : answer,
  /** Logs that were taken back. */
  removed: (method, answer) =>
    method === 'eth_getLogs' && Array.isArray(answer) ? answer.map((log) => ({ ...log, removed: true })) : answer,
} satisfies Record<string, Fault>

export const faultNames = Object.keys(faults) as FaultName[]

/** A client of a chain behind a server that can be told to misbehave. */
export function createFaultyClient(rpcUrl: string) {
  const { request } = http(rpcUrl, { retryCount: 0 })({ chain: foundry })
  const plan = new Map<number, Fault>()
  const before = new Map<number, () => Promise<void>>()
  const acts: Promise<void>[] = []
  let requests = 0
  let isDown = false
  const faultyRequest = async (parameters: { method: string }): Promise<Answer> => {
    const number = requests++
    await before.get(number)?.()
    const answer = await request(parameters as Parameters<EIP1193RequestFn>[0])
    // A range of old blocks is answered by any server that has the block at its end.
    const isRange = 'params' in parameters && JSON.stringify(parameters.params).includes('fromBlock')
    const fault = isDown ? faults.failure : plan.get(number)
    return fault === undefined || (isRange && fault === faults.missingLogs) ? answer : fault(parameters.method, answer)
  }
  const client: PublicClient = createPublicClient({
    chain: foundry,
    transport: custom({ request: faultyRequest }, { retryCount: 0 }),
    cacheTime: 0,
  })
  return {
    client,
    /** Lets a few of the next requests go wrong. */
    plan(random: Random, count: number): void {
      for (let i = 0; i < count; i++) plan.set(requests + random.below(150), faults[random.pick(faultNames)])
    },
    /** Does something, such as a reorg, right before one of the next requests. */
    interrupt(random: Random, act: () => Promise<void>): void {
      before.set(requests + random.below(40), () => {
        const acting = act()
        acts.push(acting)
        return acting
      })
    },
    /** Every request fails from now on. */
    fail(): void {
      isDown = true
    },
    /** From now on all is well. What was begun is ended first: a reader that failed does not wait for it. */
    async calm(): Promise<void> {
      isDown = false
      plan.clear()
      before.clear()
      await Promise.all(acts)
    },
  }
}
