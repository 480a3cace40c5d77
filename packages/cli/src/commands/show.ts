import type { AssetDetail } from '@agorai/core'
import { getAsset } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatBps, formatTable, plain } from '../output/format.js'
import type { Output } from '../output/output.js'

export function showCommand(output: Output): Command {
  return createCommand('show', 'Show an asset: licence, content, offers, contributors', 'agorai show 2')
    .argument('<asset>', 'id of the asset')
    .action(async (asset: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const detail = await getAsset(client, { asset: parseId(asset, 'asset') })
      output.result(detail, describe(detail))
    })
}

function describe(asset: AssetDetail): string[] {
  const { manifest, version } = asset
  return [
    `${plain(asset.name ?? '(manifest not available here)')}`,
    ...(manifest === null ? [] : ['', plain(manifest.description)]),
    '',
    ...formatTable([
      ['asset', `${asset.id} (${asset.kind})`],
      ['current version', `${version.id} (${asset.versions.length} published)`],
      ['owner', asset.owner],
      ['till', asset.till],
      ['manifest', version.manifestDigest],
      ['built from', version.parents.length === 0 ? 'nothing listed' : version.parents.join(', ')],
      ['asks of descendants', formatBps(version.royaltyBps)],
      ['passes sold', String(asset.sales)],
      ...manifestRows(asset),
    ]),
    '',
    'Offers',
    ...offerRows(asset),
    ...contributorRows(asset),
  ]
}

function manifestRows({ manifest }: AssetDetail): string[][] {
  if (manifest === null) return []
  const { content, licence, metrics } = manifest
  return [
    ['licence', `${licence.spdx}, ${plain(licence.attribution)}`],
    ['content', `${content.plaintext.fileName}, ${content.plaintext.bytes} bytes, ${content.plaintext.rows} rows`],
    ['ciphertext', content.cid],
    ...metrics.map(({ name, correct, total, description }) => [name, `${correct} of ${total}: ${plain(description)}`]),
  ]
}

function offerRows({ offers }: AssetDetail): string[] {
  if (offers.length === 0) return ['  none yet']
  return formatTable(
    offers.map(({ id, price, token, usage, open }) => [
      `  ${id}`,
      usage,
      price === '0' ? 'free' : formatAmount(BigInt(price), token),
      open ? 'open' : 'closed',
    ]),
  )
}

function contributorRows({ manifest }: AssetDetail): string[] {
  if (manifest === null || manifest.contributors.leaves.length === 0) return []
  const { bps, leaves } = manifest.contributors
  const total = leaves.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
  return [
    '',
    `Contributors share ${formatBps(bps)} of what stays with the version`,
    ...formatTable(leaves.map(({ account, weight, label }) => [`  ${plain(label)}`, `${weight}/${total}`, account])),
  ]
}
