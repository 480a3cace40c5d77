import type { Terms } from '@agorai/core'
import { formatBps } from '../../format/money.js'

/** One thing that the terms settle: whether it is granted, and what it means for whoever builds on the asset. */
export type TermsRow = { name: string; granted: boolean; words: string }

/**
 * Terms in plain words, for others than the owner: the owner's own versions need no permission, and owe the same rates.
 *
 * @param freeOnly Whether what this was built from lets nobody sell it.
 */
export function describeTerms(terms: Terms, freeOnly = false): TermsRow[] {
  const { attribution, commercial, consent, derivatives, royaltyBps, serveBps } = terms
  const asked = consent ? ', with the owner’s signed consent' : ''
  const rows: TermsRow[] = [
    {
      name: 'Building from it',
      granted: derivatives,
      words: derivatives ? `Others may build from it${asked}.` : 'Nobody but its owner may build from it.',
    },
    {
      name: 'Selling its work',
      granted: serveBps > 0,
      words:
        serveBps > 0
          ? `Services may sell its work${asked}, and owe it ${formatBps(serveBps)} of what they take in for it.`
          : 'No service of others may sell its work.',
    },
    {
      name: 'Royalty',
      granted: true,
      words:
        royaltyBps === 0
          ? 'What is built from it owes it nothing.'
          : `What is built from it, directly or through others, owes it ${formatBps(royaltyBps)} of every sale.`,
    },
  ]
  if (derivatives) {
    rows.push({
      name: 'Commercial use',
      granted: commercial,
      words: commercial
        ? 'What others build from it may be sold.'
        : 'What others build from it, directly or not, is free for everyone: nobody may sell it.',
    })
    rows.push({
      name: 'Attribution',
      granted: !attribution,
      words: attribution ? 'Whoever builds from it names it.' : 'It need not be named.',
    })
  }
  if (freeOnly)
    rows.push({
      name: 'Free only',
      granted: false,
      words:
        'It was itself built from something whose terms let nobody sell what is built from it: it is only given away.',
    })
  return rows
}
