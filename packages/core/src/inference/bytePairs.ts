/** Turns text into the numbers that a language model reads, and back. */
export type BytePairCoder = {
  /** How many tokens there are: the 256 bytes, and one for each merge. */
  size: number
  encode(text: string): number[]
  /** Bytes, because a token may end in the middle of a character. */
  decode(tokens: readonly number[]): Uint8Array
}

/** Two tokens that become one: the k-th merge makes token 256 + k. */
export type Merge = readonly [left: number, right: number]

const bytes = 256
/** Words that are remembered: texts repeat themselves, and merging is what costs. */
const cacheMax = 65_536

/**
 * Where text is cut before pairs are merged, so that no token reaches over two words: a word or a number with the space
 * before it, marks, other white space.
 */
export const wordPattern = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu

/**
 * Byte-pair coding (Sennrich, Haddow and Birch 2016, over bytes as in Radford et al. 2019): a word is its UTF-8 bytes, and
 * as long as two neighbours can be merged, those with the earliest merge are.
 *
 * @param merges In the order in which they were learnt.
 * @throws RangeError when a merge names a token that comes after it.
 */
export function createBytePairCoder(merges: readonly Merge[]): BytePairCoder {
  const size = bytes + merges.length
  const ranks = new Map<number, number>()
  const spelled: Uint8Array[] = Array.from({ length: bytes }, (_, byte) => Uint8Array.of(byte))
  for (const [rank, [left, right]] of merges.entries()) {
    const [before, after] = [spelled[left], spelled[right]]
    if (before === undefined || after === undefined) throw new RangeError(`Merge ${rank} names a later token.`)
    ranks.set(left * size + right, rank)
    spelled.push(Uint8Array.of(...before, ...after))
  }
  const encoder = new TextEncoder()
  const known = new Map<string, readonly number[]>()

  function encodeWord(word: string): readonly number[] {
    const cached = known.get(word)
    if (cached !== undefined) return cached
    const tokens = [...encoder.encode(word)]
    for (;;) {
      let best = merges.length
      for (let at = 0; at + 1 < tokens.length; at++)
        best = Math.min(best, ranks.get((tokens[at] ?? 0) * size + (tokens[at + 1] ?? 0)) ?? best)
      if (best === merges.length) break
      mergeIn(tokens, merges[best] as Merge, bytes + best)
    }
    if (known.size >= cacheMax) known.clear()
    known.set(word, tokens)
    return tokens
  }

  return {
    size,
    encode: (text) => (text.match(wordPattern) ?? []).flatMap(encodeWord),
    decode(tokens) {
      const parts = tokens.map((token) => spelled[token] ?? new Uint8Array())
      const text = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
      let at = 0
      for (const part of parts) {
        text.set(part, at)
        at += part.length
      }
      return text
    },
  }
}

/** Replaces every such pair in place. */
export function mergeIn(tokens: number[], [left, right]: Merge, merged: number): void {
  let kept = 0
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at] === left && tokens[at + 1] === right) {
      tokens[kept++] = merged
      at++
    } else tokens[kept++] = tokens[at] as number
  }
  tokens.length = kept
}
