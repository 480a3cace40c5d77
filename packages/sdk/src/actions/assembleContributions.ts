import { AgoraiError, type Manifest, partitionsOf, requireContent, splitStream } from '@agorai/core'
import type { Address, Hash, Hex } from 'viem'
import { getAddress } from 'viem/utils'
import { canonicalLines, toCanonicalSource } from '../contributions/jsonLines.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { ContentSource } from '../publishing/measureContent.js'
import { fetchDelivery } from './fetchDelivery.js'
import { getAsset } from './getAsset.js'
import { type ListedContribution, listContributions } from './listContributions.js'
import type { PrepareAssetParameters } from './prepareAsset.js'
import { publishAsset } from './publishAsset.js'

export type AssembleContributionsParameters = {
  /** A dataset of rows in JSON that the client's account owns. */
  asset: bigint
  /** The contributors' share of what the version earns, of 10,000. Default: that of the current version; it never falls. */
  contributorBps?: number | undefined
  /** The owner's own rows. Default: those of the current version. */
  own?: Pick<ContentSource, 'fileName' | 'stream'> | undefined
  onProgress?: PrepareAssetParameters['onProgress']
}

export type AssembleContributionsReturnType = {
  asset: bigint
  version: bigint
  manifest: Manifest
  manifestDigest: Hex
  /** Who is in it, with the rows that each is credited for. */
  contributors: { account: Address; label: string; rows: number }[]
  /** Contributions that are not in it, and why. */
  leftOut: { id: Hex; contributor: Address; state: 'expired' | 'withdrawn' | 'unsigned' }[]
  hash: Hash
}

/** All that one contributor gave and still lets be used. */
type Share = { account: Address; label: string; rows: number; source: ContentSource; ids: Hex[] }

/**
 * Publishes the next version of a dataset from its owner's rows and from all contributions whose consent holds: a
 * partition of each contributor's, sealed under a key of its own, and a leaf weighted by rows in the contributor tree.
 * Names and texts of the consents stay off the manifest, which has their digests.
 *
 * @throws AgoraiError `not_owner`, `rows_invalid`, `invalid_request` without a contribution or a share for contributors,
 * and what `publishAsset` throws
 */
export async function assembleContributions(
  client: AgoraiClient,
  parameters: AssembleContributionsParameters,
): Promise<AssembleContributionsReturnType> {
  const { asset, onProgress } = parameters
  const { manifest, version } = await getAsset(client, { asset })
  if (manifest === null)
    throw new AgoraiError('content_missing', 'The node does not have the manifest of the current version.')
  const { contributions } = await listContributions(client, { asset })
  const now = Date.now() / 1000
  const holds = ({ state, consent }: ListedContribution) => state === 'accepted' && Number(consent.consent.expiry) > now
  const shares = await sharesOf(contributions.filter(holds))
  if (shares.length === 0)
    throw new AgoraiError('invalid_request', 'No contribution has a consent that holds.', { field: 'asset' })
  const contributorBps = parameters.contributorBps ?? manifest.contributors.bps
  if (contributorBps === 0)
    throw new AgoraiError('invalid_request', 'Say what share of the sales the contributors have.', {
      field: 'contributorBps',
    })
  const own = await ownRows(client, { manifest, version: BigInt(version.id), own: parameters.own })
  const stated = statedLeaves(manifest)
  const sources = [...(own === undefined ? [] : [own]), ...shares.map(({ source }) => source)]
  const published = await publishAsset(client, {
    ...restated(manifest),
    asset,
    contributors: {
      bps: contributorBps,
      leaves: [...shares.map(({ account, label, rows }) => ({ account, label, weight: String(rows) })), ...stated],
    },
    content: concatSources(manifest, sources),
    rowFormat: 'jsonl',
    partitions: [
      ...(own === undefined ? [] : [{ contributor: null, bytes: own.bytes }]),
      ...shares.map(({ source }, contributor) => ({ contributor, bytes: source.bytes })),
    ],
    consentDigests: shares.flatMap(({ ids }) => ids),
    onProgress,
  })
  return {
    asset,
    version: published.version,
    manifest: published.manifest,
    manifestDigest: published.manifestDigest,
    contributors: shares.map(({ account, label, rows }) => ({ account, label, rows })),
    leftOut: contributions.filter((each) => !holds(each)).map(toLeftOut),
    hash: published.hash,
  }
}

const toLeftOut = ({ id, consent, state }: ListedContribution) => ({
  id,
  contributor: consent.consent.contributor,
  state: state === 'accepted' ? ('expired' as const) : state,
})

/** One share of each contributor, in the order of their first contributions; the latest label counts. */
async function sharesOf(contributions: readonly ListedContribution[]): Promise<Share[]> {
  const byAccount = new Map<Address, ListedContribution[]>()
  for (const each of contributions) {
    const account = getAddress(each.consent.consent.contributor)
    byAccount.set(account, [...(byAccount.get(account) ?? []), each])
  }
  const shares: Share[] = []
  for (const [account, given] of byAccount) {
    const source = await toCanonicalSource({
      fileName: 'rows.jsonl',
      async *stream() {
        for (const { rows } of given) if (rows !== undefined) yield* rows()
      },
    })
    shares.push({
      account,
      label: given.at(-1)?.consent.consent.label ?? '',
      rows: given.reduce((sum, { content }) => sum + content.rows, 0),
      source,
      ids: given.map(({ id }) => id),
    })
  }
  return shares
}

/** The owner's rows: as given, or the partitions of the current version that no contributor gave. */
async function ownRows(
  client: AgoraiClient,
  parameters: { manifest: Manifest; version: bigint; own: AssembleContributionsParameters['own'] },
): Promise<ContentSource | undefined> {
  const { version, own } = parameters
  if (own !== undefined) return notEmpty(await toCanonicalSource(own))
  const { content } = requireContent(parameters.manifest)
  const { rowFormat, fileName } = content.plaintext
  if (rowFormat !== 'jsonl')
    throw new AgoraiError('invalid_request', `The current version is ${rowFormat}: give your own rows as JSON lines.`, {
      field: 'own',
    })
  const partitions = partitionsOf(content)
  if (partitions.every(({ contributor }) => contributor !== null)) return undefined
  const delivered = await fetchDelivery(client, { version })
  const there = partitions.filter((_, place) => delivered.secrets[place] !== null)
  const lengths = there.map(({ bytes }) => bytes)
  const source = await toCanonicalSource({
    fileName,
    async *stream() {
      let place = 0
      for await (const part of splitStream(delivered.plaintext(), lengths)) {
        if (there[place++]?.contributor === null) yield* canonicalLines(part)
        else for await (const _ of part);
      }
    },
  })
  return notEmpty(source)
}

const notEmpty = (source: ContentSource): ContentSource | undefined => (source.bytes === 0 ? undefined : source)

/** Leaves that the owner stated of its own accord: those that stand for no partition. */
function statedLeaves({ contributors, content }: Manifest): Manifest['contributors']['leaves'] {
  const given = new Set(content?.partitions?.map(({ contributor }) => contributor))
  return contributors.leaves.filter((_, place) => !given.has(place))
}

/** What the new version says as the one before it did. */
function restated(manifest: Manifest) {
  const { kind, name, description, tags, licence, terms, provenance, suppliers } = manifest
  return {
    ...{ kind, name, description, tags, licence, terms },
    metrics: [],
    provenance: { description: provenance.description },
    parents: provenance.builtFrom.map(BigInt),
    suppliers: suppliers.map(BigInt),
  }
}

function concatSources({ content }: Manifest, sources: readonly ContentSource[]): ContentSource {
  const stated = content?.plaintext.fileName ?? ''
  return {
    fileName: stated.endsWith('.jsonl') ? stated : 'rows.jsonl',
    mediaType: 'application/jsonl',
    bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0),
    async *stream() {
      for (const source of sources) yield* source.stream()
    },
  }
}
