import { formatMoney, type Token } from '../../format/money.js'
import { formatCount, shorten } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import type { Movement } from '../lineage/movement.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useAccountName } from '../wallet/useAccountName.js'
import { type CollectSubject, useCollectRevenue } from './useCollectRevenue.js'
import { useGetRevenue } from './useGetRevenue.js'

/** Says what will be collected and for whom, sends it, and says what came of it. */
export function CollectFlow({
  asking,
  token,
  onDone,
  onMoved,
}: {
  asking: CollectSubject | undefined
  token: Token
  onDone: () => void
  onMoved?: (movement: Movement) => void
}) {
  const collect = useCollectRevenue()
  const confirm = (subject: CollectSubject) => {
    onDone()
    collect.mutate(
      { subject, token: token.address as `0x${string}` },
      {
        onSuccess: ({ flows, hashes }) => {
          const key = hashes.at(-1)
          if (key !== undefined) onMoved?.({ key, token, flows })
        },
      },
    )
  }
  return (
    <>
      {collect.isPending ? <Waiting>Waiting for the chain to pay out, and for the index to see it…</Waiting> : null}
      {collect.isError ? (
        <ErrorNotice error={collect.error} safe="What was not collected stays in the ledger for whom it is owed." />
      ) : null}
      {collect.isSuccess ? (
        <Notice tone="good" title={`Collected ${formatMoney(collect.data.amount, token)}`}>
          {collect.data.hashes.map((hash) => (
            <p key={hash}>
              {'Final since transaction '}
              <Copyable value={hash} name="transaction" href={`/transactions/${hash}`} />
            </p>
          ))}
        </Notice>
      ) : null}
      {asking === undefined ? null : (
        <CollectDialog subject={asking} token={token} onConfirm={() => confirm(asking)} onDecline={onDone} />
      )}
    </>
  )
}

function CollectDialog({
  subject,
  token,
  onConfirm,
  onDecline,
}: {
  subject: CollectSubject
  token: Token
  onConfirm: () => void
  onDecline: () => void
}) {
  const revenue = useGetRevenue({ ...subject, token: token.address })
  const name = useAccountName('account' in subject ? subject.account : '')
  const due = revenue.data?.entitlements.filter(({ collectable }) => BigInt(collectable) > 0n) ?? []
  const money = formatMoney(
    due.reduce((sum, { collectable }) => sum + BigInt(collectable), 0n),
    token,
  )
  return (
    <SignDialog
      title="Collect"
      confirm={`Collect ${money}`}
      busy={!revenue.isSuccess}
      onConfirm={onConfirm}
      onDecline={onDecline}
    >
      {revenue.isPending ? <Waiting>Asking the node what may be collected…</Waiting> : null}
      {revenue.isError ? <ErrorNotice error={revenue.error} safe="Nothing was signed." /> : null}
      {revenue.isSuccess ? (
        <>
          <p>
            <strong>
              {'account' in subject
                ? `The ledger pays ${money} to ${name === undefined ? '' : `${name} `}(${shorten(subject.account)})`
                : `The ledger pays ${money} in all to ${formatCount(due.length, 'party', 'parties')}, each what it is owed`}
            </strong>
            {'account' in subject
              ? `, all that it is owed out of ${formatCount(new Set(due.map(({ version }) => version)).size, 'version')}.`
              : '.'}
          </p>
          <p>You pay the network fee and nothing else. This is final.</p>
        </>
      ) : null}
    </SignDialog>
  )
}
