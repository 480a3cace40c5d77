import { getPass } from '@agorai/sdk'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** A pass as the chain has it now: whether it runs, and what would come back of it. */
export function useGetPass({ offer, holder }: { offer: string; holder: `0x${string}` | undefined }) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['pass', offer, holder],
    queryFn: holder === undefined ? skipToken : () => getPass(client, { offer: BigInt(offer), holder }),
  })
}
