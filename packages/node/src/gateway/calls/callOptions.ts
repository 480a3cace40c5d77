import type { ErrorCode } from '@agorai/core'
import type { PayDesk } from '../payments/createCashier.js'
import type { Services } from '../services/createServices.js'

export type CallRoutesOptions = { services: Services; cashier: PayDesk }

/** Most bytes of a call. */
export const callBytesMax = 16 * 1024 * 1024

/** What any call may be answered. */
export const callErrors: readonly ErrorCode[] = [
  'model_not_found',
  'taken_down',
  'payload_too_large',
  'unsupported_media_type',
  'limit_exceeded',
  'model_overloaded',
  'model_failed',
  'model_timeout',
  'upstream_unavailable',
  'usage_missing',
]
