import { AgoraiError, isAgoraiError } from '@agorai/core'
import { z } from 'zod'
import { type Route, route } from './http/route.js'

/** What must work for the node to be of use. `check` throws what is wrong. */
export type ReadyPart = { name: string; check(): Promise<void> }

export type HealthRoutesOptions = {
  parts: readonly ReadyPart[]
  /** Whether the node was told to stop: what is under way is finished, nothing more should be sent. */
  isDraining(): boolean
  /** Everything measured, and its content type; undefined where it is served elsewhere or not at all. */
  metrics?: { contentType: string; read(): Promise<string> }
}

const checkTimeoutMs = 3_000

/** For whoever keeps the process running: whether it lives, whether it should be sent requests, and what it measures. */
export function healthRoutes({ parts, isDraining, metrics }: HealthRoutesOptions): Route[] {
  return [
    route({
      method: 'get',
      path: '/healthz',
      summary: 'Whether the process answers at all.',
      response: z.strictObject({ status: z.literal('ok') }),
      errors: [],
      handle: async () => ({ status: 'ok' }) as const,
    }),
    route({
      method: 'get',
      path: '/readyz',
      summary: 'Whether requests should be sent here; else which part is not ready.',
      response: z.strictObject({ status: z.literal('ready'), parts: z.array(z.string()) }),
      errors: ['not_ready'],
      async handle() {
        if (isDraining())
          throw new AgoraiError('not_ready', 'The node is stopping.', {
            field: 'draining',
            details: { draining: 'yes' },
          })
        const failures = (await Promise.all(parts.map(failureOf))).filter((failure) => failure !== undefined)
        const [first] = failures
        if (first === undefined) return { status: 'ready', parts: parts.map(({ name }) => name) } as const
        throw new AgoraiError('not_ready', failures.map(({ name, why }) => `${name}: ${why}`).join(' '), {
          field: first.name,
          details: Object.fromEntries(failures.map(({ name, why }) => [name, why])),
        })
      },
    }),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
  ]
}

const metricsRoute = (metrics: { contentType: string; read(): Promise<string> }): Route =>
  route({
    method: 'get',
    path: '/metrics',
    summary: 'What this process measures, in the text format of Prometheus.',
    rawResponse: 'text/plain',
    errors: [],
    handle: async () => new Response(await metrics.read(), { headers: { 'content-type': metrics.contentType } }),
  })

/** Whether a part works, for a gauge: 1 or 0. */
export const isReady = async (part: ReadyPart): Promise<number> => ((await failureOf(part)) === undefined ? 1 : 0)

async function failureOf({ name, check }: ReadyPart): Promise<{ name: string; why: string } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AgoraiError('busy', 'It did not answer in time.')), checkTimeoutMs)
  })
  try {
    await Promise.race([check(), late])
    return undefined
  } catch (error) {
    // What is not a sentence of ours may quote a password.
    return { name, why: isAgoraiError(error) ? error.shortMessage : 'It failed.' }
  } finally {
    clearTimeout(timer)
  }
}
