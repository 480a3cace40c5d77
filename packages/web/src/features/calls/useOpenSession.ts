import type { ServedServiceInfo } from '@agorai/core'
import { openSession, type Session } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import type { Means } from './means.js'
import { usePayer } from './usePayer.js'

/** Opens a session with a service: by a budget, a pass, or the free calls of the day. */
export function useOpenSession(
  { asset, serving }: ServedServiceInfo,
  { onOpened, onSettled }: { onOpened: (session: Session) => Promise<unknown>; onSettled: () => void },
) {
  const { client } = useAgorai()
  const payer = usePayer()
  return useMutation({
    mutationFn: async ({ means, budget }: { means: Means; budget: bigint }) => {
      // One signature covers the whole budget: nobody is asked again while calls run.
      const paid = { budget, ceiling: budget, openMax: budget, token: serving.token }
      const entitled = { offer: means.kind === 'pass' ? BigInt(means.offer) : 0n }
      const session = await openSession(client, {
        asset: BigInt(asset),
        ...(means.kind === 'budget' ? paid : entitled),
        ...(payer === undefined ? {} : { payer }),
      })
      await onOpened(session)
      return session
    },
    onSettled,
  })
}
