import type { ServingApi } from '@agorai/core'
import { getQuote } from '@agorai/sdk'
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** Whoever types is asked for no price until the hand rests. */
const restMs = 300

export type CallRequest = { api: ServingApi; body: Record<string, unknown> }

/** The most that a call would use and cost, before it is made; waits while there is no request. */
export function useGetQuote(service: string, request: CallRequest | undefined) {
  const { client } = useAgorai()
  const asked = useRested(request)
  return useQuery({
    queryKey: ['quote', service, asked],
    placeholderData: keepPreviousData,
    queryFn: asked === undefined ? skipToken : () => getQuote(client, { service: BigInt(service), ...asked }),
  })
}

/** The value once it has stayed the same for a moment. */
function useRested<value>(value: value): value {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), restMs)
    return () => window.clearTimeout(timer)
  }, [value])
  return rested
}
