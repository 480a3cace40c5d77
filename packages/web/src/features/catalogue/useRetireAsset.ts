import { retireAsset } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Ends all sales of an asset, for ever. */
export function useRetireAsset() {
  return useSend(retireAsset)
}
