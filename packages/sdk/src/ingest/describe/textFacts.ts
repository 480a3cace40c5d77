import type { Profile } from '@agorai/core'

/** Scripts that most of the world's texts are written in, as Unicode names them. */
const scripts = [
  ...['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Hebrew', 'Devanagari', 'Bengali', 'Tamil', 'Telugu', 'Thai'],
  ...['Han', 'Hiragana', 'Katakana', 'Hangul', 'Georgian', 'Armenian', 'Ethiopic', 'Khmer', 'Sinhala', 'Gujarati'],
] as const

const patterns = scripts.map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'gu')] as const)
const words = /[\p{L}\p{N}]+/gu
const letters = /\p{L}/gu

/** Longest piece that is held while a line has not ended. */
const heldMax = 1024 * 1024

/**
 * Figures of a text, in whatever language: its length, its lines and words, and the scripts its letters are written in. The
 * text is read once, line by line.
 */
export async function readTextFacts(content: AsyncIterable<Uint8Array>): Promise<NonNullable<Profile['text']>> {
  const decoder = new TextDecoder()
  const lettersOf = new Map<string, number>()
  const facts = { characters: 0, lines: 0, words: 0, lineMax: 0 }
  let lineCharacters = 0
  let lengths = 0
  const count = (text: string): void => {
    const characters = [...text].length
    facts.characters += characters
    lineCharacters += characters
    facts.words += text.match(words)?.length ?? 0
    let known = 0
    const all = text.match(letters)?.length ?? 0
    if (all === 0) return
    for (const [script, pattern] of patterns) {
      if (known === all) return
      const found = text.match(pattern)?.filter((character) => /\p{L}/u.test(character)).length ?? 0
      if (found > 0) lettersOf.set(script, (lettersOf.get(script) ?? 0) + found)
      known += found
    }
    if (all > known) lettersOf.set('other', (lettersOf.get('other') ?? 0) + all - known)
  }
  const endLine = (): void => {
    facts.lines++
    lengths += lineCharacters
    facts.lineMax = Math.max(facts.lineMax, lineCharacters)
    lineCharacters = 0
  }
  let rest = ''
  const take = (text: string): void => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      count(line.endsWith('\r') ? line.slice(0, -1) : line)
      endLine()
    }
    if (rest.length > heldMax) {
      // A word that is cut here counts as two.
      count(rest)
      rest = ''
    }
  }
  for await (const slice of content) take(decoder.decode(slice, { stream: true }))
  take(decoder.decode())
  if (rest !== '' || lineCharacters > 0) {
    count(rest)
    endLine()
  }
  return {
    ...facts,
    lineMean: facts.lines === 0 ? 0 : Number((lengths / facts.lines).toPrecision(8)),
    scripts: [...lettersOf]
      .map(([script, found]) => ({ script, letters: found }))
      .sort((a, b) => b.letters - a.letters || (a.script < b.script ? -1 : 1)),
  }
}
