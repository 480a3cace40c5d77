import type { Lineage } from '@agorai/core'
import { useMemo } from 'react'
import { formatCount } from '../../format/text.js'
import { kindShape } from '../../ui/KindGlyph.js'
import { edgeClass } from './edgeWords.js'
import { type LayoutOptions, layoutLineage } from './layoutLineage.js'
import { idsAbove, selectVertices } from './selectVertices.js'
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
        <path key={`${edge.from}-${edge.to}-${edge.kind}`} className={edgeClass(edge)} d={edge.path} />
      ))}
      {layout.cards.map((card) => (
        <g
          key={card.version}
          className={card.version === lineage.version ? 'lineage-mini-focus' : undefined}
          transform={`translate(${card.x} ${card.y})`}
        >
          <rect className="lineage-box" width={options.cardWidth} height={options.cardHeight} rx="4" />
          <g transform="translate(7 5) scale(0.75)">
            <path className="lineage-glyph" d={kindShape(kinds.get(card.version) ?? 'dataset')} />
          </g>
        </g>
      ))}
    </svg>
  )
}

function describe(lineage: Lineage): string {
  const focus = lineage.vertices.find((vertex) => vertex.version === lineage.version)
  if (focus === undefined) return 'Lineage: not known here'
  const sold = new Set([...focus.suppliers, ...focus.supplies.map(({ supplier }) => supplier)])
  const above = new Set(idsAbove(focus).filter((id) => !sold.has(id)))
  const gathered = focus.members.length
  const below = Math.max(0, lineage.vertices.length - above.size - sold.size - gathered - 1)
  const parts = [above.size === 0 ? '' : `built from ${formatCount(above.size, 'version')}`]
  if (sold.size > 0) parts.push(`sells the work of ${formatCount(sold.size, 'version')}`)
  if (gathered > 0) parts.push(`gathers ${formatCount(gathered, 'version')}`)
  if (below > 0) parts.push(`${formatCount(below, 'version')} built from it`)
  const said = parts.filter((part) => part !== '').join(', ')
  return said === '' ? 'Lineage: this version alone' : `Lineage: ${said}`
}
