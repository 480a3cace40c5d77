import type { Offer, Pass, Serving } from '@agorai/core'

/** What pays for calls: a pass that runs, the free calls of the day, or a budget. */
export type Means = { kind: 'pass'; offer: string } | { kind: 'free'; calls: number } | { kind: 'budget' }

/** What can pay, cheapest first. A budget always can. */
export function meansOf(
  { freeCalls }: Pick<Serving, 'freeCalls'>,
  passes: readonly Pick<Pass, 'offer' | 'state'>[],
  offers: readonly Pick<Offer, 'id' | 'usage'>[],
): Means[] {
  const calls = new Set(offers.filter(({ usage }) => usage === 'inference').map(({ id }) => id))
  const pass = passes.find(({ state, offer }) => state === 'running' && calls.has(offer))
  return [
    ...(pass === undefined ? [] : [{ kind: 'pass', offer: pass.offer } as const]),
    ...(freeCalls === 0 ? [] : [{ kind: 'free', calls: freeCalls } as const]),
    { kind: 'budget' },
  ]
}

export const meansWords: Record<Means['kind'], string> = {
  pass: 'My pass',
  free: 'Free calls of the day',
  budget: 'A budget',
}
