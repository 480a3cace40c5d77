import { AgoraiError, assertLocalChain, devAccounts, devMnemonic } from '@agorai/core'
import { type HDAccount, mnemonicToAccount } from 'viem/accounts'

/**
 * A development account. Its key is public, so it is refused on every chain but the local one.
 *
 * @param index 0 to 7; `devAccounts` says who is who.
 * @throws AgoraiError `chain_not_local`, `invalid_request`
 */
export function getDevAccount(index: number, chainId: number): HDAccount {
  assertLocalChain(chainId)
  if (!devAccounts.some((account) => account.index === index))
    throw new AgoraiError('invalid_request', `There are development accounts 0 to ${devAccounts.length - 1}.`, {
      field: 'index',
    })
  return mnemonicToAccount(devMnemonic, { addressIndex: index })
}
