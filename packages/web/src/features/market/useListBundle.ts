import { listBundle } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Lists offers to be bought together. */
export function useListBundle() {
  return useSend(listBundle)
}
