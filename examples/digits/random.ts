/** Numbers in [0, 1) that the seed alone decides (Marsaglia's xorshift32), so that a cut or a training can be repeated. */
export function createRandom(seed: number): () => number {
  // Zero is the one state that xorshift never leaves; Knuth's multiplier spreads small seeds.
  let state = Math.imul(seed, 2_654_435_761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle<item>(items: { readonly length: number; [index: number]: item }, random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const item = items[last] as item
    items[last] = items[other] as item
    items[other] = item
  }
}
