import { searchWords } from '../ports/searchWords.js'

const wordsOfQueryMax = 16
/** A shorter word means only itself, a longer one also the words that begin with it. */
const prefixLengthMin = 3

/** What a query looks for: all of its words, as they are or as the beginnings of words; and for their English stems. */
export function toSearchQuery(text: string): { lexemes: string; words: string } | undefined {
  const words = searchWords(text).slice(0, wordsOfQueryMax)
  if (words.length === 0) return undefined
  const lexemes = words.map((word) => (word.length < prefixLengthMin ? `'${word}'` : `'${word}':*`))
  return { lexemes: lexemes.join(' & '), words: words.join(' ') }
}
