import { closeSession, type Session } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** Ends a session: its channel is charged what the calls came to. */
export function useCloseSession(
  held: () => Session,
  { onSuccess, onSettled }: { onSuccess: () => void; onSettled: () => void },
) {
  const { client } = useAgorai()
  return useMutation({ mutationFn: () => closeSession(client, { session: held() }), onSuccess, onSettled })
}
