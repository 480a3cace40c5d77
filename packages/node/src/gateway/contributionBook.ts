import { AgoraiError, type contributionStates, type Manifest, type RowCover } from '@agorai/core'
import type { Address, Hex } from 'viem'
import type {
  ApprovalRevoked,
  ContributionAccepted,
  ContributionJournalRecord,
  ContributionsWithdrawn,
} from '../ports/contributionRecords.js'

export type ContributionState = (typeof contributionStates)[number]

/** What was contributed to which asset, and what was taken back: rebuilt from the journal at each start. */
export type ContributionBook = {
  remember(record: ContributionJournalRecord): void
  contributionOf(id: Hex): ContributionAccepted | undefined
  /** Oldest first. */
  contributionsOf(asset: string): readonly ContributionAccepted[]
  /** Oldest first. */
  withdrawalsOf(asset: string): readonly ContributionsWithdrawn[]
  /** Unix second of the contributor's latest withdrawal from the asset. */
  withdrawnAt(asset: string, contributor: Address): number | undefined
  /** Oldest first. */
  revocationsOf(asset: string): readonly ApprovalRevoked[]
  /** Unix second up to which approvals of the application for the asset were revoked. */
  revokedAt(asset: string, application: Address): number | undefined
  stateOf(contribution: ContributionAccepted): ContributionState
  /** Every withdrawal, oldest first. */
  withdrawals(): readonly ContributionsWithdrawn[]
  /** The contributions that a withdrawal took back. */
  withdrawnBy(record: ContributionsWithdrawn): readonly ContributionAccepted[]
  /** What a partition leaves behind whose key a withdrawal destroyed. */
  coverOf(commitment: Hex, partition: number): RowCover | undefined
}

export function createContributionBook(): ContributionBook {
  const contributions = new Map<Hex, ContributionAccepted>()
  const byAsset = new Map<string, ContributionAccepted[]>()
  const withdrawals: ContributionsWithdrawn[] = []
  const withdrawn = new Set<Hex>()
  const takenBack = new Map<Hex, readonly ContributionAccepted[]>()
  const covers = new Map<string, RowCover>()
  const revocations = new Map<string, ApprovalRevoked[]>()

  const contributionsOf = (asset: string) => byAsset.get(asset) ?? []
  const withdrawalsOf = (asset: string) => withdrawals.filter(({ withdrawal }) => withdrawal.withdrawal.asset === asset)
  const revocationsOf = (asset: string) => revocations.get(asset) ?? []
  return {
    remember(record) {
      if (record.kind === 'approval-revoked') {
        const { asset } = record.revocation.revocation
        revocations.set(asset, [...revocationsOf(asset), record])
      }
      if (record.kind === 'contribution-accepted') {
        const { asset } = record.consent.consent
        contributions.set(record.id, record)
        byAsset.set(asset, [...contributionsOf(asset), record])
      }
      if (record.kind === 'contributions-withdrawn') {
        withdrawals.push(record)
        // A withdrawal takes back what was there before it; a later consent is a new one.
        const given = givenBy(contributionsOf(record.withdrawal.withdrawal.asset), record)
        takenBack.set(record.id, given)
        for (const { id } of given) withdrawn.add(id)
        for (const { commitment, partition, cover } of record.partitions)
          covers.set(`${commitment}/${partition}`, cover)
      }
    },
    contributionOf: (id) => contributions.get(id),
    contributionsOf,
    withdrawalsOf,
    withdrawnAt: (asset, contributor) =>
      withdrawalsOf(asset).findLast(({ withdrawal }) => isSame(withdrawal.withdrawal.contributor, contributor))
        ?.recordedAt,
    revocationsOf,
    revokedAt: (asset, application) =>
      revocationsOf(asset).findLast(({ revocation }) => isSame(revocation.revocation.application, application))
        ?.recordedAt,
    stateOf({ id, consent }) {
      if (withdrawn.has(id)) return 'withdrawn'
      return Number(consent.consent.expiry) > Date.now() / 1000 ? 'accepted' : 'expired'
    },
    withdrawals: () => withdrawals,
    withdrawnBy: ({ id }) => takenBack.get(id) ?? [],
    coverOf: (commitment, partition) => covers.get(`${commitment}/${partition}`),
  }
}

/** Those of the contributor who withdraws. */
export const givenBy = (
  contributions: readonly ContributionAccepted[],
  { withdrawal: { withdrawal } }: Pick<ContributionsWithdrawn, 'withdrawal'>,
): ContributionAccepted[] =>
  contributions.filter(({ consent }) => isSame(consent.consent.contributor, withdrawal.contributor))

/** Addresses come in any case. */
const isSame = (a: Address, b: Address): boolean => a.toLowerCase() === b.toLowerCase()

/**
 * Rows that were taken back go into no further version.
 *
 * @throws AgoraiError `consent_withdrawn`
 */
export function assertConsentsHold(book: ContributionBook, { provenance }: Manifest): void {
  for (const id of provenance.consents ?? []) {
    const contribution = book.contributionOf(id)
    if (contribution !== undefined && book.stateOf(contribution) === 'withdrawn')
      throw new AgoraiError('consent_withdrawn', 'A contributor whose rows are in it has taken them back.', {
        field: 'provenance.consents',
        details: { contribution: id },
      })
  }
}
