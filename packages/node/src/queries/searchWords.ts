/** Words taken of one text; a description of 4,000 characters has fewer. */
const wordsMax = 4_096
const wordsOfQueryMax = 16
const wordLengthMax = 64
/** A shorter word means only itself, a longer one also the words that begin with it. */
const prefixLengthMin = 3

/** The words of a text as search sees them: runs of letters and digits, so that no other sign means anything. */
export function searchWords(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  return words.slice(0, wordsMax).map((word) => word.slice(0, wordLengthMax).toWellFormed())
}

/** What a query looks for: all of its words, as they are or as the beginnings of words; and for their English stems. */
export function toSearchQuery(text: string): { lexemes: string; words: string } | undefined {
  const words = searchWords(text).slice(0, wordsOfQueryMax)
  if (words.length === 0) return undefined
  const lexemes = words.map((word) => (word.length < prefixLengthMin ? `'${word}'` : `'${word}':*`))
  return { lexemes: lexemes.join(' & '), words: words.join(' ') }
}
