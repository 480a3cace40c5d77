import { revenueLedgerAbi } from '@agorai/core'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What rulings take of the owner's part of a version, in their order, from the chain. */
export function useLiens({ version, token }: { version: string; token: string }) {
  const { client, info } = useAgorai()
  return useQuery({
    queryKey: ['liens', version, token],
    queryFn: () =>
      client.publicClient.readContract({
        address: info.chain.addresses.revenueLedger,
        abi: revenueLedgerAbi,
        functionName: 'liensOf',
        args: [BigInt(version), token as `0x${string}`],
      }),
  })
}
