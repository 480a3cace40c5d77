import { getOffer } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

const fallingMs = 5_000

/** An offer as the chain has it, with its price now; of an exclusive one asked for again as it falls. */
export function useGetOffer({ offer, exclusive }: { offer: string; exclusive: boolean }) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['offer', offer],
    queryFn: () => getOffer(client, { offer: BigInt(offer) }),
    refetchInterval: exclusive ? fallingMs : false,
  })
}
