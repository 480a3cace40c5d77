import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { useTitle } from '../../app/useTitle.js'
import { formatMoney, type Token } from '../../format/money.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { OwnedAssets } from '../catalogue/OwnedAssets.js'
import { ChannelPanel } from '../channels/ChannelPanel.js'
import { PassPanel } from '../market/PassPanel.js'
import { CollectFlow } from '../revenue/CollectFlow.js'
import { EntitlementTable } from '../revenue/EntitlementTable.js'
import type { CollectSubject } from '../revenue/useCollectRevenue.js'
import { useGetRevenue } from '../revenue/useGetRevenue.js'
import { isSameAccount } from './accountName.js'
import { useAccountName } from './useAccountName.js'
import './wallet.css'

/** What one account is owed, owns and may open and, of the one that signs, what is left in its payment channels. */
export function AccountPage({ address }: { address: `0x${string}` }) {
  const { account, paymentToken } = useAgorai()
  const name = useAccountName(address)
  useTitle(name ?? 'Account')
  return (
    <>
      <div className="asset-head">
        <h1>{name ?? 'Account'}</h1>
        <p className="asset-facts-line">
          <Copyable value={address} name="address" whole />
        </p>
      </div>
      {paymentToken === undefined ? null : <OwedPanel address={address} token={paymentToken} />}
      <OwnedAssets address={address} />
      <PassPanel address={address} />
      {account !== undefined && isSameAccount(account.address, address) ? <ChannelPanel /> : null}
    </>
  )
}

function OwedPanel({ address, token }: { address: `0x${string}`; token: Token }) {
  const revenue = useGetRevenue({ account: address, token: token.address })
  const [asking, setAsking] = useState<CollectSubject>()
  const due = revenue.data?.entitlements.filter(({ collectable }) => BigInt(collectable) > 0n) ?? []
  return (
    <section className="panel" aria-labelledby="owed-heading">
      <div className="panel-head">
        <h2 id="owed-heading">Earned</h2>
        {revenue.data === undefined ? null : (
          <p className="small muted">
            {`${formatMoney(BigInt(revenue.data.collectable), token)} may be collected, ${formatMoney(BigInt(revenue.data.collected), token)} was collected`}
            {revenue.data.waiting === '0'
              ? ''
              : `, ${formatMoney(BigInt(revenue.data.waiting), token)} paid for its assets is not final yet`}
          </p>
        )}
      </div>
      {revenue.isPending ? <Waiting>Asking the node what this account has earned…</Waiting> : null}
      {revenue.isError ? (
        <ErrorNotice
          error={revenue.error}
          safe="What is in the ledger stays there."
          onRetry={() => revenue.refetch()}
        />
      ) : null}
      {revenue.data === undefined ? null : revenue.data.entitlements.length === 0 ? (
        <p className="muted">
          This account has earned nothing yet. It earns by owning an asset that is sold or built from, or by being
          credited as a contributor of one.
        </p>
      ) : (
        <EntitlementTable entitlements={revenue.data.entitlements} token={token} />
      )}
      {due.length === 0 ? null : (
        <div className="revenue-actions">
          <button type="button" className="button" onClick={() => setAsking({ account: address })}>
            {`Collect ${formatMoney(BigInt(revenue.data?.collectable ?? 0), token)}`}
          </button>
        </div>
      )}
      <CollectFlow asking={asking} token={token} onDone={() => setAsking(undefined)} />
    </section>
  )
}
