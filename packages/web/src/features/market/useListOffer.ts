import { listOffer } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Lists an offer of an asset that the signing account owns. */
export function useListOffer() {
  return useSend(listOffer)
}
