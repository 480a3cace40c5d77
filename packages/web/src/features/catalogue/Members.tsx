import type { Lineage, Manifest } from '@agorai/core'
import { Link } from '../../app/router.js'
import { formatInteger, formatShare } from '../../format/money.js'
import { formatCount, kindName } from '../../format/text.js'
import { KindGlyph } from '../../ui/KindGlyph.js'

const shownMax = 12

/** What a collection gathers, and what of its revenue each member is given, as a royalty. */
export function Members({ manifest, lineage }: { manifest: Manifest; lineage: Lineage | undefined }) {
  const { contributors, members } = manifest
  if (members.length === 0) return null
  const whole = members.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
  const vertices = new Map(lineage?.vertices.map((vertex) => [vertex.version, vertex]))
  return (
    <section className="panel" aria-labelledby="members-heading">
      <div className="panel-head">
        <h2 id="members-heading">Members</h2>
        <p className="small muted">{`They share ${formatShare(BigInt(contributors.bps), 10_000n)} of what this collection keeps.`}</p>
      </div>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className="number">
                Weight
              </th>
              <th scope="col" className="number">
                Of the members’ part
              </th>
            </tr>
          </thead>
          <tbody>
            {members.slice(0, shownMax).map(({ version, weight }) => {
              const vertex = vertices.get(version)
              return (
                <tr key={version}>
                  <th scope="row">
                    {vertex === undefined ? (
                      `Version ${version}`
                    ) : (
                      <span className="member-name">
                        <KindGlyph kind={vertex.kind} size={14} />
                        <Link href={`/assets/${vertex.asset}`}>
                          {vertex.name ?? `${kindName(vertex.kind)} ${version}`}
                        </Link>
                      </span>
                    )}
                  </th>
                  <td className="number">{formatInteger(BigInt(weight))}</td>
                  <td className="number">{formatShare(BigInt(weight), whole)}</td>
                </tr>
              )
            })}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">
                {members.length <= shownMax ? 'Sum' : `Sum of ${formatCount(members.length, 'member')}`}
              </th>
              <td className="number">{formatInteger(whole)}</td>
              <td className="number">{formatShare(whole, whole)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  )
}
