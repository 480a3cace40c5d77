import type { ContributionBody, RowCover, SignedRevocation, SignedWithdrawal } from '@agorai/core'
import type { Hex } from 'viem'

/** Rows that somebody gave to a dataset were opened, compared with the consent, and kept. Their key is in the key store. */
export type ContributionAccepted = {
  kind: 'contribution-accepted'
  /** Digest of the consent record. */
  id: Hex
  /** Unix seconds. */
  acceptedAt: number
} & Omit<ContributionBody, 'sealedKey'>

/** A contributor took back all that was given to a dataset before. What is named here is destroyed next. */
export type ContributionsWithdrawn = {
  kind: 'contributions-withdrawn'
  /** Digest of the withdrawal. */
  id: Hex
  withdrawal: SignedWithdrawal
  /** Unix seconds. */
  recordedAt: number
  partitions: readonly WithdrawnPartition[]
}

/** The owner of a dataset took back what an application was approved for. */
export type ApprovalRevoked = {
  kind: 'approval-revoked'
  /** Digest of the revocation. */
  id: Hex
  revocation: SignedRevocation
  /** Unix seconds. */
  recordedAt: number
}

/** A partition of a version that the contributor gave. */
export type WithdrawnPartition = {
  /** The registry's `commitmentOf` the version. */
  commitment: Hex
  manifestDigest: Hex
  partition: number
  /** What its rows leave behind, so that the rows of others can still be proven to be in the version. */
  cover: RowCover
}

export type ContributionJournalRecord = ContributionAccepted | ContributionsWithdrawn | ApprovalRevoked
