import { buyBundle } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Buys every offer of a bundle, in one transaction. */
export function useBuyBundle() {
  return useSend(buyBundle)
}
