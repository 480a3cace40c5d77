import { buyOffer } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Buys, renews or gives a pass as the reader saw the offer: a newer version or a higher price is refused. */
export function useBuyOffer() {
  return useSend(buyOffer)
}
