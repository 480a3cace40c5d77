import type { Lineage } from '@agorai/core'
import type { Token } from '../../format/money.js'
import { SplitTable } from './SplitTable.js'

/** Where a price goes. */
export function DollarSplit({
  lineage,
  price,
  token,
  basis,
}: {
  lineage: Lineage
  price: bigint
  token: Token
  basis: string
}) {
  return (
    <section className="panel" aria-labelledby="dollar-heading">
      <div className="panel-head">
        <h2 id="dollar-heading">Where one dollar goes</h2>
        <p className="small muted">{basis}</p>
      </div>
      <SplitTable lineage={lineage} price={price} token={token} />
    </section>
  )
}
