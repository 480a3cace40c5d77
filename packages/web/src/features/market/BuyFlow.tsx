import type { AssetDetail, Lineage, Offer } from '@agorai/core'
import { formatMoney } from '../../format/money.js'
import { shorten } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { Moment } from '../../ui/Moment.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { type Movement, saleFlows } from '../lineage/movement.js'
import { isSameAccount } from '../wallet/accountName.js'
import { BuyDialog } from './BuyDialog.js'
import type { useBuyOffer } from './useBuyOffer.js'
import { useGetOffers } from './useGetOffers.js'

/** Says what will be bought, buys it, and gives the receipt. */
export function BuyFlow({
  asset,
  asking,
  lineage,
  buy,
  onDone,
  onMoved,
}: {
  asset: AssetDetail
  /** The offer that is about to be bought. */
  asking: Offer | undefined
  lineage?: Lineage | undefined
  buy: ReturnType<typeof useBuyOffer>
  onDone: () => void
  onMoved?: ((movement: Movement) => void) | undefined
}) {
  const bought = useGetOffers([asset]).find(({ id }) => id === buy.variables?.offer.toString())
  return (
    <>
      {buy.isPending ? (
        <Waiting>
          Waiting for the signature, for the chain to take the purchase in, and for the index to see it…
        </Waiting>
      ) : null}
      {buy.isError ? <ErrorNotice error={buy.error} safe="A purchase that the chain refuses moves no money." /> : null}
      {buy.isSuccess && bought !== undefined ? <Receipt bought={buy.data} offer={bought} /> : null}
      {asking === undefined ? null : (
        <BuyDialog
          key={asking.id}
          asset={asset}
          offer={asking}
          {...(lineage === undefined ? {} : { lineage })}
          onDecline={onDone}
          onConfirm={(request) => {
            onDone()
            buy.mutate(request, {
              onSuccess: ({ alreadyHeld, amount, hash, expiry, refundUntil }) => {
                // Only a final sale has entered the ledger; what may go back still waits in the market.
                if (alreadyHeld || expiry !== null || refundUntil !== null) return
                onMoved?.({ key: hash, token: asking.token, flows: saleFlows(asset.version, amount) })
              },
            })
          }}
        />
      )}
    </>
  )
}

type Bought = NonNullable<ReturnType<typeof useBuyOffer>['data']>

function Receipt({ bought, offer }: { bought: Bought; offer: Offer }) {
  const { alreadyHeld, amount, expiry, hash, holder, payer, refundUntil } = bought
  const paid = amount === 0n ? 'The pass is granted' : `Paid ${formatMoney(amount, offer.token)}`
  const final = expiry === null && refundUntil === null
  return (
    <Notice tone="good" title={alreadyHeld ? 'This pass was bought before; no money was moved' : paid}>
      {isSameAccount(holder, payer) ? null : <p>{`The pass belongs to ${shorten(holder)}.`}</p>}
      {expiry === null ? null : (
        <p>
          {'The pass runs until '}
          <Moment at={expiry} />. Days that have not begun may be given back.
        </p>
      )}
      {refundUntil === null ? null : (
        <p>
          {'It may be given back until '}
          <Moment at={refundUntil} />, on the page of the account that holds it.
        </p>
      )}
      <p>
        {final ? 'Final since transaction ' : 'Paid in transaction '}
        <Copyable value={hash} name="transaction" href={`/transactions/${hash}`} />
      </p>
    </Notice>
  )
}
