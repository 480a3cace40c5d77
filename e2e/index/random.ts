/** A source of random numbers that gives the same ones again for the same seed. */
export type Random = {
  /** 0 to `limit - 1`. */
  below(limit: number): number
  belowBig(limit: bigint): bigint
  chance(probability: number): boolean
  pick<Item>(items: readonly Item[]): Item
}

/** Marsaglia's xorshift32. */
export function createRandom(seed: number): Random {
  let state = seed | 0 || 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    belowBig: (limit) => (limit === 0n ? 0n : BigInt(below(2 ** 30)) % limit),
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error('There is nothing to pick from.')
      return item
    },
  }
}
