import { refundPass } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Gives a pass back for what may still be refunded of it. */
export function useRefundPass() {
  return useSend(refundPass)
}
