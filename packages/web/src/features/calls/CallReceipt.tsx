import type { Lineage, Serving } from '@agorai/core'
import { useEffect, useEffectEvent } from 'react'
import { formatMoney, type Token } from '../../format/money.js'
import { Moment } from '../../ui/Moment.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { saveFile } from '../delivery/saveFile.js'
import { SplitTable } from '../revenue/SplitTable.js'
import { receiptUsageWords } from './callWords.js'
import { useGetReceipt } from './useGetReceipt.js'
import type { OpenSession } from './useGetSession.js'

/** What a call cost, the operator's signature under it, and what each party gets of it. */
export function CallReceipt({
  session,
  counter,
  lineage,
  prices,
  token,
  onPaid,
}: {
  session: OpenSession
  counter: number
  lineage: Lineage | undefined
  prices: Serving['prices']
  token: Token
  /** Told once of what was charged, in base units. */
  onPaid: (amount: bigint) => void
}) {
  const receipt = useGetReceipt(session, counter)
  const charged = receipt.data?.receipt.amount
  const tell = useEffectEvent(onPaid)
  useEffect(() => {
    if (charged !== undefined && charged !== '0') tell(BigInt(charged))
  }, [charged])
  if (receipt.isPending) return <Waiting>Asking for the signed receipt…</Waiting>
  if (receipt.isError)
    return (
      <ErrorNotice
        error={receipt.error}
        safe="The call was answered. Its receipt can be asked for at any time."
        onRetry={() => receipt.refetch()}
      />
    )
  const { amount, answeredAt, usage } = receipt.data.receipt
  const cost = BigInt(amount)
  const used = receiptUsageWords(usage, prices)
  return (
    <div className="call-receipt">
      <p>
        <strong>{cost === 0n ? 'This call cost nothing' : `This call cost ${formatMoney(cost, token)}`}</strong>
        {used === '' ? '' : `: ${used}`}.
      </p>
      <p className="small">
        {'Answered '}
        <Moment at={Number(answeredAt)} />
        {'. The operator’s signature was checked in this browser. '}
        <button
          type="button"
          className="button button-small"
          onClick={() =>
            saveFile(
              new Blob([`${JSON.stringify(receipt.data, null, 2)}\n`], { type: 'application/json' }),
              `receipt-${session.info.session}-${counter}.json`,
            )
          }
        >
          Save the signed receipt
        </button>
      </p>
      {cost === 0n || lineage === undefined ? null : (
        <details>
          <summary>Who gets it</summary>
          <p className="small muted">
            By the ledger’s own arithmetic. Calls reach the ledger together, so what a single one leaves undivided is
            divided with the others.
          </p>
          <SplitTable lineage={lineage} price={cost} token={token} />
        </details>
      )}
      <details>
        <summary>The signed receipt</summary>
        <pre className="code small">{JSON.stringify(receipt.data, null, 2)}</pre>
      </details>
    </div>
  )
}
