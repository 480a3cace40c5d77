import type { ServingApi } from '@agorai/core'
import type { Payer } from './payer.js'
import type { Wire } from './requirements.js'
import type { Session } from './session.js'

/** A call of a service, and how it is paid. */
export type CallModelParameters = {
  /** Id of the service. */
  service: bigint
  api: ServingApi
  /** As the API takes it; the model's name is filled in. */
  body: Record<string, unknown>
  /** Pays from this session. Default: the call is paid by itself. */
  session?: Session | undefined
  /** Who pays a call without session. Keep one for all calls of an account. */
  payer?: Payer | undefined
  /** How a call without session is paid. Default: by a voucher where they are taken, else `exact`. */
  wire?: Wire | undefined
  /** The most that it may cost, in base units. Default: what the service says it costs at most. */
  amountMax?: bigint | undefined
  /** Idempotency key: the same call under the same key is answered and charged once. Default: a fresh one. */
  key?: string | undefined
  /** From the question to the first byte of the answer. Default 120,000. */
  timeoutMs?: number | undefined
}
