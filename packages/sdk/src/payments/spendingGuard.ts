import { noSpending, type Spend, type Spending, type SpendingPolicy, spend, unspend } from '@agorai/core'

/** Where it is kept what a policy's account spent. */
export type SpendingStore = {
  /** Replaces what is kept by what `change` makes of it, one at a time, and returns only when that is durable. */
  update(change: (before: Spending) => Spending): Promise<Spending>
}

/** What was counted as spent before it was signed. */
export type Reservation = {
  /** Gives back what the payment did not take. Never called, the whole amount stays counted. */
  settle(spent: bigint): Promise<void>
}

/** Says whether a payment may be signed. */
export type SpendingGuard = {
  /** @throws AgoraiError `policy_refused` before anything is signed or kept. */
  reserve(payment: Spend): Promise<Reservation>
}

export type GuardedPolicy = { policy: SpendingPolicy; store: SpendingStore }

/** A store that forgets when the process ends. */
export function createSpendingMemory(): SpendingStore {
  let kept: Spending = noSpending
  return {
    async update(change) {
      kept = change(kept)
      return kept
    },
  }
}

/**
 * Holds every payment against all of the policies: the account's own, and that of a mandate.
 *
 * @param now Unix seconds.
 */
export function createSpendingGuard(
  policies: readonly GuardedPolicy[],
  now: () => number = () => Math.floor(Date.now() / 1000),
): SpendingGuard {
  return {
    async reserve(payment) {
      const counted: { store: SpendingStore; day: number }[] = []
      const { adds = payment.amount } = payment
      const giveBack = async (unspent: bigint): Promise<void> => {
        for (const { store, day } of counted) await store.update((before) => unspend(before, payment, unspent, day))
      }
      for (const { policy, store } of policies) {
        try {
          const { day } = await store.update((before) => spend(policy, before, payment, now()))
          counted.push({ store, day })
        } catch (error) {
          await giveBack(adds)
          throw error
        }
      }
      let settled = false
      return {
        async settle(spent) {
          if (settled) return
          settled = true
          if (spent < adds) await giveBack(adds - spent)
        },
      }
    },
  }
}
