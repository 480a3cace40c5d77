import { edgeClass } from './edgeWords.js'
import type { EdgeKind, PlacedEdge } from './layoutLineage.js'

const entries: readonly { kind: EdgeKind; inherited: boolean; words: string }[] = [
  { kind: 'royalty', inherited: false, words: 'Built from: a share of every sale' },
  { kind: 'royalty', inherited: true, words: 'Built from through a version in between' },
  { kind: 'supply', inherited: false, words: 'Sold through: a share to the version whose work is sold' },
  { kind: 'member', inherited: false, words: 'Gathered: a share of what the collection keeps' },
]

/** Says what each stroke means, of those that are drawn. */
export function EdgeLegend({ edges }: { edges: readonly PlacedEdge[] }) {
  const drawn = entries.filter(({ kind, inherited }) =>
    edges.some((edge) => edge.kind === kind && edge.inherited === inherited),
  )
  if (drawn.length === 0) return null
  return (
    <ul className="lineage-legend">
      {drawn.map((entry) => (
        <li key={entry.words}>
          <svg width="36" height="8" viewBox="0 0 36 8" aria-hidden="true">
            <path className={edgeClass(entry)} d="M2 4H34" />
          </svg>
          {entry.words}
        </li>
      ))}
    </ul>
  )
}
