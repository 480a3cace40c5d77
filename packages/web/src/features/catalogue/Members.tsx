import type { Lineage, Manifest } from '@agorai/core'
import { Link } from '../../app/router.js'
import { formatShare } from '../../format/money.js'
import { kindName } from '../../format/text.js'
import { KindGlyph } from '../../ui/KindGlyph.js'
import { WeightTable } from './WeightTable.js'

/** What a collection gathers, and what of its revenue each member is given, as a royalty. */
export function Members({ manifest, lineage }: { manifest: Manifest; lineage: Lineage | undefined }) {
  const { contributors, members } = manifest
  if (members.length === 0) return null
  const vertices = new Map(lineage?.vertices.map((vertex) => [vertex.version, vertex]))
  return (
    <WeightTable
      id="members-heading"
      title="Members"
      lead={`They share ${formatShare(BigInt(contributors.bps), 10_000n)} of what this collection keeps.`}
      what="What"
      one="member"
      entries={members}
      nameOf={({ version }) => {
        const vertex = vertices.get(version)
        if (vertex === undefined) return `Version ${version}`
        return (
          <span className="member-name">
            <KindGlyph kind={vertex.kind} size={14} />
            <Link href={`/assets/${vertex.asset}`}>{vertex.name ?? `${kindName(vertex.kind)} ${version}`}</Link>
          </span>
        )
      }}
    />
  )
}
