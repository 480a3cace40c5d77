import { AgoraiError } from '@agorai/core'
import type { Inference, ModelSource, Runtime } from '../../ports/inference.js'
import { createSessionPool } from './onnx/createSessionPool.js'
import { openOnnxRuntime } from './onnx/openOnnxRuntime.js'
import { createUpstreamRuntime } from './upstream/createUpstreamRuntime.js'
import type { Upstream } from './upstream/upstream.js'

export type InferenceOptions = {
  /** Most bytes of models that are open at once. */
  modelBytesMax: number
  /** Threads of one run. */
  threads: number
  /** Most calls of a model that are under way or wait. */
  callsMax: number
  /** How long calls are gathered, in milliseconds; 0 runs each alone. */
  batchMs: number
  /** Servers that the operator reaches, by the service that they are behind. */
  upstreams: ReadonlyMap<bigint, Upstream>
}

type Shared = { runtime: Promise<Runtime>; users: number }

/** A thread that waits takes some 15 MB. */
const sessionsMax = 64

/** Everything that can answer calls here. */
export function createInference(options: InferenceOptions): Inference {
  const pool = createSessionPool({ bytesMax: options.modelBytesMax, sessionsMax })
  /** Services that sell the same model share it. */
  const shared = new Map<string, Shared>()

  async function openShared(source: Extract<ModelSource, { runtime: 'onnx' }>): Promise<Runtime> {
    let one = shared.get(source.name)
    if (one === undefined) {
      const runtime = openOnnxRuntime({ ...options, pool }, source)
      one = { runtime, users: 0 }
      shared.set(source.name, one)
    }
    const own = one
    own.users += 1
    let closed = false
    const close = async () => {
      if (closed) return
      closed = true
      own.users -= 1
      if (own.users > 0 || shared.get(source.name) !== own) return
      shared.delete(source.name)
      await pool.drop(source.name)
    }
    try {
      return { ...(await own.runtime), close }
    } catch (error) {
      await close()
      throw error
    }
  }

  return {
    async open(source) {
      if (source.runtime === 'onnx') return openShared(source)
      const upstream = options.upstreams.get(source.asset)
      if (upstream === undefined)
        throw new AgoraiError('upstream_unavailable', 'The operator named no server for this service.', {
          field: 'AGORAI_UPSTREAMS',
        })
      return createUpstreamRuntime(upstream, source.apis, options.callsMax)
    },
    close: pool.close,
  }
}
