import type { Lineage, Vertex } from '@agorai/core'
import { useId, useMemo } from 'react'
import { navigate } from '../../app/router.js'
import { useMediaQuery } from '../../app/useMediaQuery.js'
import { formatBps, formatMoney } from '../../format/money.js'
import { formatCount, kindName, shorten, wrapText } from '../../format/text.js'
import { kindShape } from '../../ui/KindGlyph.js'
import { useAccountName } from '../wallet/useAccountName.js'
import { EdgeLegend } from './EdgeLegend.js'
import { edgeClass, edgeSentence } from './edgeWords.js'
import { type EdgeKind, type LayoutOptions, layoutLineage, type PlacedCard, type PlacedEdge } from './layoutLineage.js'
import type { Movement } from './movement.js'
import { selectVertices } from './selectVertices.js'
import './lineage.css'

const wide: LayoutOptions = {
  direction: 'right',
  cardWidth: 240,
  cardHeight: 148,
  layerGap: 176,
  cardGap: 24,
  laneSize: 40,
}
const narrow: LayoutOptions = {
  direction: 'down',
  cardWidth: 240,
  cardHeight: 148,
  layerGap: 80,
  cardGap: 16,
  laneSize: 72,
}
const margin = 12
const verticesMax = 40
const edgeKinds: readonly EdgeKind[] = ['royalty', 'supply', 'member']

export type LineageGraphProps = {
  lineage: Lineage
  /** Base units that stay with each version out of one sale, by version id. */
  receipts?: ReadonlyMap<string, bigint>
  token?: { symbol: string; decimals: number }
  movement?: Movement
}

/**
 * What a version is built from, whose work it sells, what it gathers, and what is built from it: cards in layers, each edge
 * labelled with its rate.
 */
export function LineageGraph({ lineage, receipts, token, movement }: LineageGraphProps) {
  const options = useMediaQuery('(max-width: 720px)') ? narrow : wide
  const arrow = useId()
  const { vertices, hidden } = useMemo(() => selectVertices(lineage, verticesMax), [lineage])
  const layout = useMemo(() => layoutLineage(vertices, options), [vertices, options])
  const names = new Map(vertices.map((vertex) => [vertex.version, vertexName(vertex)]))
  const cards = new Map(layout.cards.map((card) => [card.version, card]))
  const width = layout.width + 2 * margin
  const height = layout.height + 2 * margin

  return (
    <figure className="lineage">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section className="lineage-scroll" tabIndex={0} aria-label="Lineage picture">
        <svg
          className="lineage-picture"
          viewBox={`${-margin} ${-margin} ${width} ${height}`}
          width={width}
          height={height}
          role="presentation"
        >
          <defs>
            {edgeKinds.map((kind) => (
              <marker
                key={kind}
                id={`${arrow}-${kind}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="12"
                markerHeight="12"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path className={`lineage-arrow lineage-arrow-${kind}`} d="M0 0.5 7 4 0 7.5z" />
              </marker>
            ))}
          </defs>
          <g>
            {layout.edges.map((edge) => (
              <path
                key={edgeKey(edge)}
                className={edgeClass(edge)}
                d={edge.path}
                markerEnd={`url(#${arrow}-${edge.kind})`}
              />
            ))}
            {layout.edges.map((edge) => (
              <EdgeFlow key={`${edgeKey(edge)}-${movement?.key ?? ''}`} edge={edge} movement={movement} />
            ))}
          </g>
          {vertices.map((vertex) => {
            const card = cards.get(vertex.version)
            if (card === undefined) return null
            const received = receipts?.get(vertex.version)
            return (
              <LineageCard
                key={vertex.version}
                vertex={vertex}
                card={card}
                options={options}
                focus={vertex.version === lineage.version}
                {...(received === undefined || token === undefined
                  ? {}
                  : { received: `${formatMoney(received, token)} of each sale` })}
              />
            )
          })}
          <g>
            {layout.edges.map((edge) => (
              <EdgeLabel key={edgeKey(edge)} edge={edge} movement={movement} raised={options.direction === 'right'} />
            ))}
          </g>
        </svg>
      </section>
      <ul className="visually-hidden">
        {layout.edges.map((edge) => (
          <li key={edgeKey(edge)}>{edgeSentence(edge, names)}</li>
        ))}
      </ul>
      <figcaption className="lineage-caption small muted">
        <EdgeLegend edges={layout.edges} />
        <p>{caption(layout.edges.length, hidden)}</p>
      </figcaption>
    </figure>
  )
}

const edgeKey = ({ from, to, kind }: PlacedEdge) => `${from}-${to}-${kind}`

function caption(edges: number, hidden: number): string {
  const said =
    edges === 0
      ? 'Built from nothing that is published here, and nothing is built from it yet.'
      : 'Arrows point where money goes: to the version that is owed a share of every sale.'
  return hidden === 0 ? said : `${said} ${hidden} more versions are not drawn.`
}

function vertexName(vertex: Vertex): string {
  return vertex.name ?? `${kindName(vertex.kind)} ${vertex.version}`
}

function LineageCard({
  vertex,
  card,
  options,
  focus,
  received,
}: {
  vertex: Vertex
  card: PlacedCard
  options: LayoutOptions
  focus: boolean
  received?: string
}) {
  const ownerName = useAccountName(vertex.owner)
  const href = `/assets/${vertex.asset}`
  const name = vertexName(vertex)
  const lines = wrapText(name, 24, 2)
  return (
    <g transform={`translate(${card.x} ${card.y})`}>
      <a
        className={focus ? 'lineage-card lineage-card-focus' : 'lineage-card'}
        href={href}
        aria-label={`${name}, ${kindName(vertex.kind)}, version ${vertex.version}${focus ? ', this version' : ''}`}
        aria-current={focus ? 'true' : undefined}
        onClick={(event) => {
          if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
          event.preventDefault()
          if (!focus) navigate(href)
        }}
      >
        <title>{name}</title>
        <rect className="lineage-box" width={options.cardWidth} height={options.cardHeight} rx="8" />
        <g transform="translate(16 14)">
          <path className="lineage-glyph" d={kindShape(vertex.kind)} />
        </g>
        <text className="lineage-kind" x="40" y="27">
          {`${kindName(vertex.kind)} · version ${vertex.version}`}
        </text>
        {lines.map((line, index) => (
          <text className="lineage-name" key={line} x="16" y={52 + index * 18}>
            {line}
          </text>
        ))}
        {[ownerName ?? `owner ${shorten(vertex.owner)}`, vertex.erased ? 'content erased' : people(vertex)].map(
          (line, index) => (
            <text className="lineage-owner" key={line} x="16" y={52 + (lines.length + index) * 18 + 4}>
              {line}
            </text>
          ),
        )}
        {received === undefined ? null : (
          <text className="lineage-received" x="16" y={options.cardHeight - 14}>
            {received}
          </text>
        )}
      </a>
    </g>
  )
}

function people({ contributorBps, contributors, members }: Vertex): string {
  const count = contributors.length + members.length
  if (count === 0 || contributorBps === 0) return ''
  return `${formatBps(contributorBps)} to ${formatCount(count, members.length > 0 ? 'member' : 'contributor')}`
}

function flowOf(edge: PlacedEdge, movement: Movement | undefined) {
  return movement?.flows.find((flow) => flow.from === edge.from && flow.to === edge.to && flow.kind === edge.kind)
}

function EdgeFlow({ edge, movement }: { edge: PlacedEdge; movement: Movement | undefined }) {
  if (flowOf(edge, movement) === undefined) return null
  return <path className="lineage-flow" d={edge.path} pathLength="100" />
}

/** A rate stands on its edge. What has just moved stands above it, where there is room, so that the coins are seen. */
function EdgeLabel({ edge, movement, raised }: { edge: PlacedEdge; movement: Movement | undefined; raised: boolean }) {
  const flow = flowOf(edge, movement)
  const text =
    flow === undefined || movement === undefined ? formatBps(edge.bps) : `+${formatMoney(flow.amount, movement.token)}`
  const width = text.length * 8 + 18
  return (
    <g
      className={`lineage-label lineage-label-${edge.kind}${flow === undefined ? '' : ' lineage-label-moved'}`}
      transform={`translate(${edge.label.x} ${edge.label.y - (flow !== undefined && raised ? 22 : 0)})`}
    >
      <rect x={-width / 2} y="-11" width={width} height="22" rx={edge.kind === 'royalty' ? 11 : 3} />
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: text of a picture takes no focus; the list says it in words. */}
      <text textAnchor="middle" y="4.5" aria-hidden="true">
        {text}
      </text>
    </g>
  )
}
