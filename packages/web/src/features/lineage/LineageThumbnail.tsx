import type { Lineage } from '@agorai/core'
import { useMemo } from 'react'
import { formatCount } from '../../format/text.js'
import { kindShape } from '../../ui/KindGlyph.js'
import { type LayoutOptions, layoutLineage } from './layoutLineage.js'
import { selectVertices } from './selectVertices.js'
import './lineage.css'

const options: LayoutOptions = {
  direction: 'right',
  cardWidth: 26,
  cardHeight: 22,
  layerGap: 26,
  cardGap: 6,
  laneSize: 8,
}
const verticesMax = 9

/** The lineage picture, small: shapes and edges without words. */
export function LineageThumbnail({ lineage }: { lineage: Lineage }) {
  const { vertices } = useMemo(() => selectVertices(lineage, verticesMax), [lineage])
  const layout = useMemo(() => layoutLineage(vertices, options), [vertices])
  const kinds = new Map(vertices.map((vertex) => [vertex.version, vertex.kind]))
  return (
    <svg
      className="lineage-thumbnail"
      viewBox={`-1 -1 ${layout.width + 2} ${layout.height + 2}`}
      width={layout.width + 2}
      height={layout.height + 2}
      role="img"
      aria-label={describe(lineage)}
    >
      {layout.edges.map((edge) => (
        <path
          key={`${edge.from}-${edge.to}`}
          className={edge.inherited ? 'lineage-edge lineage-edge-inherited' : 'lineage-edge'}
          d={edge.path}
        />
      ))}
      {layout.cards.map((card) => (
        <g
          key={card.version}
          className={card.version === lineage.version ? 'lineage-mini-focus' : undefined}
          transform={`translate(${card.x} ${card.y})`}
        >
          <rect className="lineage-box" width={options.cardWidth} height={options.cardHeight} rx="4" />
          <g transform="translate(7 5) scale(0.75)">
            <path className="lineage-glyph" d={kindShape(kinds.get(card.version) ?? '')} />
          </g>
        </g>
      ))}
    </svg>
  )
}

function describe(lineage: Lineage): string {
  const focus = lineage.vertices.find((vertex) => vertex.version === lineage.version)
  const above = new Set([...(focus?.parents ?? []), ...(focus?.edges.map((edge) => edge.ancestor) ?? [])]).size
  const below = Math.max(0, lineage.vertices.length - above - 1)
  const parts = [above === 0 ? '' : `built from ${formatCount(above, 'version')}`]
  if (below > 0) parts.push(`${formatCount(below, 'version')} built from it`)
  const said = parts.filter((part) => part !== '').join(', ')
  return said === '' ? 'Lineage: this version alone' : `Lineage: ${said}`
}
