import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { counters, gauges, type Metrics, timers } from '../../ports/metrics.js'

export type PromMetrics = Metrics & {
  contentType: string
  /** Everything in the text format of Prometheus. */
  read(): Promise<string>
}

/** From a read of memory to a slow upload. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Metrics of this process as Prometheus reads them, with those of Node itself. */
export function createPromMetrics(): PromMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counted = mapValues(
    counters,
    (name, [help, ...labelNames]) => new Counter({ name, help, labelNames, registers }),
  )
  const timed = mapValues(
    timers,
    (name, [help, ...labelNames]) => new Histogram({ name, help, labelNames, buckets, registers }),
  )
  const measured = mapValues(gauges, (name, [help, ...labelNames]) => new Gauge({ name, help, labelNames, registers }))
  const reads: (() => Promise<void>)[] = []
  return {
    contentType: registry.contentType,
    count: (name, labels, by = 1) => counted[name].inc(labels, by),
    time: (name, labels, seconds) => timed[name].observe(labels, seconds),
    gauge(name, labels, read) {
      reads.push(async () => {
        const value = await Promise.resolve()
          .then(read)
          .catch(() => undefined)
        if (value === undefined) measured[name].remove(labels)
        else measured[name].set(labels, value)
      })
    },
    async read() {
      await Promise.all(reads.map((read) => read()))
      return registry.metrics()
    },
  }
}

/** A metric of each name of a table. */
function mapValues<name extends string, metric>(
  table: Record<name, readonly [string, ...string[]]>,
  make: (name: name, definition: readonly [string, ...string[]]) => metric,
): Record<name, metric> {
  const entries = Object.entries(table) as [name, readonly [string, ...string[]]][]
  return Object.fromEntries(entries.map(([name, definition]) => [name, make(name, definition)])) as Record<name, metric>
}
