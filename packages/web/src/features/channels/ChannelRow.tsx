import type { ListedChannel } from '@agorai/sdk'
import { useState } from 'react'
import { formatMoney, type Token } from '../../format/money.js'
import { Copyable } from '../../ui/Copyable.js'
import { Moment } from '../../ui/Moment.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { useChainTime } from '../market/useChainTime.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { channelFacts, channelName, delayWords } from './channelWords.js'
import { useRefundChannel } from './useRefundChannel.js'
import { useWithdrawChannel } from './useWithdrawChannel.js'

/** One channel: what was put in, what was claimed, what is left, and the ways to take it out. */
export function ChannelRow({ channel, token }: { channel: ListedChannel; token: Token }) {
  const now = useChainTime()
  const [asking, setAsking] = useState<'refund' | 'withdraw'>()
  const refund = useRefundChannel()
  const withdraw = useWithdrawChannel()
  const { left, owed, finishAt } = channelFacts(channel)
  const money = (amount: bigint) => formatMoney(amount, token)
  const busy = refund.isPending || withdraw.isPending
  const done = () => setAsking(undefined)
  return (
    <li className="channel">
      <div className="channel-head">
        <h3>{channelName(channel)}</h3>
        <Copyable value={channel.channel} name="channel" />
      </div>
      <dl className="facts channel-facts">
        <Fact name="Put in" value={money(channel.balance)} />
        <Fact name="Claimed by the operator" value={money(channel.totalClaimed)} />
        {owed === 0n ? null : <Fact name="Charged and not claimed yet" value={money(owed)} />}
        <Fact name="Left" value={money(left - owed)} />
      </dl>
      {channel.withdrawal === undefined || finishAt === undefined ? null : (
        <p className="channel-way">
          {`${money(channel.withdrawal.amount)} are on their way out, and no call is taken on this channel. `}
          {now !== undefined && now >= finishAt ? (
            'The withdrawal can be finished now.'
          ) : (
            <>
              {'The withdrawal can be finished from '}
              <Moment at={finishAt} />
              {' on.'}
            </>
          )}
        </p>
      )}
      <div className="channel-actions">
        {finishAt !== undefined ? (
          <button
            type="button"
            className="button button-small"
            disabled={busy || now === undefined || now < finishAt}
            onClick={() => setAsking('withdraw')}
          >
            Finish the withdrawal
          </button>
        ) : left === 0n ? null : (
          <>
            {channel.service === undefined ? null : (
              <button type="button" className="button button-small" disabled={busy} onClick={() => setAsking('refund')}>
                Get it back now
              </button>
            )}
            <button type="button" className="button button-small" disabled={busy} onClick={() => setAsking('withdraw')}>
              Withdraw without the operator
            </button>
          </>
        )}
      </div>
      {refund.isPending ? <Waiting>Waiting for the signature, the operator and the chain…</Waiting> : null}
      {refund.isError ? <ErrorNotice error={refund.error} safe="What is in the channel stays there." /> : null}
      {refund.isSuccess ? (
        <Notice tone="good" title={`${money(refund.data.amount)} came back`}>
          <p>
            {'In transaction '}
            <Copyable
              value={refund.data.transaction}
              name="transaction"
              href={`/transactions/${refund.data.transaction}`}
            />
          </p>
        </Notice>
      ) : null}
      {withdraw.isPending ? <Waiting>Waiting for the signature and the chain…</Waiting> : null}
      {withdraw.isError ? <ErrorNotice error={withdraw.error} safe="What is in the channel stays there." /> : null}
      {withdraw.isSuccess && withdraw.data.state === 'done' ? (
        <Notice tone="good" title={`${money(withdraw.data.amount)} came back`} />
      ) : null}
      {asking === 'refund' ? (
        <SignDialog
          title="Get it back now"
          confirm="Get it back"
          onDecline={done}
          onConfirm={() => {
            done()
            refund.mutate(channel)
          }}
        >
          <p>
            <strong>{`${money(left - owed)}, less what calls have cost that this page does not know of, comes back to this account.`}</strong>
            {' You sign what they came to; the operator sends the transaction and takes its part in it.'}
          </p>
          <p>A session that is open on this channel has to be closed first, on the page of its service.</p>
        </SignDialog>
      ) : null}
      {asking === 'withdraw' ? (
        <SignDialog
          title={finishAt === undefined ? 'Withdraw without the operator' : 'Finish the withdrawal'}
          confirm={finishAt === undefined ? 'Begin the withdrawal' : 'Take it out'}
          onDecline={done}
          onConfirm={() => {
            done()
            withdraw.mutate(channel)
          }}
        >
          {finishAt === undefined ? (
            <>
              <p>
                <strong>{`You begin to take ${money(left)} out, by the chain alone.`}</strong>
                {` The operator has ${delayWords(channel.config.withdrawDelay)} to claim what calls have cost; then a second transaction brings the rest to this account.`}
              </p>
              <p>From now on no call is taken on this channel, and a session on it ends.</p>
            </>
          ) : (
            <p>
              <strong>{`Up to ${money(channel.withdrawal?.amount ?? 0n)} come to this account.`}</strong>
              {' What the operator has claimed meanwhile, for calls that were made, is its own.'}
            </p>
          )}
        </SignDialog>
      ) : null}
    </li>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
