import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  assetRegistryAbi,
  decodeHeader,
  encodeHeader,
  encodeTerms,
  kindToNumber,
  operatorReceiverOf,
  type PaymentRequired,
  paymentRequiredHeader,
  paymentResponseHeader,
  paymentSignatureHeader,
  revenueLedgerAbi,
  type SpendingPolicy,
  x402Errors,
} from '@agorai/core'
import {
  type CallModelParameters,
  callModel,
  createAgoraiClient,
  createChannelMemory,
  createPayer,
  createSpendingMemory,
} from '@agorai/sdk'
import fc from 'fast-check'
import { type Address, createWalletClient, type Hex, http, parseEventLogs, zeroHash } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type PaymentChain, startPaymentChain } from '../../packages/node/src/gateway/payments/testShop.js'

/** What a client signs for a node that lies to it: a real chain, and a server that answers whatever it likes. */

const price = 1_000n
const operators = [1, 2, 3].map(() => privateKeyToAccount(generatePrivateKey()).address)
const thief = privateKeyToAccount(generatePrivateKey()).address
let place: PaymentChain
let server: Server
let service: bigint
/** The ways to pay each operator. */
let waysOf: PaymentRequired['accepts'][]

/** The payments that reached the node. */
type Carried = {
  type?: string
  voucher?: { channelId: Hex; maxClaimableAmount: string; signature: Hex }
  authorization?: { value: string; nonce: Hex }
}
let carried: Carried[] = []
const refuseAll = (_: Carried, response: ServerResponse): void => void response.writeHead(404).end('{}')
/** How it answers a payment for an operator. */
let respond: (payment: Carried, response: ServerResponse, ways: PaymentRequired['accepts']) => void = refuseAll

const demand = (response: ServerResponse, error: string, accepts: PaymentRequired['accepts']): void => {
  const required = { x402Version: 2, error, resource: { url: 'http://node' }, accepts }
  response.writeHead(402, { [paymentRequiredHeader]: encodeHeader(required) }).end('{}')
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, index = '0', ...path] = request.url?.split('/') ?? []
  const [operator, ways] = [operators[Number(index)] as Address, waysOf[Number(index)] ?? []]
  if (path.join('/') === 'api/v1/node') {
    const { deployment, rpcUrl } = place
    const chain = { id: foundry.id, local: true, rpc: rpcUrl, addresses: deployment }
    const info = {
      version: '0',
      chain: { ...chain, confirmedBlock: 0, indexedBlock: 0 },
      operator: { address: operator, encryptionKey: zeroHash, depositMin: '0' },
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info))
    return
  }
  const header = request.headers[paymentSignatureHeader.toLowerCase()]
  if (header === undefined) {
    demand(response, x402Errors.required, ways)
    return
  }
  const { payload } = decodeHeader(String(header)) as { payload: Carried }
  carried.push(payload)
  respond(payload, response, ways)
}

beforeAll(async () => {
  place = await startPaymentChain()
  const { deployment, token } = place
  service = await publishService()
  const args = [service] as const
  const ledger = { address: deployment.revenueLedger, abi: revenueLedgerAbi } as const
  const till = await place.chain.publicClient.readContract({ ...ledger, functionName: 'tillOf', args })
  const common = { network: `eip155:${foundry.id}`, amount: String(price), asset: token, maxTimeoutSeconds: 300 }
  const domain = { name: 'Test USD (no value)', version: '1' }
  waysOf = operators.map((operator) => {
    const receiver = operatorReceiverOf(deployment, operator)
    const extra = { ...domain, receiverAuthorizer: receiver, withdrawDelay: 900 }
    return [
      { scheme: 'batch-settlement', ...common, payTo: receiver, extra },
      { scheme: 'exact', ...common, payTo: till, extra: domain },
    ]
  })
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
}, 300_000)
afterAll(async () => {
  server?.close()
  await place?.kill()
})
afterEach(() => {
  carried = []
  respond = refuseAll
})

async function publishService(): Promise<bigint> {
  const owner = await place.createPayer()
  const wallet = createWalletClient({ account: owner, chain: foundry, transport: http(place.rpcUrl) })
  const rights = { commercial: true, derivatives: true, attribution: false, consent: false }
  const terms = encodeTerms({ ...rights, royaltyBps: 0, serveBps: 0 })
  const publication = {
    ...{ manifestDigest: `0x${'11'.repeat(32)}` as Hex, parents: [], suppliers: [], terms },
    ...{ contributors: { root: zeroHash, bps: 0 }, feeBpsMax: 500, consents: [] },
  }
  const registry = { address: place.deployment.assetRegistry, abi: assetRegistryAbi } as const
  const call = { ...registry, functionName: 'publish', args: [kindToNumber('service'), publication] } as const
  const hash = await wallet.writeContract(call)
  const { logs } = await place.mined(hash)
  const [event] = parseEventLogs({ abi: assetRegistryAbi, logs, eventName: 'VersionPublished' })
  if (event === undefined) throw new Error('nothing was published')
  return event.args.version
}

/** Calls by one account, of whichever operator. */
async function createCustomer(policy?: Omit<SpendingPolicy, 'token'>) {
  const account = await place.createPayer()
  const kept = { spending: createSpendingMemory(), channels: createChannelMemory() }
  const { port } = server.address() as AddressInfo
  const calls = await Promise.all(
    operators.map(async (_, index) => {
      const node = `http://127.0.0.1:${port}/${index}`
      const { rpcUrl, deployment, token } = place
      const client = await createAgoraiClient({ node, account, rpcUrl, deployment })
      const payer = createPayer(client, { ...kept, policy: policy && { token, ...policy } })
      return (more: Partial<CallModelParameters>) =>
        callModel(client, { service, api: 'infer', body: { inputs: [] }, amountMax: price, payer, ...more })
    }),
  )
  return (more: Partial<CallModelParameters> = {}, operator = 0) =>
    calls[operator]?.(more) as ReturnType<typeof callModel>
}

const paid = (charged: bigint) => (_: Carried, response: ServerResponse) =>
  void response
    .writeHead(200, {
      'content-type': 'application/json',
      [paymentResponseHeader]: encodeHeader({
        ...{ success: true, transaction: '', network: `eip155:${foundry.id}`, amount: '' },
        extra: { chargedAmount: String(charged) },
      }),
    })
    .end('{}')

describe('a client of a node that lies', () => {
  test.each([
    ['another payee of a transfer', 'exact', () => ({ payTo: thief }), 'payment_refused'],
    ['another payee of a channel', 'voucher', () => ({ payTo: thief }), 'payment_refused'],
    ['a channel in place of the till', 'exact', () => ({ payTo: waysOf[0]?.[0]?.payTo as Address }), 'payment_refused'],
    ['more than is allowed by a transfer', 'exact', () => ({ amount: String(price + 1n) }), 'price_above_max'],
    ['more than is allowed by a channel', 'voucher', () => ({ amount: String(price + 1n) }), 'price_above_max'],
    ['another chain', 'voucher', () => ({ network: 'eip155:1' }), 'payment_refused'],
  ] as const)('signs nothing for %s', async (_, wire, change, code) => {
    const right = waysOf
    waysOf = waysOf.map((ways) => ways.map((way) => ({ ...way, ...change() })))
    try {
      const call = await createCustomer()
      await expect(call({ wire })).rejects.toMatchObject({ code })
      expect(carried).toEqual([])
    } finally {
      waysOf = right
    }
  })

  test('signs nothing beyond its policy for another token or operator', async () => {
    for (const policy of [{ operators: [thief] }, { assets: [service + 1n] }, { perCallMax: price - 1n }]) {
      const call = await createCustomer(policy)
      for (const wire of ['voucher', 'exact'] as const)
        await expect(call({ wire })).rejects.toMatchObject({ code: 'policy_refused' })
    }
    expect(carried).toEqual([])
  })

  test('does not believe that a call cost more than it was asked for', async () => {
    const call = await createCustomer()
    respond = paid(price + 1n)
    await expect(call()).rejects.toMatchObject({ code: 'overcharged' })
    respond = paid(price)
    await call()
    expect(carried.map(({ voucher }) => voucher?.maxClaimableAmount)).toEqual([String(price), String(price)])
  })

  test('whatever it answers, no more can be claimed by all operators together than a policy allows', async () => {
    const lies = fc.oneof(
      fc.record({ kind: fc.constant('paid' as const), part: fc.nat(100) }),
      fc.record({
        kind: fc.constant('refused' as const),
        error: fc.constantFrom(x402Errors.exceedsBalance, x402Errors.channelExpiring, 'nonsense'),
      }),
      fc.record({
        kind: fc.constant('corrected' as const),
        // Of all vouchers that it has, and of what they are for.
        pick: fc.nat(20),
        part: fc.nat(100),
      }),
      fc.record({ kind: fc.constant('failed' as const), status: fc.constantFrom(400, 404, 409) }),
    )
    const asked = fc.record({
      operator: fc.nat(operators.length - 1),
      wire: fc.constantFrom('voucher' as const, 'exact' as const),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(lies, { minLength: 4, maxLength: 14 }), fc.array(asked), async (plan, asks) => {
        carried = []
        const perDayMax = 5n * price
        const call = await createCustomer({ perDayMax })
        const left = [...plan]
        respond = (payment, response, ways) => {
          const lie = left.shift() ?? { kind: 'refused' as const, error: 'nonsense' }
          if (lie.kind === 'paid') paid((price * BigInt(lie.part)) / 100n)(payment, response)
          else if (lie.kind === 'failed') response.writeHead(lie.status).end('{}')
          else if (lie.kind === 'refused') demand(response, lie.error, ways)
          else {
            const { voucher } = carried[lie.pick % carried.length] as Carried
            const max = BigInt(voucher?.maxClaimableAmount ?? 0)
            const extra = {
              channelState: { chargedCumulativeAmount: String((max * BigInt(lie.part)) / 100n) },
              voucherState: { signedMaxClaimable: String(max), signature: voucher?.signature },
            }
            demand(
              response,
              x402Errors.cumulativeMismatch,
              ways.map((way) => ({ ...way, extra: { ...way.extra, ...extra } })),
            )
          }
        }
        for (let turn = 0; left.length > 0 && turn < 40; turn++) {
          const { operator, wire } = asks[turn % asks.length] ?? { operator: turn % operators.length, wire: 'voucher' }
          await call({ wire }, operator).catch(() => {})
        }
        // Of each channel what its highest voucher is for, and every transfer.
        const claimable = new Map<string, bigint>()
        for (const { voucher, authorization } of carried) {
          const [name, amount] =
            authorization === undefined
              ? [voucher?.channelId as Hex, BigInt(voucher?.maxClaimableAmount ?? 0)]
              : [authorization.nonce, BigInt(authorization.value)]
          if (amount > (claimable.get(name) ?? 0n)) claimable.set(name, amount)
        }
        expect([...claimable.values()].reduce((sum, amount) => sum + amount, 0n)).toBeLessThanOrEqual(perDayMax)
      }),
      { numRuns: Number(process.env.AGORAI_LIE_RUNS ?? 12), endOnFailure: true },
    )
  }, 600_000)
})
