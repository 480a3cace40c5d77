import { eraseVersion } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** States that the content of a version is erased. */
export function useEraseVersion() {
  return useSend(eraseVersion)
}
