import { AgoraiError, testUsdAbi } from '@agorai/core'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What the signing account has of a token, in base units, read from the chain. Default: the local chain's. */
export function useBalance(of?: `0x${string}`) {
  const { account, client, paymentToken } = useAgorai()
  const holder = account?.address
  const token = of ?? (paymentToken?.address as `0x${string}` | undefined)
  return useQuery({
    queryKey: ['balance', token, holder],
    enabled: holder !== undefined && token !== undefined,
    queryFn: () => {
      if (holder === undefined || token === undefined)
        throw new AgoraiError('internal', 'There is no account to ask for.')
      return client.publicClient.readContract({
        address: token,
        abi: testUsdAbi,
        functionName: 'balanceOf',
        args: [holder],
      })
    },
  })
}
