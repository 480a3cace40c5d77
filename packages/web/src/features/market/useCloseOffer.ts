import { closeOffer } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Closes an offer for ever. */
export function useCloseOffer() {
  return useSend(closeOffer)
}
