import { sweepTill } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Brings what was sent to a till into the ledger. */
export function useSweepTill() {
  return useSend(sweepTill)
}
