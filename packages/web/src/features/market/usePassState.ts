import { isRunning, type PassState, perpetualExpiry, refundableOf } from '@agorai/core'
import { readPass } from '@agorai/sdk'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { useChainTime } from './useChainTime.js'

/** A pass as it stands at this moment. */
export type PassNow = {
  running: boolean
  /** Purchases made so far: the next one's nonce. */
  purchases: number
  /** Null for a perpetual pass, and where there is none. */
  expiry: number | null
  /** What giving it back returns, in base units. */
  refundable: bigint
}

/**
 * A pass from the chain, followed through time by the market's own arithmetic: what may be given back of a timed one falls
 * as its days begin. Undefined until the chain has answered.
 */
export function usePassState({ offer, holder }: { offer: string; holder: `0x${string}` | undefined }) {
  const { client } = useAgorai()
  const now = useChainTime()
  const state = useQuery({
    queryKey: ['pass', offer, holder],
    queryFn: holder === undefined ? skipToken : () => readPass(client, { offer: BigInt(offer), holder }),
  })
  return {
    error: state.error,
    pass: state.data === undefined || now === undefined ? undefined : passNow(state.data, BigInt(now)),
  }
}

function passNow(state: PassState, now: bigint): PassNow {
  const endless = state.expiry === perpetualExpiry || state.expiry === 0n
  return {
    running: isRunning(state, now),
    purchases: state.purchases,
    expiry: endless ? null : Number(state.expiry),
    refundable: refundableOf(state, now),
  }
}
