import { type ReactNode, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatAmount, formatMoney, type Token } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { TextField } from '../../ui/Field.js'
import { Notice } from '../../ui/Notice.js'
import { AccountName } from '../wallet/AccountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useBalance } from '../wallet/useBalance.js'
import { readBudget, suggestBudget } from './budget.js'
import type { Means } from './means.js'

/** Says what a session is and what is signed for it, before it is opened, or topped up. */
export function OpenSession({
  means,
  amountMax,
  token,
  ceiling,
  onConfirm,
  onDecline,
}: {
  means: Means
  /** The most that the next call may cost. */
  amountMax: bigint
  token: Token
  /** That of the session that is topped up. */
  ceiling?: bigint
  /** @param budget Base units; 0 where a pass or free calls pay. */
  onConfirm: (budget: bigint) => void
  onDecline: () => void
}) {
  const { info } = useAgorai()
  const balance = useBalance(token.address as `0x${string}`)
  const [typed, setTyped] = useState(() =>
    formatAmount(suggestBudget(amountMax, token), token.decimals).replaceAll(',', ''),
  )
  const paid = means.kind === 'budget'
  const budget = paid ? readBudget(typed, amountMax, token) : 0n
  const money = budget === undefined ? '…' : formatMoney(budget, token)
  const least = BigInt(info.operator.depositMin)
  const deposit = budget !== undefined && budget < least ? least : budget
  const missing = balance.data !== undefined && deposit !== undefined && balance.data < deposit
  const verb = ceiling === undefined ? 'Open a session' : 'Top up the session'
  return (
    <SignDialog
      title={verb}
      confirm={paid ? `${ceiling === undefined ? 'Put in' : 'Add'} ${money}` : 'Open the session'}
      busy={budget === undefined}
      {...(paid ? { asks: 'for the budget and, unless the channel holds enough, for the money that is put in' } : {})}
      onDecline={onDecline}
      onConfirm={() => {
        if (budget !== undefined) onConfirm(budget)
      }}
    >
      {paid ? (
        <>
          <TextField
            of="amount"
            label={`Budget in ${token.symbol}`}
            hint={`The most that calls may cost in all. One like this costs at most ${formatMoney(amountMax, token)}.`}
            error={budget === undefined ? `An amount of at least ${formatMoney(amountMax, token)}.` : undefined}
            value={typed}
            onChange={setTyped}
          />
          <p>
            <strong>{`You put ${deposit === undefined ? '…' : formatMoney(deposit, token)} into a payment channel`}</strong>
            {' with the operator '}
            <AccountName address={info.operator.address} />
            {`${deposit === budget ? '' : ', which takes no less at a time'}. Calls are charged from it as they are used, for at most ${money}. What is left when you close the session stays yours.`}
          </p>
          {missing ? (
            <Notice tone="care" title="This account may have too little">
              <p>
                {`It has ${formatMoney(balance.data ?? 0n, token)}. What an earlier session left in the channel is used first; add funds if that is not enough.`}
              </p>
            </Notice>
          ) : null}
        </>
      ) : (
        <SignedWords means={means} />
      )}
    </SignDialog>
  )
}

function SignedWords({ means }: { means: Means }): ReactNode {
  if (means.kind === 'pass')
    return (
      <p>
        <strong>Your pass pays.</strong> You sign that you hold it; no money moves, and calls are charged nothing.
      </p>
    )
  if (means.kind === 'budget') return null
  return (
    <p>
      <strong>{`${formatCount(means.calls, 'call')} a day cost nothing.`}</strong>
      {' You sign who asks, so that each account has its own; no money moves.'}
    </p>
  )
}
