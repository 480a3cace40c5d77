import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Tracer } from '../../ports/trace.js'

export type OpenOtlpTracerParameters = {
  /** Where a collector takes OTLP over HTTP, without `/v1/traces`. */
  endpoint: string
  version: string
  /** What this process does, such as `gateway`. */
  roles: readonly string[]
}

export type OtlpTracer = Tracer & {
  /** Sends what waits; a collector that is gone is not waited for long. */
  close(): Promise<void>
}

const exportTimeoutMs = 5_000
const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, none: SpanKind.INTERNAL }

/** Sends spans to a collector, in batches, in the background. A collector that does not answer costs spans, nothing else. */
export function openOtlpTracer({ endpoint, version, roles }: OpenOtlpTracerParameters): OtlpTracer {
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'agorai-node',
      'service.version': version,
      'agorai.roles': roles.join(','),
    }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs }))],
  })
  const tracer = provider.getTracer('agorai-node', version)
  const contexts = new AsyncLocalStorage<Context>()
  return {
    async span(name, { attributes = {}, parent, kind }, work) {
      const from = parentOf(parent) ?? contexts.getStore() ?? ROOT_CONTEXT
      const span = tracer.startSpan(name, { attributes, kind: kinds[kind ?? 'none'] }, from)
      const { traceId } = span.spanContext()
      try {
        return await contexts.run(trace.setSpan(from, span), () =>
          work({ traceId, set: (key, value) => void span.setAttribute(key, value) }),
        )
      } catch (error) {
        // The message may quote what was sent; its kind says enough here.
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' })
        throw error
      } finally {
        span.end()
      }
    },
    traceparent() {
      const context = contexts.getStore()
      const current = context && trace.getSpanContext(context)
      if (current === undefined) return undefined
      return `00-${current.traceId}-${current.spanId}-${current.traceFlags.toString(16).padStart(2, '0')}`
    },
    close: () => provider.shutdown(),
  }
}

/** Version, trace, span and flags; all zeros are no name. */
const traceparentPattern = /^[0-9a-e][0-9a-f]-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

function parentOf(header: string | null | undefined): Context | undefined {
  const [, traceId, spanId, flags] = traceparentPattern.exec(header ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}
