// The product's own gateway stack around one route, as a node composes it: journal and charge log on the disk, metrics,
// every wire. What the handler does is nothing, or one inference of a small model.
//   node bench/calls/agoraiServer.mjs <settings as JSON>
import { join } from 'node:path'
import { servingSchema } from '@agorai/core'
import { privateKeyToAccount } from 'viem/accounts'
import { openModel } from './model.mjs'

const dist = new URL('../../packages/node/dist/', import.meta.url)
const load = (path) => import(new URL(path, dist).href)
const [
  { createOperatorSender },
  { openRpcChain },
  { openChargeLog },
  { openFileJournal },
  { createLog },
  { observeJournal },
  { createPromMetrics },
  { createApp },
  { readBytes },
  { route },
  { serveHttp },
  { rebuildMemory },
  { createBuiltInFacilitator },
  { createCashier },
  { openPayments },
  { createSessions },
  { noTracer },
] = await Promise.all(
  [
    'adapters/chain/operatorSender.js',
    'adapters/chain/rpcChain.js',
    'adapters/journal/chargeLog.js',
    'adapters/journal/fileJournal.js',
    'adapters/telemetry/consoleLog.js',
    'adapters/telemetry/observe.js',
    'adapters/telemetry/promMetrics.js',
    'gateway/http/createApp.js',
    'gateway/http/readBody.js',
    'gateway/http/route.js',
    'gateway/http/serveHttp.js',
    'gateway/memory.js',
    'gateway/payments/builtInFacilitator.js',
    'gateway/payments/createCashier.js',
    'gateway/payments/openPayments.js',
    'gateway/sessions/createSessions.js',
    'ports/trace.js',
  ].map(load),
)

const { rpcUrl, deployment, key, folder, handler, amount, modelTimes } = JSON.parse(process.argv[2])
const bodyBytesMax = 1 << 20
const account = privateKeyToAccount(key)
const keys = { account, encryption: { publicKey: '0x', privateKey: new Uint8Array(32).fill(7) } }
const chain = await openRpcChain({ rpcUrl, confirmations: 0 })
const observer = { log: createLog({ json: false }), metrics: createPromMetrics(), tracer: noTracer }
const journal = observeJournal(await openFileJournal(join(folder, 'journal.log')), observer)
const log = await openChargeLog(join(folder, 'charges'))
const memory = await rebuildMemory(journal)
const { publicClient } = chain
const sender = createOperatorSender({ publicClient, account, chainId: chain.id, local: true })
const facilitator = createBuiltInFacilitator({ sender, settleTimeoutMs: 20_000 })
const settings = { withdrawDelay: 900, exposureMax: 10n ** 12n, deniableMax: 10n ** 12n, depositMin: 0n }
const payments = await openPayments({ chain, addresses: deployment, keys, memory, sender, facilitator, settings })

const service = {
  version: 7n,
  asset: 7n,
  owner: deployment.governor,
  till: '0x00000000000000000000000000000000000a11ce',
  name: 'Measured',
  serving: servingSchema.parse({
    runtime: 'upstream',
    apis: ['infer'],
    token: deployment.testUsd,
    prices: [{ unit: 'call', amount }],
  }),
}
const onWarning = (message, cause) => process.stderr.write(`${message} ${cause}\n`)
const sessions = await createSessions({
  memory,
  journal,
  log,
  keys,
  chain,
  addresses: deployment,
  domain: { chainId: chain.id, assetRegistry: deployment.assetRegistry },
  vouchers: payments.channels && { ...payments.channels, quotes: payments.quotes },
  findService: async () => service,
  onWarning,
})
const cashier = createCashier({ payments, sessions })

const answer = Buffer.from(JSON.stringify({ ok: true, result: 'hello', model: 'tiny', tokens: 12 }))
const usage = { call: 1 }
const whole = { kind: 'whole', status: 200, headers: { 'content-type': 'application/json' }, body: answer, usage }
const handlers = { empty: async () => whole, model: await modelHandler() }

/** One inference on this thread. */
async function modelHandler() {
  if (handler !== 'model') return undefined
  const infer = await openModel(modelTimes)
  return async () => {
    await infer()
    return whole
  }
}

const callRoute = route({
  method: 'post',
  path: '/call',
  summary: 'A call.',
  rawBody: 'application/json',
  rawResponse: 'application/json',
  errors: [],
  crossOrigin: true,
  hot: true,
  light: true,
  async handle({ request, client }) {
    const body = await readBytes(request, bodyBytesMax)
    return cashier.sell({ request, body, service, usageMax: usage, streams: false, client }, handlers[handler])
  },
})
const app = createApp({
  routes: [callRoute, ...sessions.routes],
  fallback: async () => undefined,
  hosts: new Set(['127.0.0.1']),
  connectOrigins: [],
  report: (error) => onWarning('A request failed.', error instanceof Error ? error.stack : error),
  observer,
})
const server = await serveHttp({ host: '127.0.0.1', port: 0, ...app })
// An orderly end, which writes a profile where one was asked for, and one where nobody is left who asked.
process.once('SIGINT', () => process.exit(0))
process.stdin.once('end', () => process.exit(0)).resume()
console.log(JSON.stringify({ port: server.port }))
