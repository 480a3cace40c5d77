import { closeBundle } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Stops sales of a bundle. */
export function useCloseBundle() {
  return useSend(closeBundle)
}
