/** Alphabets whose letters are taken for one another. */
const alphabets = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u, /\p{Script=Armenian}/u]

/** What is suspicious about a name that could be made to look like another one; undefined when nothing is. */
export function nameWarning(name: string): string | undefined {
  if (/[\p{Cf}\p{Co}\u115f\u1160\u3164]/u.test(name)) return 'This name contains characters that do not show'
  const mixed = name.split(/[^\p{L}\p{M}]+/u).some((word) => alphabets.filter((letter) => letter.test(word)).length > 1)
  return mixed ? 'This name mixes letters of different alphabets in one word' : undefined
}
