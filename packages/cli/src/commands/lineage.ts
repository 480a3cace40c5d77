import { type Lineage, type Offer, splitSale, toLedgerVertex, type Vertex } from '@agorai/core'
import { getAsset, getLineage } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatBps, formatTable, plain, shorten } from '../output/format.js'
import type { Output } from '../output/output.js'

const depthMax = 16

export function lineageCommand(output: Output): Command {
  return createCommand('lineage', 'Show what an asset is built from and where one sale goes', 'agorai lineage 2')
    .argument('<asset>', 'id of the asset')
    .action(async (asset: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const detail = await getAsset(client, { asset: parseId(asset, 'asset') })
      const lineage = await getLineage(client, { version: BigInt(detail.version.id) })
      const vertices = new Map(lineage.vertices.map((vertex) => [vertex.version, vertex]))
      const offer =
        detail.offers.find(({ open, price, timed }) => open && price !== '0' && !timed) ??
        detail.offers.find(({ open, price }) => open && price !== '0')
      output.result(lineage, [
        ...tree(vertices, lineage.version),
        ...(offer === undefined ? [] : ['', ...split(lineage, offer)]),
      ])
    })
}

/** The version and below it, indented, what it is built from. A vertex met before is only named. */
function tree(vertices: ReadonlyMap<string, Vertex>, root: string): string[] {
  const seen = new Set<string>()
  const lines: string[] = []
  const visit = (id: string, indent: string, branch: string, depth: number): void => {
    const vertex = vertices.get(id)
    if (vertex === undefined || depth > depthMax) return
    const again = seen.has(id)
    seen.add(id)
    const { royaltyBps } = vertex.terms
    const asks = royaltyBps === 0 ? '' : `, asks ${formatBps(royaltyBps)} of every descendant's sales`
    lines.push(
      `${indent}${branch}${plain(vertex.name ?? '(manifest not available here)')} (${vertex.kind}, version ${id}${asks})`,
    )
    if (again) return
    const below = branch === '' ? indent : `${indent}${branch.startsWith('└') ? '   ' : '│  '}`
    const sources = sourcesOf(vertex)
    for (const [place, source] of sources.entries())
      visit(source, below, place === sources.length - 1 ? '└─ ' : '├─ ', depth + 1)
  }
  visit(root, '', '', 0)
  return lines
}

/** What a version is built from, sells or gathers, each once. */
const sourcesOf = ({ parents, suppliers, members }: Vertex): string[] => [
  ...new Set([...parents, ...suppliers, ...members.map(({ version }) => version)]),
]

function split({ version, vertices }: Lineage, offer: Offer): string[] {
  const price = BigInt(offer.price)
  const byVersion = new Map(vertices.map((vertex) => [BigInt(vertex.version), vertex]))
  const ledger = new Map(vertices.map((vertex) => [BigInt(vertex.version), toLedgerVertex(vertex)]))
  const { shares, dust } = splitSale(ledger, BigInt(version), price)
  const rows = shares
    .filter(({ amount }) => amount > 0n)
    .map(({ version: id, role, account, amount }) => {
      const vertex = byVersion.get(id)
      const label = vertex?.contributors.find((contributor) => contributor.account === account)?.label
      const who = role === 'treasury' ? 'protocol fee' : `${role} of ${plain(vertex?.name ?? `version ${id}`)}`
      return [
        `  ${who}`,
        formatAmount(amount, offer.token),
        plain(label ?? (role === 'owner' ? shorten(vertex?.owner ?? '') : '')),
      ]
    })
  const remainder = dust === 0n ? [] : [['  stays as dust', formatAmount(dust, offer.token), '']]
  return [
    `Where one ${offer.timed ? 'day' : 'sale'} of ${formatAmount(price, offer.token)} goes`,
    ...formatTable([...rows, ...remainder]),
  ]
}
