import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicClient } from 'viem'
import { afterEach, describe, expect, test } from 'vitest'
import type { Tracer } from '../../ports/trace.js'
import { observeTransport } from './observe.js'
import { openOtlpTracer } from './otlpTracer.js'
import { createPromMetrics } from './promMetrics.js'

const server = createServer()
afterEach(() => void server.close())

/** A chain's endpoint that remembers the `traceparent` of each call. */
async function endpoint(seen: (string | undefined)[]): Promise<string> {
  server.on('request', (incoming, outgoing) => {
    seen.push(incoming.headers.traceparent as string | undefined)
    outgoing.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":1,"result":"0x7a69"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('observeTransport', () => {
  test('names the trace to the chain’s endpoint inside a request only, and measures every call', async () => {
    const seen: (string | undefined)[] = []
    const url = await endpoint(seen)
    const tracer: Tracer = openOtlpTracer({ endpoint: 'http://127.0.0.1:9', version: '0', roles: [] })
    const metrics = createPromMetrics()
    const client = createPublicClient({ transport: observeTransport({ metrics, tracer })(url, { retryCount: 0 }) })
    await client.getChainId()
    const traceId = await tracer.span(
      'outer',
      { parent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
      async (span) => {
        await client.getChainId()
        return span.traceId
      },
    )
    expect(traceId).toBe('1'.repeat(32))
    expect(seen[0]).toBeUndefined()
    expect(seen[1]).toMatch(/^00-1{32}-[0-9a-f]{16}-01$/)
    expect(seen[1]).not.toContain('2'.repeat(16))
    expect(await metrics.read()).toContain('agorai_chain_call_seconds_count{method="eth_chainId"} 2')
  })

  test.each(['', 'nonsense', `ff-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, `00-${'0'.repeat(32)}-${'2'.repeat(16)}-01`])(
    'begins a trace of its own where the header is none (%s)',
    async (parent) => {
      const tracer = openOtlpTracer({ endpoint: 'http://127.0.0.1:9', version: '0', roles: [] })
      const traceId = await tracer.span('outer', { parent }, async (span) => span.traceId)
      expect(traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(traceId).not.toBe('1'.repeat(32))
    },
  )
})
