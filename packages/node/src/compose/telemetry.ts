import { type MakeTransport, observeTransport } from '../adapters/telemetry/observe.js'
import { openOtlpTracer } from '../adapters/telemetry/otlpTracer.js'
import { createPromMetrics, type PromMetrics } from '../adapters/telemetry/promMetrics.js'
import type { NodeConfig } from '../config.js'
import type { Log } from '../ports/log.js'
import { noTracer, type Tracer } from '../ports/trace.js'

export type Telemetry = {
  log: Log
  metrics: PromMetrics
  tracer: Tracer
  makeTransport: MakeTransport
  close(): Promise<void>
}

/** What this process measures and tells of itself. Traces are sent only where a collector is named. */
export function openTelemetry(config: NodeConfig, version: string, log: Log): Telemetry {
  const metrics = createPromMetrics()
  const tracer =
    config.tracesUrl === undefined
      ? undefined
      : openOtlpTracer({ endpoint: config.tracesUrl, version, roles: config.roles })
  const observer = { metrics, tracer: tracer ?? noTracer }
  return {
    log,
    ...observer,
    makeTransport: observeTransport(observer),
    close: async () => tracer?.close(),
  }
}
