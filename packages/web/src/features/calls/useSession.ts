import { AgoraiError, type ServedServiceInfo } from '@agorai/core'
import type { Session } from '@agorai/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { holdSession } from './heldSessions.js'
import { useCloseSession } from './useCloseSession.js'
import { type OpenSession, useGetSession } from './useGetSession.js'
import { useOpenSession } from './useOpenSession.js'
import { useTopUpSession } from './useTopUpSession.js'

export type SessionDesk = ReturnType<typeof useSession>

/** The session of this tab with a service, for the account that signs: how it stands, and how it is opened, raised, ended. */
export function useSession(service: ServedServiceInfo) {
  const { account } = useAgorai()
  const { asset } = service
  const queries = useQueryClient()
  const address = account?.address ?? ''
  const open = useGetSession(asset).data ?? undefined
  /** The one that answered last: its receipts can be asked for after its end. */
  const last = useRef<OpenSession>(undefined)
  last.current = open ?? last.current

  const refresh = () => queries.invalidateQueries({ queryKey: ['session', address, asset] })
  const refreshMoney = () => queries.invalidateQueries({ queryKey: ['balance'] })
  const held = (): Session => {
    if (open === undefined) throw new AgoraiError('internal', 'There is no session here.')
    return open.session
  }
  const start = useOpenSession(service, {
    onOpened: (session) => {
      holdSession(address, asset, session)
      return refresh()
    },
    onSettled: refreshMoney,
  })
  const raise = useTopUpSession(held, { onSettled: refresh })
  const end = useCloseSession(held, {
    onSuccess: () => {
      holdSession(address, asset, undefined)
      queries.setQueryData(['session', address, asset], null)
    },
    onSettled: refreshMoney,
  })
  return {
    ...{ open, start, raise, end, refresh },
    last: last.current,
    busy: start.isPending || raise.isPending || end.isPending,
  }
}
