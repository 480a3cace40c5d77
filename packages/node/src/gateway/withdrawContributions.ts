import {
  AgoraiError,
  hashMessageOf,
  parseManifest,
  type SignedWithdrawal,
  toWithdrawalMessage,
  type WithdrawalReceipt,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { Catalogue } from '../ports/catalogue.js'
import type { ContributionAccepted, ContributionsWithdrawn, WithdrawnPartition } from '../ports/contributionRecords.js'
import type { AcceptContributionOptions } from './acceptContribution.js'
import { givenBy } from './contributionBook.js'
import type { EraseKey } from './eraseKey.js'
import { coverPartition, keptVersion } from './keptVersions.js'
import { assertExpiry } from './requests.js'
import { partitionsGivenBy } from './rowProofs.js'
import { assertSignature } from './signatures.js'

export type WithdrawContributionsOptions = AcceptContributionOptions & {
  catalogue: Catalogue
  erase: EraseKey
}

/**
 * Takes back all that a contributor gave to a dataset: records it, then destroys the keys of the contributions and of the
 * contributor's partition in every version that the operator keeps. The same withdrawal again gives the same answer.
 *
 * @throws AgoraiError `signature_invalid`, `request_expired`, `not_found` for who gave nothing
 */
export async function withdrawContributions(
  options: WithdrawContributionsOptions,
  { withdrawal, signature }: SignedWithdrawal,
): Promise<WithdrawalReceipt> {
  const { chain, domain, memory } = options
  const message = toWithdrawalMessage(withdrawal)
  const id = hashMessageOf(domain, 'Withdrawal', message)
  const known = memory.book.withdrawals().find((record) => record.id === id)
  if (known === undefined) assertExpiry(message.expiry)
  await assertSignature(chain.publicClient, { account: message.contributor, hash: id, signature })
  const record = known ?? (await recordWithdrawal(options, id, { withdrawal, signature }))
  await finishWithdrawal(options, record)
  // A deposit that was under way may have been kept after the keys were looked through. From the record on none is.
  for (const { commitment, partition } of await findPartitions(options, memory.book.withdrawnBy(record)))
    await options.erase(commitment, partition)
  return receiptOf(options, record)
}

/** What is destroyed is written down before it is: a node that is stopped in between goes on from there. */
async function recordWithdrawal(
  options: WithdrawContributionsOptions,
  id: Hex,
  withdrawal: SignedWithdrawal,
): Promise<ContributionsWithdrawn> {
  const given = givenBy(options.memory.book.contributionsOf(withdrawal.withdrawal.asset), { withdrawal })
  if (given.length === 0)
    throw new AgoraiError('not_found', 'This account gave nothing to this dataset here.', { field: 'withdrawal' })
  const partitions = await findPartitions(options, given)
  const recordedAt = Math.floor(Date.now() / 1000)
  const record: ContributionsWithdrawn = { kind: 'contributions-withdrawn', id, withdrawal, recordedAt, partitions }
  return options.memory.record(record)
}

/** Where the rows that one contributor gave are kept with their key. */
async function findPartitions(
  { memory, storage, keyStore }: WithdrawContributionsOptions,
  given: readonly ContributionAccepted[],
): Promise<WithdrawnPartition[]> {
  const [first] = given
  if (first === undefined) return []
  const { contributor } = first.consent.consent
  const consents = new Set(given.map((each) => each.id))
  const partitions: WithdrawnPartition[] = []
  for await (const commitment of keyStore.list()) {
    const manifestDigest = memory.keyOf(commitment)?.manifestDigest
    const bytes = manifestDigest && (await storage.getManifest(manifestDigest))
    // Keys of versions that have nothing to do with it are not even opened.
    if (!bytes || !parseManifest(bytes).provenance.consents?.some((consent) => consents.has(consent))) continue
    const kept = await keptVersion({ storage, keyStore, book: memory.book }, commitment)
    if (kept === undefined) continue
    const { manifest, secrets } = kept.version
    for (const partition of partitionsGivenBy(manifest, contributor)) {
      const own = secrets[partition]
      if (own === null || own === undefined) continue
      const cover = await coverPartition(storage, manifest, { partition, secrets: own })
      partitions.push({ commitment, manifestDigest, partition, cover })
    }
  }
  return partitions
}

/** Carries through what a stop left undone. */
export async function finishWithdrawals(
  options: Pick<WithdrawContributionsOptions, 'memory' | 'erase'>,
): Promise<void> {
  for (const record of options.memory.book.withdrawals()) await finishWithdrawal(options, record)
}

/** Destroys what a recorded withdrawal names; what is destroyed already stays so. */
async function finishWithdrawal(
  { memory, erase }: Pick<WithdrawContributionsOptions, 'memory' | 'erase'>,
  record: ContributionsWithdrawn,
): Promise<void> {
  for (const { commitment, partition } of record.partitions) await erase(commitment, partition)
  for (const { id } of memory.book.withdrawnBy(record)) await erase(id)
}

async function receiptOf(
  { memory, catalogue }: WithdrawContributionsOptions,
  record: ContributionsWithdrawn,
): Promise<WithdrawalReceipt> {
  const erased = record.partitions.map(({ manifestDigest, partition }) => ({ manifestDigest, partition }))
  return {
    id: record.id,
    asset: record.withdrawal.withdrawal.asset,
    contributor: record.withdrawal.withdrawal.contributor,
    recordedAt: String(record.recordedAt),
    contributions: memory.book.withdrawnBy(record).map(({ id }) => id),
    erased,
    ...(await reachOf(catalogue, record)),
  }
}

/** Where the rows went: versions of the dataset that had them, and all that was built from those. */
async function reachOf(
  catalogue: Catalogue,
  { withdrawal: { withdrawal }, partitions }: ContributionsWithdrawn,
): Promise<Pick<WithdrawalReceipt, 'versions' | 'descendants'>> {
  const digests = new Set(partitions.map(({ manifestDigest }) => manifestDigest))
  const had: string[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const parameters = { asset: BigInt(withdrawal.asset), limit: 1_000, ...(cursor === undefined ? {} : { cursor }) }
    const { versions, nextCursor } = await catalogue.getVersions(parameters)
    had.unshift(...versions.flatMap(({ id, manifestDigest }) => (digests.has(manifestDigest) ? [id] : [])).reverse())
    cursor = nextCursor
  }
  const descendants = new Map<string, { version: string; asset: string; name: string | null }>()
  for (const version of had) {
    const { vertices } = await catalogue.getLineage(BigInt(version))
    const reached = new Set([version])
    // Versions have higher ids than what they are built from.
    const ascending = vertices.toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1))
    for (const vertex of ascending) {
      const sources = [...vertex.parents, ...vertex.suppliers, ...vertex.members.map((member) => member.version)]
      if (!sources.some((source) => reached.has(source))) continue
      reached.add(vertex.version)
      descendants.set(vertex.version, { version: vertex.version, asset: vertex.asset, name: vertex.name })
    }
  }
  return { versions: had, descendants: [...descendants.values()] }
}
