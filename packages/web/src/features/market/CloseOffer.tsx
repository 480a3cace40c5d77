import type { Offer } from '@agorai/core'
import { useState } from 'react'
import { ErrorNotice } from '../../ui/Notice.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { priceWords } from './offers.js'
import { usageWords } from './usages.js'
import { useCloseOffer } from './useCloseOffer.js'

/** Ends sales of one offer, by the asset's owner. */
export function CloseOffer({ offer }: { offer: Offer }) {
  const [asking, setAsking] = useState(false)
  const close = useCloseOffer()
  const { name } = usageWords[offer.usage]
  return (
    <>
      <button
        type="button"
        className="button button-small"
        disabled={close.isPending}
        onClick={() => setAsking(true)}
        aria-label={`Close the offer ${name}, ${priceWords(offer)}`}
      >
        {close.isPending ? 'Closing…' : 'Close offer'}
      </button>
      {close.isError ? <ErrorNotice error={close.error} safe="The offer stays as it is." /> : null}
      {asking ? (
        <SignDialog
          title="Close the offer"
          confirm="Close it for ever"
          irreversible="I know that this offer is never opened again. I can list another one."
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            close.mutate({ offer: BigInt(offer.id) })
          }}
        >
          <p>{`Nobody can buy or renew “${name}” at ${priceWords(offer)} from then on. Passes that were granted run on.`}</p>
        </SignDialog>
      ) : null}
    </>
  )
}
