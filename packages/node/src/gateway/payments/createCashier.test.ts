import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { encodeHeader, type PaymentRequirements, paymentSignatureHeader, servingSchema } from '@agorai/core'
import { expect, test } from 'vitest'
import type { Caller, ServedService } from '../calls/cashier.js'
import { createCashier } from './createCashier.js'

const address = '0x1111111111111111111111111111111111111111'
const way: PaymentRequirements = {
  ...{ scheme: 'exact', network: 'eip155:31337', amount: '1', asset: address, payTo: address },
  ...{ maxTimeoutSeconds: 300, extra: {} },
}
const authorization = {
  ...{ from: address, to: address, value: '1', validAfter: '0', validBefore: '9' },
  nonce: `0x${'00'.repeat(32)}`,
}
const payload = { signature: `0x${'cd'.repeat(65)}`, authorization }
const price = { runtime: 'upstream', apis: ['infer'], token: address, prices: [{ unit: 'call', amount: '1' }] }
const service: ServedService = {
  ...{ version: 1n, asset: 1n, owner: address, till: address, name: 'Echo' },
  serving: servingSchema.parse(price),
}

/** Whether the engine keeps an object as one of its kind, and not as a table of its own. */
function isPlain(given: object): boolean {
  setFlagsFromString('--allow-natives-syntax')
  return runInThisContext('(given) => %HasFastProperties(given)')(given)
}

/** The caller that the work of a paid call is given. */
async function callerOf(request: Request): Promise<Caller> {
  const callers: Caller[] = []
  const cashier = createCashier({
    payments: {
      quotes: { accepts: () => [way], paymentRequired: async () => new Response(undefined, { status: 402 }) },
      exact: {
        async sell(_call, _payment, work) {
          await work()
          return new Response()
        },
      },
      channels: undefined,
    },
    sessions: undefined,
  })
  const call = { request, body: new Uint8Array(), service, usageMax: { call: 1 }, streams: false, client: '' }
  const answer = await cashier.sell(call, async (caller) => {
    callers.push(caller)
    return { kind: 'whole', status: 200, headers: {}, body: new Uint8Array(), usage: { call: 1 } }
  })
  expect(answer.status).toBe(200)
  const [caller] = callers
  if (caller === undefined) throw new Error('The work was not done.')
  return caller
}

test('what a paid call is given to work with keeps nothing of it once it is answered', async () => {
  const header = encodeHeader({ x402Version: 2, accepted: way, payload })
  const leaving = new AbortController()
  const init = { headers: { [paymentSignatureHeader]: header }, signal: leaving.signal }
  const callers = [await callerOf(new Request('http://127.0.0.1/call', init))]
  callers.push(await callerOf(new Request('http://127.0.0.1/call', init)))
  expect(callers.map(isPlain)).toEqual([true, true])
  expect(callers.map(({ payer }) => payer)).toEqual([address, address])
  leaving.abort()
  expect(callers.map(({ signal }) => signal.aborted)).toEqual([true, true])
})
