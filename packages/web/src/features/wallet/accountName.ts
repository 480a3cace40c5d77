import { devAccounts } from '@agorai/core'

/** What a development account is called. Names are given on the local chain only: elsewhere those keys are anyone's. */
export function accountName(address: string, local: boolean): string | undefined {
  if (!local) return undefined
  return devAccounts.find((account) => account.address.toLowerCase() === address.toLowerCase())?.label
}

/** Whether two addresses are the same account, in whatever case they are written. */
export function isSameAccount(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
