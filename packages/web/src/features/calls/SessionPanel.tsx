import { useState } from 'react'
import { Link } from '../../app/router.js'
import { formatMoney, type Token } from '../../format/money.js'
import { ConfirmDialog } from '../../ui/ConfirmDialog.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { OpenSession } from './OpenSession.js'
import { SessionBar } from './SessionBar.js'
import type { SessionDesk } from './useSession.js'

/** The session that pays: what is left of it, more for it, its end, and what each of these came to. */
export function SessionPanel({
  session,
  token,
  amountMax,
  busy,
}: {
  session: SessionDesk
  token: Token
  amountMax: bigint
  busy: boolean
}) {
  const { open, start, raise, end } = session
  const [asking, setAsking] = useState<'raise' | 'end'>()
  return (
    <>
      {start.isPending ? <Waiting>Opening the session: waiting for the signature and for the operator…</Waiting> : null}
      {start.isError ? <ErrorNotice error={start.error} safe="No session was opened, and no call was made." /> : null}
      {open === undefined ? null : (
        <SessionBar
          session={open.info}
          left={open.left}
          token={token}
          busy={busy}
          onTopUp={() => setAsking('raise')}
          onClose={() => setAsking('end')}
        />
      )}
      {raise.isPending ? <Waiting>Topping up: waiting for the signature and for the operator…</Waiting> : null}
      {raise.isError ? <ErrorNotice error={raise.error} safe="The session is as it was." /> : null}
      {end.isPending ? <Waiting>Closing the session…</Waiting> : null}
      {end.isError ? (
        <ErrorNotice error={end.error} safe="What was used is charged once, however often it is closed." />
      ) : null}
      {end.isSuccess && open === undefined ? (
        <Notice tone="good" title="The session is closed">
          <p>
            {end.data.paidBy === 'channel'
              ? `Its calls came to ${formatMoney(BigInt(end.data.charged), token)}. The rest of the budget is yours again, in your channel with this operator.`
              : 'It cost nothing.'}
          </p>
          {end.data.paidBy !== 'channel' ? null : (
            <p>
              <Link href={`/accounts/${end.data.payer}`}>Take it out on your account’s page</Link>, or leave it for the
              next session.
            </p>
          )}
        </Notice>
      ) : null}
      {asking === 'raise' && open !== undefined ? (
        <OpenSession
          means={{ kind: 'budget' }}
          amountMax={amountMax}
          token={token}
          ceiling={BigInt(open.info.ceiling)}
          onDecline={() => setAsking(undefined)}
          onConfirm={(budget) => {
            setAsking(undefined)
            raise.mutate(BigInt(open.info.ceiling) + budget)
          }}
        />
      ) : null}
      {asking === 'end' && open !== undefined ? (
        <ConfirmDialog
          title="Close the session"
          confirm="Close the session"
          onDecline={() => setAsking(undefined)}
          onConfirm={() => {
            setAsking(undefined)
            end.mutate()
          }}
        >
          <p>
            {open.info.paidBy === 'channel'
              ? `Its calls so far are charged; the other ${formatMoney(open.left, token)} are yours again, in your channel with this operator. Its key stops working.`
              : 'Its key stops working. You can open another at any time.'}
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  )
}
