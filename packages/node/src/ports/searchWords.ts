/** Words taken of one text; a description of 4,000 characters has fewer. */
const wordsMax = 4_096
const wordLengthMax = 64

/**
 * The words of a text as search sees them, for whoever writes the index and whoever asks it: runs of letters and digits, so that no
 * other sign means anything.
 */
export function searchWords(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  return words.slice(0, wordsMax).map((word) => word.slice(0, wordLengthMax).toWellFormed())
}
