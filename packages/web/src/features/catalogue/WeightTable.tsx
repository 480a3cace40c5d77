import type { ReactNode } from 'react'
import { formatInteger, formatShare } from '../../format/money.js'
import { formatCount } from '../../format/text.js'

const shownMax = 12

/** Who or what shares a part of a version's revenue by weight: the first of them, and the sum of all. */
export function WeightTable<entry extends { weight: string }>({
  id,
  title,
  lead,
  what,
  one,
  entries,
  nameOf,
}: {
  id: string
  title: string
  lead: string
  /** Heading of the names. */
  what: string
  /** What one entry is called. */
  one: string
  entries: readonly entry[]
  nameOf: (entry: entry) => ReactNode
}) {
  const whole = entries.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        <p className="small muted">{lead}</p>
      </div>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{what}</th>
              <th scope="col" className="number">
                Weight
              </th>
              <th scope="col" className="number">
                {`Of the ${one}s’ part`}
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.slice(0, shownMax).map((entry, index) => (
              // The same account may stand in the list twice; its place in the tree is what tells leaves apart.
              // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed by the contributor root.
              <tr key={index}>
                <th scope="row">{nameOf(entry)}</th>
                <td className="number">{formatInteger(BigInt(entry.weight))}</td>
                <td className="number">{formatShare(BigInt(entry.weight), whole)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{entries.length <= shownMax ? 'Sum' : `Sum of ${formatCount(entries.length, one)}`}</th>
              <td className="number">{formatInteger(whole)}</td>
              <td className="number">{formatShare(whole, whole)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  )
}
