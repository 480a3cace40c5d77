import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { Hex } from 'viem'
import type { Inference, Runtime } from '../../ports/inference.js'
import type { ServiceStarted } from '../../ports/serviceRecords.js'
import type { ServedService } from '../calls/cashier.js'
import type { Denials } from '../takedowns/denials.js'
import { type ReadServiceOptions, readService } from './readService.js'

export type ServicesOptions = ReadServiceOptions & { inference: Inference; denials: Denials }

/** A service that can be called now. */
export type OpenService = {
  service: ServedService
  runtime: Runtime
  /** Since when it is served, in unix seconds. */
  since: number
}

/** The services that this node serves, with the models behind them. */
export type Services = {
  /**
   * A service by its asset id.
   *
   * @throws AgoraiError `model_not_found`, `taken_down`, and why it cannot be served any more
   */
  get(asset: bigint): Promise<OpenService>
  /** A service by what callers name as `model`: the asset id, `agorai/<id>`, or a name that one service alone has. */
  find(model: string): Promise<OpenService>
  /** All that can be called now. */
  all(): Promise<OpenService[]>
  /** Whether it could be served; its model stays open. @throws AgoraiError why not */
  tryOut(started: ServiceStarted): Promise<OpenService>
  /** Lets go of the model of a version whose key is destroyed. */
  forget(commitment: Hex): Promise<void>
  /** Lets go of a service that is not to be served any more. */
  drop(asset: bigint): Promise<void>
  close(): Promise<void>
}

type Entry = OpenService & { request: Hex; modelName: string; targets: readonly string[]; checkedAtMs: number }

/** How long what the chain said of a service counts: then it is asked again while calls go on, and then before they do. */
const freshMs = { local: 2_000, other: 15_000 }
const staleMs = 60_000
const failureMs = 1_000
const catchUpMs = 1_000

export function createServices(options: ServicesOptions): Services {
  const { inference, memory, denials, chain } = options
  const refreshMs = chain.local ? freshMs.local : freshMs.other
  const entries = new Map<bigint, Entry>()
  const checks = new Map<bigint, Promise<Entry>>()
  const failures = new Map<bigint, { error: unknown; atMs: number; request: Hex }>()
  let caughtUpAtMs = performance.now()

  async function close(asset: bigint): Promise<void> {
    const entry = entries.get(asset)
    entries.delete(asset)
    await entry?.runtime.close()
  }

  async function openOrKeep(started: ServiceStarted): Promise<Entry> {
    const { service, source, targets } = await readService(options, started)
    const { asset, version } = service
    denials.assertServed(...targets)
    const modelName = source.runtime === 'onnx' ? source.name : `upstream ${version}`
    const before = entries.get(asset)
    const common = { service, modelName, targets, request: started.request, since: started.at }
    const checkedAtMs = performance.now()
    if (before?.modelName === modelName) return { ...before, ...common, checkedAtMs }
    const runtime = await inference.open(source)
    const missing = service.serving.apis.find((api) => !runtime.apis.includes(api))
    if (missing !== undefined) {
      await runtime.close()
      throw new AgoraiError('model_unsupported', `The model does not answer ${missing}.`, { field: 'serving.apis' })
    }
    await before?.runtime.close()
    return { ...common, runtime, checkedAtMs }
  }

  function check(asset: bigint, started: ServiceStarted): Promise<Entry> {
    const running = checks.get(asset)
    if (running !== undefined) return running
    const checking = openOrKeep(started)
      .then((entry) => {
        entries.set(asset, entry)
        failures.delete(asset)
        return entry
      })
      .catch(async (error: unknown) => {
        // A chain that does not answer says nothing against a service.
        if (!isAgoraiError(error, 'chain_unavailable')) await close(asset)
        failures.set(asset, { error, atMs: performance.now(), request: started.request })
        throw error
      })
      .finally(() => checks.delete(asset))
    checks.set(asset, checking)
    return checking
  }

  async function standingOf(asset: bigint): Promise<ServiceStarted> {
    const isDue = performance.now() - caughtUpAtMs > catchUpMs
    if (isDue) caughtUpAtMs = performance.now()
    const standing = memory.services.standingOf(asset)
    if (isDue) {
      const caughtUp = memory.catchUp().catch(() => {})
      // Another gateway may have been asked to serve it.
      if (standing === undefined) await caughtUp
    }
    const found = standing ?? memory.services.standingOf(asset)
    if (found !== undefined) return found
    // It may have been stopped at another gateway.
    await close(asset)
    throw new AgoraiError('model_not_found', `Asset ${asset} is not served here.`, { field: 'model' })
  }

  async function get(asset: bigint): Promise<OpenService> {
    const started = await standingOf(asset)
    const entry = entries.get(asset)
    const age = performance.now() - (entry?.checkedAtMs ?? Number.NEGATIVE_INFINITY)
    if (entry === undefined || entry.request !== started.request || age > staleMs) {
      const failed = failures.get(asset)
      if (failed?.request === started.request && performance.now() - failed.atMs < failureMs) throw failed.error
      return check(asset, started)
    }
    if (age > refreshMs) void check(asset, started).catch(() => {})
    if (!denials.isEmpty()) denials.assertServed(...entry.targets)
    return entry
  }

  const all = async (): Promise<OpenService[]> => {
    const found = await Promise.allSettled(memory.services.all().map(({ asset }) => get(BigInt(asset))))
    return found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  }

  return {
    get,
    all,
    async find(model) {
      const [, id] = /^(?:agorai\/)?(0|[1-9]\d{0,14})$/.exec(model) ?? []
      if (id !== undefined) return get(BigInt(id))
      const named = (await all()).filter(({ service }) => service.name === model)
      const [one, ...more] = named
      if (one !== undefined && more.length === 0) return one
      const why = one === undefined ? 'No service of this name is served here.' : 'Several services have this name.'
      throw new AgoraiError('model_not_found', why, { field: 'model' })
    },
    async tryOut(started) {
      const asset = BigInt(started.asset)
      const entry = await openOrKeep(started)
      entries.set(asset, entry)
      failures.delete(asset)
      return entry
    },
    async forget(commitment) {
      for (const [asset, { modelName }] of entries) if (modelName === commitment) await close(asset)
    },
    drop: close,
    async close() {
      for (const asset of [...entries.keys()]) await close(asset)
      await inference.close()
    },
  }
}
