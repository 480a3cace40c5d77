import { assetRegistryAbi, testUsdAbi } from '@agorai/core'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a till holds now, and which version it pays, from the chain. */
export function useTill({ asset, till, token }: { asset: string; till: `0x${string}`; token: string | undefined }) {
  const { client, info } = useAgorai()
  return useQuery({
    queryKey: ['till', asset, token],
    queryFn: async () => {
      const { publicClient } = client
      const [version, ether, money] = await Promise.all([
        publicClient.readContract({
          address: info.chain.addresses.assetRegistry,
          abi: assetRegistryAbi,
          functionName: 'versionForSweep',
          args: [BigInt(asset)],
        }),
        publicClient.getBalance({ address: till }),
        token === undefined
          ? 0n
          : publicClient.readContract({
              address: token as `0x${string}`,
              abi: testUsdAbi,
              functionName: 'balanceOf',
              args: [till],
            }),
      ])
      return { version: version.toString(), ether, money }
    },
  })
}
