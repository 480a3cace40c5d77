import { setTillVersion } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Names the version that a till pays. */
export function useSetTillVersion() {
  return useSend(setTillVersion)
}
