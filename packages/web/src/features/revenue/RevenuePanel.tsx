import type { AssetDetail } from '@agorai/core'
import { useState } from 'react'
import { formatMoney, type Token } from '../../format/money.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import type { Movement } from '../lineage/movement.js'
import { CollectFlow } from './CollectFlow.js'
import { EntitlementTable } from './EntitlementTable.js'
import { Liens } from './Liens.js'
import { sumsOf } from './sumsOf.js'
import type { CollectSubject } from './useCollectRevenue.js'
import { useGetRevenue } from './useGetRevenue.js'
import { WaitingMoney } from './WaitingMoney.js'
import './revenue.css'

/** What a version and everything it is built from has earned, to the unit, and what may be collected now. */
export function RevenuePanel({
  asset,
  token,
  onMoved,
}: {
  asset: AssetDetail
  token: Token
  onMoved: (movement: Movement) => void
}) {
  const version = asset.version.id
  const revenue = useGetRevenue({ version, token: token.address })
  const [asking, setAsking] = useState<CollectSubject>()
  const due = revenue.data?.entitlements.filter((entitlement) => BigInt(entitlement.collectable) > 0n) ?? []
  const sums = revenue.data === undefined ? undefined : sumsOf(revenue.data)
  return (
    <section className="panel" aria-labelledby="revenue-heading">
      <div className="panel-head">
        <h2 id="revenue-heading">Revenue so far</h2>
        <p className="small muted">Of this version, what it is built from and whose work it sells</p>
      </div>
      {revenue.isPending ? <Waiting>Asking the node what has been earned…</Waiting> : null}
      {revenue.isError ? (
        <ErrorNotice
          error={revenue.error}
          safe="What is in the ledger stays there."
          onRetry={() => revenue.refetch()}
        />
      ) : null}
      {revenue.data === undefined || sums === undefined ? null : (
        <>
          <dl className="revenue-sums">
            <Sum name="Earned" units={sums.entitled} token={token} />
            <Sum name="Collected" units={sums.collected} token={token} />
            <Sum name="May be collected" units={sums.collectable} token={token} />
            {revenue.data.waiting === '0' ? null : (
              <Sum name="Waiting, not final" units={BigInt(revenue.data.waiting)} token={token} />
            )}
          </dl>
          {revenue.data.entitlements.length === 0 ? (
            <p className="muted">Nothing has been sold yet. After the first sale, everyone who is owed stands here.</p>
          ) : (
            <EntitlementTable
              entitlements={revenue.data.entitlements}
              token={token}
              busy={asking !== undefined}
              onCollect={({ account }) => setAsking({ account })}
            />
          )}
          <Liens version={version} token={token} />
          <WaitingMoney asset={asset} token={token} waiting={BigInt(revenue.data.waiting)} />
          {due.length < 2 ? null : (
            <div className="revenue-actions">
              <button
                type="button"
                className="button"
                disabled={asking !== undefined}
                onClick={() => setAsking({ version })}
              >
                Collect for everyone
              </button>
              <p className="small muted">Whoever sends it, the money goes to whom it is owed.</p>
            </div>
          )}
        </>
      )}
      <CollectFlow asking={asking} token={token} onDone={() => setAsking(undefined)} onMoved={onMoved} />
    </section>
  )
}

function Sum({ name, units, token }: { name: string; units: bigint; token: Token }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{formatMoney(units, token)}</dd>
    </div>
  )
}
