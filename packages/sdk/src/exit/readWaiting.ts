import { dayOf } from '@agorai/core'
import type { Address } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { findHolders } from '../market/findHolders.js'
import { readPass } from '../market/readPass.js'
import { inBatches } from '../revenue/inBatches.js'
import { chainTime } from '../transactions/chainTime.js'
import type { Facts } from './readFacts.js'

/** Money of a running pass that is not final yet. Of one that was given back, the day that had begun is final at its end. */
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

const readsAtOnce = 50

/** What waits in the market of these offers: prices whose refund window is open, and days that have not ended. */
export async function readWaiting(client: ChainClient, offers: Facts['offers']): Promise<Waiting[]> {
  const now = await chainTime(client)
  const waiting: Waiting[] = []
  for (const { offer, asset, token, timed } of offers.filter((each) => each.timed || each.refundable)) {
    const holders = await findHolders(client, offer)
    const found = await inBatches(holders, readsAtOnce, async (batch) => {
      const passes = await Promise.all(batch.map((holder) => readPass(client, { offer, holder })))
      return passes.flatMap(({ amount, expiry, refundUntil }, place) => {
        const holder = batch[place]
        // A day is earned once it has ended, so the one that runs still waits.
        const daysOpen = expiry > now ? dayOf(expiry) - dayOf(now) : 0n
        const open = timed ? daysOpen * amount : refundUntil > now ? amount : 0n
        if (holder === undefined || open === 0n) return []
        return [{ offer, asset, holder, token, amount: open, until: Number(timed ? expiry : refundUntil) }]
      })
    })
    waiting.push(...found)
  }
  return waiting
}
