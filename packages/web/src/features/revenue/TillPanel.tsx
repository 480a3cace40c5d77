import type { AssetDetail } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatMoney, type Token } from '../../format/money.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { RescueTill } from './RescueTill.js'
import { TillVersion } from './TillVersion.js'
import { useSweepTill } from './useSweepTill.js'
import { useTill } from './useTill.js'
import './revenue.css'

/** The asset's payment address: what it is for, whom it pays, and what is in it. */
export function TillPanel({ asset, token }: { asset: AssetDetail; token: Token | undefined }) {
  const { account } = useAgorai()
  const till = useTill({ asset: asset.id, till: asset.till, token: token?.address })
  const sweep = useSweepTill()
  const [asking, setAsking] = useState(false)
  const owned = account !== undefined && isSameAccount(account.address, asset.owner)
  const money = token === undefined || till.data === undefined ? undefined : formatMoney(till.data.money, token)
  return (
    <section className="panel" aria-labelledby="till-heading">
      <h2 id="till-heading">Till</h2>
      <p className="small muted">
        The asset’s payment address. A plain transfer of a payment token to it is split like a sale, with nobody to ask.
      </p>
      <p className="till-address">
        <Copyable value={asset.till} name="till address" whole />
      </p>
      {till.isError ? (
        <ErrorNotice error={till.error} safe="What is in the till stays there." onRetry={() => till.refetch()} />
      ) : null}
      {till.data === undefined ? null : (
        <dl className="facts">
          <dt>Pays</dt>
          <dd>
            {till.data.version === asset.version.id
              ? `version ${till.data.version}, the current one`
              : `version ${till.data.version}, an earlier one that its owner chose`}
          </dd>
          {money === undefined ? null : (
            <>
              <dt>Holds</dt>
              <dd>{money}</dd>
            </>
          )}
          {till.data.ether === 0n ? null : (
            <>
              <dt>And</dt>
              <dd>{`${formatMoney(till.data.ether, { symbol: 'ETH', decimals: 18 })}, which is no payment: its owner may take it out`}</dd>
            </>
          )}
        </dl>
      )}
      {till.data === undefined || till.data.money === 0n || token === undefined ? null : (
        <p>
          <button
            type="button"
            className="button button-small"
            disabled={sweep.isPending || account === undefined}
            onClick={() => setAsking(true)}
          >
            {`Sweep ${money}`}
          </button>
        </p>
      )}
      {sweep.isPending ? <Waiting>Waiting for the chain to bring it into the ledger…</Waiting> : null}
      {sweep.isError ? <ErrorNotice error={sweep.error} safe="What is in the till stays there." /> : null}
      {sweep.isSuccess && token !== undefined ? (
        <Notice tone="good" title={`${formatMoney(sweep.data.amount, token)} entered the ledger`} />
      ) : null}
      {owned ? <TillVersion asset={asset} /> : null}
      {owned ? <RescueTill asset={asset} ether={till.data?.ether ?? 0n} token={token} /> : null}
      {asking && money !== undefined && token !== undefined ? (
        <SignDialog
          title="Sweep the till"
          confirm={`Sweep ${money}`}
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            sweep.mutate({ token: token.address as `0x${string}`, assets: [BigInt(asset.id)] })
          }}
        >
          <p>
            <strong>{`${money} moves from the till into the ledger`}</strong>
            {`, as a sale of version ${till.data?.version}. Everyone whose work is inside has their share of it.`}
          </p>
          <p>Anyone may send this. You pay the network fee and nothing else. This is final.</p>
        </SignDialog>
      ) : null}
    </section>
  )
}
