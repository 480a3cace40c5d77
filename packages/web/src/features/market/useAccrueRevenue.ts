import { accrueRevenue } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Brings what timed passes earned on ended days into the ledger. */
export function useAccrueRevenue() {
  return useSend(accrueRevenue)
}
