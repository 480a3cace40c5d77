import { createBytePairCoder, type Merge, mergeIn, wordPattern } from '@agorai/core'

type Word = { tokens: number[]; count: number }

/**
 * Learns merges from texts: again and again, the most frequent pair of neighbours becomes a token. Of pairs that are as
 * frequent, the one with the lower tokens is taken, so that the same texts always give the same table.
 *
 * @param size How many tokens there are to be, the 256 bytes included.
 */
export function learnBytePairs(texts: readonly string[], size: number): Merge[] {
  const words = countWords(texts)
  const merges: Merge[] = []
  for (let merged = 256; merged < size; merged++) {
    const best = mostFrequentPair(words, size)
    if (best === undefined) break
    for (const { tokens } of words) mergeIn(tokens, best, merged)
    merges.push(best)
  }
  return merges
}

function countWords(texts: readonly string[]): Word[] {
  const { encode } = createBytePairCoder([])
  const counts = new Map<string, number>()
  for (const text of texts)
    for (const [word] of text.matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => ({ tokens: encode(word), count }))
}

function mostFrequentPair(words: readonly Word[], size: number): Merge | undefined {
  const counts = new Map<number, number>()
  for (const { tokens, count } of words)
    for (let at = 0; at + 1 < tokens.length; at++) {
      const pair = (tokens[at] ?? 0) * size + (tokens[at + 1] ?? 0)
      counts.set(pair, (counts.get(pair) ?? 0) + count)
    }
  let best: number | undefined
  for (const [pair, count] of counts) {
    const most = best === undefined ? 1 : (counts.get(best) ?? 0)
    if (count > most || (count === most && (best === undefined || pair < best))) best = pair
  }
  return best === undefined ? undefined : [Math.floor(best / size), best % size]
}
