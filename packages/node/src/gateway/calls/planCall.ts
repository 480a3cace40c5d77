import { AgoraiError, type ServingApi } from '@agorai/core'
import type { Usage } from '../../ports/inference.js'
import type { OpenService } from '../services/createServices.js'
import type { CallAnswer, Caller } from './cashier.js'

/** A call that is sound: what it can use at most, and the work that answers it. */
export type Plan = {
  usageMax: Usage
  /** Whether the answer is to come as it is made. */
  streams: boolean
  work(caller: Caller): Promise<CallAnswer>
}

/** What a plan is made from, besides the body. */
export type Planning = {
  open: OpenService
  /** What the caller named as `model`, which the answer repeats. */
  model: string
  /** The address that asks. */
  client: string
}

/** @throws AgoraiError `invalid_request` when the service is not sold that way. */
export function assertOffers({ service, runtime }: OpenService, api: ServingApi): void {
  if (service.serving.apis.includes(api) && runtime.apis.includes(api)) return
  throw new AgoraiError('invalid_request', `This service answers ${service.serving.apis.join(', ')}, not ${api}.`, {
    field: 'model',
  })
}

/** @throws AgoraiError `limit_exceeded` */
export function assertWithin(field: string, value: number, limit: number): void {
  if (value <= limit) return
  throw new AgoraiError('limit_exceeded', `${field}: ${value}, of at most ${limit} in one call.`, {
    field,
    details: { limit },
  })
}

/** What was used, in whole units and never above what was reserved: the buyer's maximum holds, whoever counts. */
export function usageWithin(usageMax: Usage, usage: Usage): Usage {
  return Object.fromEntries(
    Object.entries(usageMax).map(([unit, max]) => [unit, Math.min(max, Math.ceil(usage[unit as keyof Usage] ?? 0))]),
  )
}

/**
 * Runs work that may take so long, and no longer.
 *
 * @throws AgoraiError `model_timeout`; what the work throws, and what `signal` was given up for.
 */
export async function withinTime<value>(
  milliseconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<value>,
): Promise<value> {
  const clock = createClock(milliseconds, signal)
  try {
    return await work(clock.signal)
  } catch (error) {
    throw clock.toError(error)
  } finally {
    clock.stop()
  }
}

/** A signal that is also given when time is up. */
export function createClock(milliseconds: number, signal: AbortSignal) {
  const controller = new AbortController()
  const passOn = () => controller.abort(signal.reason)
  if (signal.aborted) passOn()
  signal.addEventListener('abort', passOn, { once: true })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    controller.abort()
  }, milliseconds)
  return {
    signal: controller.signal,
    toError: (error: unknown): unknown =>
      isLate && !signal.aborted
        ? new AgoraiError('model_timeout', `A call takes at most ${milliseconds} ms.`, { cause: error })
        : error,
    stop() {
      clearTimeout(timer)
      signal.removeEventListener('abort', passOn)
    },
  }
}
