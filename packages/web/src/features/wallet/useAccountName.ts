import { useAgorai } from '../../app/AgoraiProvider.js'
import { accountName } from './accountName.js'

export function useAccountName(address: string): string | undefined {
  const { info } = useAgorai()
  return accountName(address, info.chain.local)
}
