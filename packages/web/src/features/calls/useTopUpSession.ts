import { type Session, topUpSession } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** Raises what a session may come to. */
export function useTopUpSession(held: () => Session, { onSettled }: { onSettled: () => void }) {
  const { client } = useAgorai()
  return useMutation({
    mutationFn: (ceiling: bigint) => topUpSession(client, { session: held(), ceiling }),
    onSettled,
  })
}
