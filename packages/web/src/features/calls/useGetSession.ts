import type { SessionInfo } from '@agorai/core'
import { getSession, type Session } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { heldSession, holdSession } from './heldSessions.js'
import { usePayer } from './usePayer.js'

/** A session and how it stands. */
export type OpenSession = {
  session: Session
  info: SessionInfo
  bearer: string
  /** What is left: base units of a budget, calls of those that are free. */
  left: bigint
}

/** The session of this tab with a service, as it stands; null where there is none that is open. */
export function useGetSession(asset: string) {
  const { account, client } = useAgorai()
  const payer = usePayer()
  const address = account?.address ?? ''
  return useQuery({
    queryKey: ['session', address, asset],
    queryFn: async (): Promise<OpenSession | null> => {
      const session = heldSession(address, asset, payer)
      if (session === undefined) return null
      const { bearer, session: id } = session.kept()
      const info = await getSession(client, { session: { session: id, bearer } })
      holdSession(address, asset, info.state === 'open' ? session : undefined)
      return info.state === 'open' ? { session, info, bearer, left: leftOf(session, info) } : null
    },
  })
}

/** The operator counts a gateway's charges once that gateway has returned its slice; receipts tell them at once. */
function leftOf(session: Session, { ceiling, charged, paidBy }: SessionInfo): bigint {
  const kept = session.kept()
  const byReceipts = paidBy === 'free' ? BigInt(kept.counter) : kept.charged
  const known = BigInt(charged)
  return BigInt(ceiling) - (byReceipts > known ? byReceipts : known)
}
