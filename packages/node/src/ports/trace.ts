export type Span = {
  /** Identifies the whole trace in all systems that took part in it; undefined when nothing is traced. */
  traceId: string | undefined
  set(name: string, value: string | number): void
}

export type SpanOptions = {
  attributes?: Readonly<Record<string, string | number>>
  /** The `traceparent` header of whoever asked; else the span stands under the one that is under way here. */
  parent?: string | null
  kind?: 'server' | 'client'
}

/** Follows work through this process and into others, as W3C Trace Context names it. */
export type Tracer = {
  /** Runs `work` as one span, which fails when it throws. */
  span<result>(name: string, options: SpanOptions, work: (span: Span) => Promise<result>): Promise<result>
  /** The `traceparent` header for whoever is asked next; undefined outside of a span. */
  traceparent(): string | undefined
}

export const noTracer: Tracer = {
  span: (_name, _options, work) => work({ traceId: undefined, set() {} }),
  traceparent: () => undefined,
}
