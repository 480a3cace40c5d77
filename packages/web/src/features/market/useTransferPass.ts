import { transferPass } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Passes a pass on to another account. */
export function useTransferPass() {
  return useSend(transferPass)
}
