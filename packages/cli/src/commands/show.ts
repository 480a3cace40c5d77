import { type AssetDetail, hasContent, type Offer, type Terms } from '@agorai/core'
import { type AgoraiClient, everyPage, getAsset, getOffers, getRevenue, getVersions } from '@agorai/sdk'
import type { Command } from 'commander'
import type { Address } from 'viem'
import { type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { describeCalls } from '../output/describeCalls.js'
import { describePrice, describeTerms } from '../output/describeOffer.js'
import { formatAmount, formatBps, formatDate, formatTable, plain } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

export function showCommand(output: Output): Command {
  return createCommand('show', 'Show an asset: terms, content, offers, contributors', 'agorai show 2')
    .argument('<asset>', 'id of the asset')
    .option('--all', 'every version and every offer, however many there are')
    .action(async (asset: string, options: CommonOptions & { all?: boolean }) => {
      const client = await connect(options, readEnvironment())
      const first = await getAsset(client, { asset: parseId(asset, 'asset') })
      const detail = options.all === true ? await readWhole(client, first) : first
      const [waiting, calls] = await Promise.all([readWaiting(client, detail), readCalls(client, detail)])
      output.result(
        { ...detail, waiting: waiting.map(({ token, amount }) => ({ token: token.address, amount })) },
        describe(detail, waiting, calls),
      )
    })
}

/** The same asset with what comes after its first versions and offers. */
async function readWhole(client: AgoraiClient, detail: AssetDetail): Promise<AssetDetail> {
  const asset = BigInt(detail.id)
  const versions = [...detail.versions]
  const older = (cursor: string | undefined) => getVersions(client, { asset, cursor, limit: 100 })
  for await (const page of everyPage(older, detail.versionsCursor)) versions.push(...page.versions)
  // One that was closed in between comes again, as it is now.
  const offers = new Map(detail.offers.map((offer) => [offer.id, offer]))
  const further = (cursor: string | undefined) => getOffers(client, { asset, cursor, limit: 100 })
  for await (const page of everyPage(further, detail.offersCursor))
    for (const offer of page.offers) offers.set(offer.id, offer)
  return { ...detail, versions, versionsCursor: null, offers: [...offers.values()], offersCursor: null }
}

type Waiting = { token: Offer['token']; amount: bigint }

/** What was paid for passes of the asset and is not final yet, by token. */
async function readWaiting(client: AgoraiClient, { version, offers }: AssetDetail): Promise<Waiting[]> {
  const held = offers.filter(({ timed, refundHours }) => timed || refundHours > 0)
  const tokens = new Map<Address, Offer['token']>(held.map(({ token }) => [token.address, token]))
  const found = await Promise.all(
    [...tokens.values()].map(async (token) => {
      const revenue = await getRevenue(client, { version: BigInt(version.id), token: token.address })
      return { token, amount: BigInt(revenue.waiting) }
    }),
  )
  return found.filter(({ amount }) => amount > 0n)
}

/** What calls cost where the asset is called. */
async function readCalls(client: AgoraiClient, { id, manifest }: AssetDetail): Promise<string[]> {
  const serving = manifest?.serving
  if (serving === undefined) return []
  const prices = describeCalls(serving, await paymentToken(client, serving.token))
  return ['', `Calls, by agorai call ${id}`, ...prices]
}

function describe(asset: AssetDetail, waiting: readonly Waiting[], calls: readonly string[]): string[] {
  const { manifest, version } = asset
  return [
    `${plain(asset.name ?? '(manifest not available here)')}`,
    ...(manifest === null ? [] : ['', plain(manifest.description)]),
    '',
    ...formatTable([
      ['asset', `${asset.id} (${asset.kind})`],
      ['current version', `${version.id} (${asset.versionCount} published)`],
      ['state', stateOf(asset)],
      ['owner', asset.owner],
      ['till', asset.till],
      ['manifest', version.manifestDigest],
      ['built from', version.parents.length === 0 ? 'nothing listed' : version.parents.join(', ')],
      ...version.supplies.map(({ supplier, bps }) => [
        'sells the work of',
        `${supplier}, which gets ${formatBps(bps)}`,
      ]),
      ...termsRows(version.terms),
      ['passes sold', String(asset.sales)],
      ...waiting.map(({ token, amount }) => ['not final yet', formatAmount(amount, token)]),
      ...manifestRows(asset),
    ]),
    '',
    'Offers',
    ...offerRows(asset),
    ...versionRows(asset),
    ...calls,
    ...contributorRows(asset),
    ...memberRows(asset),
  ]
}

function stateOf({ retired, soldExclusively, freeOnly, version }: AssetDetail): string {
  if (version.erased) return 'its current version is erased'
  if (retired) return 'retired: nothing more is sold or built from it'
  if (soldExclusively) return 'sold exclusively: no other pass is sold'
  return freeOnly ? 'published; may only be offered for nothing' : 'published'
}

const termsRows = ({ derivatives, royaltyBps, serveBps, consent, attribution, commercial }: Terms): string[][] => [
  ['others may build', derivatives ? (consent ? 'with the owner’s signed consent' : 'yes') : 'no'],
  ['asks of descendants', formatBps(royaltyBps)],
  ['asks of services', serveBps === 0 ? 'offers no right to sell its work' : formatBps(serveBps)],
  ['must be named', attribution ? 'yes' : 'no'],
  ['may be sold on', commercial ? 'yes' : 'no: whatever others build is free'],
]

function manifestRows({ manifest }: AssetDetail): string[][] {
  if (manifest === null) return []
  const { licence, metrics } = manifest
  const said = [['licence', `${licence.spdx}, ${plain(licence.attribution)}`]]
  const counted = metrics.map(({ name, correct, total, description }) => [
    name,
    `${correct} of ${total}: ${plain(description)}`,
  ])
  if (!hasContent(manifest)) return [...said, ...counted]
  const { plaintext, cid } = manifest.content
  return [
    ...said,
    ['content', `${plaintext.fileName}, ${plaintext.bytes} bytes, ${plaintext.rows} rows`],
    ['ciphertext', cid],
    ...counted,
  ]
}

function offerRows({ id: asset, offers, offersCursor }: AssetDetail): string[] {
  if (offers.length === 0) return ['  none yet']
  return [
    ...formatTable(
      offers.map(({ id, token, open, ...offer }) => {
        const shown = { ...offer, price: BigInt(offer.price) }
        return [`  ${id}`, offer.usage, open ? 'open' : 'closed', describePrice(shown, token), describeTerms(shown)]
      }),
    ),
    ...(offersCursor === null ? [] : [`  and more: agorai show ${asset} --all`]),
  ]
}

/** What was published, where it is more than the version that is told of already. */
function versionRows({ id: asset, versions, versionsCursor, versionCount }: AssetDetail): string[] {
  if (versionCount === 1) return []
  return [
    '',
    'Versions',
    ...formatTable(
      versions.map(({ id, publishedAt, erased, manifestDigest }) => [
        `  ${id}`,
        formatDate(publishedAt),
        erased ? 'erased' : '',
        manifestDigest,
      ]),
    ),
    ...(versionsCursor === null ? [] : [`  and older ones: agorai show ${asset} --all`]),
  ]
}

const weightSumOf = (leaves: readonly { weight: string }[]): bigint =>
  leaves.reduce((sum, { weight }) => sum + BigInt(weight), 0n)

function contributorRows({ manifest }: AssetDetail): string[] {
  if (manifest === null || manifest.contributors.leaves.length === 0) return []
  const { bps, leaves } = manifest.contributors
  const total = weightSumOf(leaves)
  return [
    '',
    `Contributors share ${formatBps(bps)} of what stays with the version`,
    ...formatTable(leaves.map(({ account, weight, label }) => [`  ${plain(label)}`, `${weight}/${total}`, account])),
  ]
}

function memberRows({ manifest }: AssetDetail): string[] {
  if (manifest === null || manifest.members.length === 0) return []
  const { contributors, members } = manifest
  const total = weightSumOf(members)
  return [
    '',
    `Members share ${formatBps(contributors.bps)} of what stays with the collection`,
    ...formatTable(members.map(({ version, weight }) => [`  version ${version}`, `${weight}/${total}`])),
  ]
}
