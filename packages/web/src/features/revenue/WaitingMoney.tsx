import type { AssetDetail } from '@agorai/core'
import { useState } from 'react'
import { formatMoney, type Token } from '../../format/money.js'
import { ErrorNotice, Notice } from '../../ui/Notice.js'
import { useAccrueRevenue } from '../market/useAccrueRevenue.js'
import { useGetOffers } from '../market/useGetOffers.js'
import { useReleasePasses } from '../market/useReleasePasses.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'

/**
 * Money that was paid and may still go back. What has become final of it enters the ledger when somebody asks for it:
 * days of timed passes that have ended, and prices whose refund window has ended.
 */
export function WaitingMoney({ asset, token, waiting }: { asset: AssetDetail; token: Token; waiting: bigint }) {
  const [asking, setAsking] = useState(false)
  const [moved, setMoved] = useState<bigint>()
  const accrue = useAccrueRevenue()
  const release = useReleasePasses()
  const all = useGetOffers([asset])
  if (waiting === 0n && moved === undefined) return null
  const offers = all.filter((offer) => isSameAccount(offer.token.address, token.address))
  const busy = accrue.isPending || release.isPending
  const bringIn = async () => {
    setMoved(undefined)
    let sum = 0n
    if (offers.some(({ timed }) => timed)) {
      const accrued = await accrue.mutateAsync({ asset: BigInt(asset.id), token: token.address as `0x${string}` })
      sum += accrued.amount
    }
    for (const { id, refundHours } of offers) {
      if (refundHours > 0) sum += (await release.mutateAsync({ offer: BigInt(id) })).amount
    }
    setMoved(sum)
  }
  return (
    <div className="waiting-money">
      {waiting === 0n ? null : (
        <>
          <p>
            <strong>{formatMoney(waiting, token)}</strong>
            {
              ' waits in the market, for this asset and what it is built from: it is paid and not final yet. Days of timed passes become final when they have ended, refundable prices when their window has.'
            }
          </p>
          <p>
            <button type="button" className="button button-small" disabled={busy} onClick={() => setAsking(true)}>
              {busy ? 'Bringing it in…' : 'Bring in what is final'}
            </button>
          </p>
        </>
      )}
      {accrue.isError ? <ErrorNotice error={accrue.error} safe="The money waits where it is." /> : null}
      {release.isError ? <ErrorNotice error={release.error} safe="The money waits where it is." /> : null}
      {moved === undefined ? null : (
        <Notice
          tone={moved === 0n ? 'info' : 'good'}
          title={moved === 0n ? 'Nothing has become final yet' : `${formatMoney(moved, token)} entered the ledger`}
        />
      )}
      {asking ? (
        <SignDialog
          title="Bring in what is final"
          confirm="Bring it in"
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            // A failure is kept by the step that failed, and shown below.
            bringIn().catch(() => undefined)
          }}
        >
          <p>
            What has become final of this asset’s sales moves from the market into the ledger, where it is split and may
            be collected. What may still go back stays.
          </p>
          <p>Anyone may send this. You pay the network fee and nothing else.</p>
        </SignDialog>
      ) : null}
    </div>
  )
}
