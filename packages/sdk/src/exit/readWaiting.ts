import type { Address } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { findHolders } from '../market/findHolders.js'
import { inBatches } from '../revenue/inBatches.js'
import { chainTime } from '../transactions/chainTime.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import type { Facts } from './readFacts.js'

/** Money of a pass that is not final yet. */
export type Waiting = {
  offer: bigint
  asset: bigint
  holder: Address
  token: Address
  /** Base units. */
  amount: bigint
  /** When the last of it is final, unix seconds, if the holder does not give the pass back before. */
  until: number
}

const secondsPerDay = 86_400
const readsAtOnce = 50

/** What waits in the market of these offers: prices whose refund window is open, and days that have not ended. */
export async function readWaiting(client: ChainClient, offers: Facts['offers']): Promise<Waiting[]> {
  const now = Number(await chainTime(client))
  const today = Math.floor(now / secondsPerDay)
  const waiting: Waiting[] = []
  for (const { offer, asset, token, timed } of offers.filter((each) => each.timed || each.refundable)) {
    const holders = await findHolders(client, offer)
    const found = await inBatches(holders, readsAtOnce, async (batch) => {
      const call = { ...marketOf(client), functionName: 'passOf' } as const
      const passes = await Promise.all(batch.map((holder) => readContract(client, { ...call, args: [offer, holder] })))
      return passes.flatMap(({ amount, expiry, refundUntil }, place) => {
        const holder = batch[place]
        const daysLeft = Math.floor(expiry / secondsPerDay) - today
        const open = timed ? BigInt(Math.max(0, daysLeft)) * amount : refundUntil > now ? amount : 0n
        if (holder === undefined || open === 0n) return []
        return [{ offer, asset, holder, token, amount: open, until: timed ? expiry : refundUntil }]
      })
    })
    waiting.push(...found)
  }
  return waiting
}
