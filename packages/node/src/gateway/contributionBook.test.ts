import type { Manifest } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import type {
  ApprovalRevoked,
  ContributionAccepted,
  ContributionJournalRecord,
  ContributionsWithdrawn,
} from '../ports/contributionRecords.js'
import { assertConsentsHold, createContributionBook } from './contributionBook.js'
import { finishWithdrawals } from './withdrawContributions.js'

const alpha: Address = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
const beta: Address = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65'
const idOf = (number: number): Hex => `0x${String(number).padStart(64, '0')}`

const given = (number: number, contributor: Address, more: { asset?: string; expiry?: string } = {}) =>
  ({
    kind: 'contribution-accepted',
    id: idOf(number),
    acceptedAt: number,
    consent: { consent: { asset: '1', contributor, expiry: '99999999999', ...more } },
  }) as ContributionAccepted

const withdrawn = (number: number, contributor: Address): ContributionsWithdrawn => ({
  kind: 'contributions-withdrawn',
  id: idOf(number),
  withdrawal: { withdrawal: { asset: '1', contributor, nonce: idOf(0), expiry: '0' }, signature: '0x' },
  recordedAt: number,
  partitions: [
    { commitment: idOf(70), manifestDigest: idOf(71), partition: 2, cover: [{ height: 0, root: idOf(72) }] },
  ],
})

const revoked = (number: number, application: Address, asset = '1'): ApprovalRevoked => ({
  kind: 'approval-revoked',
  id: idOf(number),
  revocation: { revocation: { asset, owner: alpha, application, nonce: idOf(0), expiry: '0' }, signature: '0x' },
  recordedAt: number,
})

function bookOf(...records: ContributionJournalRecord[]) {
  const book = createContributionBook()
  for (const record of records) book.remember(record)
  return book
}

describe('the book of contributions', () => {
  test('a withdrawal takes back what its contributor gave to that dataset before, in any spelling of the address', () => {
    const elsewhere = given(4, alpha, { asset: '2' })
    const [first, other, later] = [given(1, alpha), given(2, beta), given(5, alpha)]
    const book = bookOf(first, other, elsewhere, withdrawn(3, alpha.toLowerCase() as Address), later)
    expect([first, other, elsewhere, later].map(book.stateOf)).toEqual([
      'withdrawn',
      'accepted',
      'accepted',
      'accepted',
    ])
    expect(book.withdrawnAt('1', alpha)).toBe(3)
    expect(book.withdrawnAt('1', beta)).toBeUndefined()
    expect(book.coverOf(idOf(70), 2)).toEqual([{ height: 0, root: idOf(72) }])
  })

  test('a consent that has ended is over, and withdrawn stays withdrawn', () => {
    const [ended, both] = [given(1, alpha, { expiry: '1' }), given(2, beta, { expiry: '1' })]
    const book = bookOf(ended, both, withdrawn(3, beta))
    expect([ended, both].map(book.stateOf)).toEqual(['expired', 'withdrawn'])
  })

  test('a revocation is of one application and one dataset, counts from the last one, and takes back no rows', () => {
    const contribution = given(1, alpha)
    const lower = beta.toLowerCase() as Address
    const book = bookOf(contribution, revoked(3, lower), revoked(5, beta), revoked(7, beta, '2'), revoked(9, alpha))
    expect(book.revokedAt('1', beta)).toBe(5)
    expect(book.revokedAt('2', lower)).toBe(7)
    expect(book.revokedAt('2', alpha)).toBeUndefined()
    expect(book.revocationsOf('1').map(({ recordedAt }) => recordedAt)).toEqual([3, 5, 9])
    expect(book.stateOf(contribution)).toBe('accepted')
  })

  test('a manifest with rows that were taken back is refused', () => {
    const book = bookOf(given(1, alpha), given(2, beta), withdrawn(3, alpha))
    const manifestOf = (...consents: Hex[]) => ({ provenance: { consents } }) as Manifest
    expect(() => assertConsentsHold(book, manifestOf(idOf(2), idOf(9)))).not.toThrow()
    expect(() => assertConsentsHold(book, manifestOf(idOf(2), idOf(1)))).toThrow(
      expect.objectContaining({ code: 'consent_withdrawn' }),
    )
  })

  test('a start destroys all that withdrawals name, contributions last', async () => {
    const book = bookOf(given(1, alpha), given(2, beta), withdrawn(3, alpha))
    const erased: [Hex, number | undefined][] = []
    await finishWithdrawals({
      memory: { book } as Parameters<typeof finishWithdrawals>[0]['memory'],
      erase: async (commitment, partition) => void erased.push([commitment, partition]),
    })
    expect(erased).toEqual([
      [idOf(70), 2],
      [idOf(1), undefined],
    ])
  })
})
