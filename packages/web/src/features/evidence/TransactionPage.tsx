import { useAgorai } from '../../app/AgoraiProvider.js'
import { useTitle } from '../../app/useTitle.js'
import { formatInteger } from '../../format/money.js'
import { formatCount, formatTime, isoTime, shorten } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { AccountName } from '../wallet/AccountName.js'
import { describeEvents } from './describeEvents.js'
import { useGetTransaction } from './useGetTransaction.js'

/** What one transaction did, from the chain's own record of it. */
export function TransactionPage({ hash }: { hash: `0x${string}` }) {
  const { info, paymentToken } = useAgorai()
  const transaction = useGetTransaction(hash)
  useTitle(`Transaction ${shorten(hash)}`)
  return (
    <>
      <div className="asset-head">
        <h1>Transaction</h1>
        <p className="asset-facts-line">
          <Copyable value={hash} name="transaction" whole />
        </p>
      </div>
      {transaction.isPending ? <Waiting>Asking the chain for this transaction…</Waiting> : null}
      {transaction.isError ? (
        <ErrorNotice error={transaction.error} safe="Nothing was changed." onRetry={() => transaction.refetch()} />
      ) : null}
      {transaction.data === null ? (
        <Notice tone="care" title="The chain has mined no transaction of this hash">
          <p>It may be mistyped, of another chain, or still waiting to be mined.</p>
          <p>
            <button type="button" className="button button-small" onClick={() => transaction.refetch()}>
              Look again
            </button>
          </p>
        </Notice>
      ) : null}
      {transaction.data === undefined || transaction.data === null ? null : (
        <section className="panel" aria-labelledby="transaction-heading">
          <h2 id="transaction-heading">What the chain recorded</h2>
          <dl className="facts">
            <dt>Outcome</dt>
            <dd>
              {transaction.data.receipt.status === 'success' ? 'Done, and final' : 'Refused: nothing was changed'}
            </dd>
            <dt>Block</dt>
            <dd>
              {`${formatInteger(transaction.data.receipt.blockNumber)}, `}
              <time dateTime={isoTime(transaction.data.publishedAt)}>{formatTime(transaction.data.publishedAt)}</time>
            </dd>
            <dt>Sent by</dt>
            <dd>
              <AccountName address={transaction.data.receipt.from} />
            </dd>
            <dt>Network fee</dt>
            <dd>{`${formatInteger(transaction.data.receipt.gasUsed)} gas`}</dd>
            <dt>Events</dt>
            <dd>{formatCount(transaction.data.receipt.logs.length, 'event')}</dd>
          </dl>
          <ol className="events">
            {describeEvents(transaction.data.receipt.logs, info.chain.addresses, paymentToken).map((event) => (
              <li key={event.index}>
                <p>{event.sentence}</p>
                <p className="small muted mono">{`${event.contract}.${event.name}`}</p>
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  )
}
