import { http, type Transport } from 'viem'
import type { Journal } from '../../ports/journal.js'
import type { Metrics, Timer } from '../../ports/metrics.js'
import type { Storage } from '../../ports/storage.js'
import type { Tracer } from '../../ports/trace.js'

export type Observer = { metrics: Metrics; tracer: Tracer }

/** Runs work as a span, and measures it. */
async function timed<result>(
  { metrics, tracer }: Observer,
  [timer, labels]: readonly [Timer, Readonly<Record<string, string>>],
  span: string,
  work: () => Promise<result>,
): Promise<result> {
  const begun = performance.now()
  try {
    return await tracer.span(span, {}, work)
  } finally {
    metrics.time(timer, labels, (performance.now() - begun) / 1000)
  }
}

/** The same journal, seen by metrics and traces. */
export function observeJournal(journal: Journal, observer: Observer): Journal {
  return {
    ...journal,
    async append(record) {
      const { kind } = record
      const standing = await timed(observer, ['agorai_journal_append_seconds', {}], `journal append ${kind}`, () =>
        journal.append(record),
      )
      observer.metrics.count('agorai_journal_records_total', { kind })
      return standing
    },
  }
}

/** The same store, seen by metrics and traces. A read is over when its reader has the last byte or stops. */
export function observeStorage(storage: Storage, observer: Observer): Storage {
  const seen = <result>(operation: string, work: () => Promise<result>) =>
    timed(observer, ['agorai_storage_seconds', { operation }], `storage ${operation}`, work)
  return {
    ...storage,
    putContent: (...content) => seen('put content', () => storage.putContent(...content)),
    contentBytes: (cid) => seen('find content', () => storage.contentBytes(cid)),
    putManifest: (digest, bytes) => seen('put manifest', () => storage.putManifest(digest, bytes)),
    getManifest: (digest) => seen('get manifest', () => storage.getManifest(digest)),
    async *readContent(cid, range) {
      const begun = performance.now()
      try {
        yield* storage.readContent(cid, range)
      } finally {
        const seconds = (performance.now() - begun) / 1000
        observer.metrics.time('agorai_storage_seconds', { operation: 'read content' }, seconds)
      }
    },
  }
}

/** The same calls of one method of a chain's JSON-RPC, measured. */
export const observeCalls =
  <Parameter, Result>(method: string, call: (parameter: Parameter) => Promise<Result>, metrics: Metrics) =>
  async (parameter: Parameter): Promise<Result> => {
    const begun = performance.now()
    try {
      return await call(parameter)
    } finally {
      metrics.time('agorai_chain_call_seconds', { method }, (performance.now() - begun) / 1000)
    }
  }

type HttpConfig = { retryCount?: number; timeout?: number; batch?: { batchSize: number } }
/** Makes the transport to a chain's JSON-RPC. */
export type MakeTransport = (url: string, config: HttpConfig) => Transport

/**
 * Transports whose calls are measured. What is asked on behalf of a request is a span of it, and says so to the chain's
 * endpoint; what the node asks for itself, all day long, is not.
 */
export function observeTransport(observer: Observer): MakeTransport {
  const { metrics, tracer } = observer
  return (url, config) => {
    const make = http(url, {
      ...config,
      onFetchRequest: (_request, init) => {
        const traceparent = tracer.traceparent()
        if (traceparent === undefined) return
        const headers = new Headers(init.headers)
        headers.set('traceparent', traceparent)
        return { ...init, url, headers }
      },
    })
    return (parameters) => {
      const transport = make(parameters)
      const call: typeof transport.request = async (args, options) => {
        const { method } = args as { method: string }
        const begun = performance.now()
        try {
          const ask = () => transport.request(args, options) as Promise<never>
          return await (tracer.traceparent() === undefined
            ? ask()
            : tracer.span(`chain ${method}`, { kind: 'client' }, ask))
        } finally {
          metrics.time('agorai_chain_call_seconds', { method }, (performance.now() - begun) / 1000)
        }
      }
      return { ...transport, request: call }
    }
  }
}
