import type { Offer } from '@agorai/core'
import { createGate } from '@agorai/sdk'
import { parseAccounts } from '../../format/text.js'
import { isSameAccount } from '../wallet/accountName.js'

/** `open`: anyone may buy. `unknown`: nothing was given to tell by. */
export type Admission = 'open' | 'unknown' | 'wrongList' | 'notListed' | 'admitted'

/** Whether a pasted list is the one behind the offer's gate, and whether the holder is on it. */
export function readAdmission(gate: Offer['gate'], list: string, holder: `0x${string}` | undefined): Admission {
  if (gate === null) return 'open'
  const { accounts, stray } = parseAccounts(list)
  if (accounts.length === 0 && stray === undefined) return 'unknown'
  if (stray !== undefined || createGate(accounts).root !== gate) return 'wrongList'
  if (holder === undefined) return 'unknown'
  return accounts.some((account) => isSameAccount(account, holder)) ? 'admitted' : 'notListed'
}

/** Whether a purchase may be asked for. */
export const isAdmitted = (admission: Admission): boolean => admission === 'open' || admission === 'admitted'
