import { formatInteger } from '../../format/money.js'

/** What was verified, in words; `value` is a hash that the reader may compare. */
export type Fact = { name: string; words: string; value?: string }

type Describe = (found: string) => Omit<Fact, 'name'>

const known: Record<string, Describe> = {
  'content.plaintext.bytes': (found) => ({ words: `It has the stated length, ${formatInteger(BigInt(found))} bytes` }),
  'content.plaintext.rows': (found) => ({ words: `It has the stated number of rows, ${formatInteger(BigInt(found))}` }),
  'content.partitions': (found) => ({ words: `Its parts, one of each contributor, are as stated: ${found}` }),
  'content.plaintext.root': (found) => ({ words: 'Its rows have the stated salted root', value: found }),
  'content.cid': (found) => ({ words: 'Encrypted again, it has the listed ciphertext CID', value: found }),
  croissant: () => ({ words: 'Its Croissant description says what the manifest says' }),
  manifest: (found) => ({ words: 'The manifest is the one that the chain committed to', value: found }),
  terms: () => ({ words: 'Its terms are the ones by which the chain pays' }),
}

/** Checks as the SDK reports them, as sentences. A check without words of its own keeps its name and what was found. */
export function factsOf(checks: readonly { name: string; found: string }[]): Fact[] {
  return checks.map(({ name, found }) => ({ name, ...(known[name]?.(found) ?? { words: `${name}: ${found}` }) }))
}
