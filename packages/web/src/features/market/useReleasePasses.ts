import { releasePasses } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Brings what became final of ended refund windows into the ledger. */
export function useReleasePasses() {
  return useSend(releasePasses)
}
