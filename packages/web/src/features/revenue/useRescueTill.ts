import { rescueTill } from '@agorai/sdk'
import { useSend } from '../../app/useSend.js'

/** Takes out of a till what is no income. */
export function useRescueTill() {
  return useSend(rescueTill)
}
