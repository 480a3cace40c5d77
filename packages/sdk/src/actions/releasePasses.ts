import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { findHolders } from '../market/findHolders.js'
import { readPass } from '../market/readPass.js'
import { inBatches } from '../revenue/inBatches.js'
import { chainTime } from '../transactions/chainTime.js'
import { marketOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type ReleasePassesParameters = {
  offer: bigint
  /** Default: all whose refund window has ended, found in the chain's logs. */
  holders?: readonly Address[] | undefined
}
export type ReleasePassesReturnType = {
  offer: bigint
  /** Base units that entered the ledger. */
  amount: bigint
  released: { holder: Address; amount: bigint }[]
  hashes: Hash[]
}

const holdersPerTransaction = 50
const readsAtOnce = 50

/**
 * Brings what passes with an ended refund window cost into the ledger. Anyone may. Nothing to release is no error.
 *
 * @throws AgoraiError `refund_open` for a holder that was named too early, `pass_missing`, `chain_unavailable`
 */
export async function releasePasses(
  client: ChainClient,
  parameters: ReleasePassesParameters,
): Promise<ReleasePassesReturnType> {
  const { offer, holders = await findReleasable(client, offer) } = parameters
  const sent = await inBatches(holders, holdersPerTransaction, async (batch) => [
    await sendAndDecode(client, {
      ...marketOf(client),
      functionName: 'release',
      args: [offer, [...batch]],
      eventName: 'PassReleased',
    }),
  ])
  const released = sent.flatMap(({ events }) => events.map(({ args: { holder, amount } }) => ({ holder, amount })))
  return {
    offer,
    amount: released.reduce((sum, { amount }) => sum + amount, 0n),
    released,
    hashes: sent.map(({ hash }) => hash),
  }
}

/** Holders of perpetual passes whose price still waits in the market though it is final. */
async function findReleasable(client: ChainClient, offer: bigint): Promise<Address[]> {
  const [holders, now] = await Promise.all([findHolders(client, offer), chainTime(client)])
  return inBatches(holders, readsAtOnce, async (batch) => {
    const passes = await Promise.all(batch.map((holder) => readPass(client, { offer, holder })))
    return batch.filter((_, place) => {
      const { refundUntil = 0n } = passes[place] ?? {}
      return refundUntil !== 0n && refundUntil <= now
    })
  })
}
