import type { Pass } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { useTitle } from '../../app/useTitle.js'
import { formatInteger, formatMoney, type Token } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { useGetAsset } from '../catalogue/useGetAsset.js'
import { usePasses } from '../market/usePasses.js'
import { CollectFlow } from '../revenue/CollectFlow.js'
import { EntitlementTable } from '../revenue/EntitlementTable.js'
import type { CollectSubject } from '../revenue/useCollectRevenue.js'
import { useGetRevenue } from '../revenue/useGetRevenue.js'
import { useAccountName } from './useAccountName.js'
import './wallet.css'

/** What one account may open and what it is owed. */
export function AccountPage({ address }: { address: `0x${string}` }) {
  const { paymentToken } = useAgorai()
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
      <PassesPanel address={address} />
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

function PassesPanel({ address }: { address: `0x${string}` }) {
  const { paymentToken } = useAgorai()
  const passes = usePasses(address)
  return (
    <section className="panel" aria-labelledby="passes-heading">
      <div className="panel-head">
        <h2 id="passes-heading">Passes</h2>
        {passes.data === undefined ? null : (
          <p className="small muted">{formatCount(passes.data.length, 'pass', 'passes')}</p>
        )}
      </div>
      {passes.isPending ? <Waiting>Asking the node which passes this account holds…</Waiting> : null}
      {passes.isError ? (
        <ErrorNotice error={passes.error} safe="The passes stand on the chain." onRetry={() => passes.refetch()} />
      ) : null}
      {passes.data === undefined ? null : passes.data.length === 0 ? (
        <p className="muted">
          This account holds no pass. <Link href="/">Choose an asset in the catalogue</Link> and buy one of its offers.
        </p>
      ) : (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Opens</th>
                <th scope="col">Bought in</th>
                <th scope="col">Transaction</th>
                <th scope="col" className="number">
                  Paid
                </th>
              </tr>
            </thead>
            <tbody>
              {passes.data.map((pass) => (
                <PassRow key={pass.transaction + pass.offer} pass={pass} token={paymentToken} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function PassRow({ pass, token }: { pass: Pass; token: Token | undefined }) {
  const asset = useGetAsset(pass.asset)
  const offer = asset.data?.offers.find(({ id }) => id === pass.offer)
  const paid = offer?.token ?? token
  return (
    <tr>
      <th scope="row">
        <Link href={`/assets/${pass.asset}`}>{asset.data?.name ?? `Asset ${pass.asset}`}</Link>
      </th>
      <td>{`block ${formatInteger(pass.block)}`}</td>
      <td>
        <Copyable value={pass.transaction} name="transaction" href={`/transactions/${pass.transaction}`} />
      </td>
      <td className="number">
        {paid === undefined ? `${pass.amount} base units` : formatMoney(BigInt(pass.amount), paid)}
      </td>
    </tr>
  )
}
