/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type SamplingOptions = {
  /** 0 takes the likeliest. */
  temperature: number
  /** Only the likeliest tokens that have so much of the probability together (Holtzman et al. 2020). */
  topP: number
  random: () => number
}

/** The next token, drawn by the numbers that a model gives for each. */
export function sampleToken(logits: Float32Array, { temperature, topP, random }: SamplingOptions): number {
  let best = 0
  for (let token = 1; token < logits.length; token++)
    if ((logits[token] as number) > (logits[best] as number)) best = token
  if (temperature === 0) return best
  const highest = logits[best] as number
  const chances = Float64Array.from(logits, (value) => Math.exp((value - highest) / temperature))
  const tokens = Array.from(chances.keys())
  if (topP < 1) {
    tokens.sort((left, right) => (chances[right] as number) - (chances[left] as number))
    const enough = topP * chances.reduce((sum, chance) => sum + chance, 0)
    let sum = 0
    const kept = tokens.findIndex((token) => {
      sum += chances[token] as number
      return sum >= enough
    })
    if (kept >= 0) tokens.length = kept + 1
  }
  let left = random() * tokens.reduce((sum, token) => sum + (chances[token] as number), 0)
  for (const token of tokens) {
    left -= chances[token] as number
    if (left < 0) return token
  }
  // Rounding may leave a hair.
  return tokens.at(-1) as number
}
