import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { uint128Max, x402Errors } from '@agorai/core'
import { zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRpcChain } from '../../adapters/chain/rpcChain.js'
import { createTestPayer, requiredBy, settledBy, type TestPayer } from './testPayer.js'
import { type PaymentChain, type Shop, startPaymentChain, startShop } from './testShop.js'

let place: PaymentChain
let shop: Shop
beforeAll(async () => {
  place = await startPaymentChain()
  shop = await startShop(place)
}, 120_000)
afterAll(async () => {
  await shop?.stop()
  await place?.kill()
})

const price = 1_000n

/** A payer with a channel that was charged 3 of 5,000. */
async function createCustomer(at = shop): Promise<TestPayer> {
  const payer = await createTestPayer(at.url, await place.createPayer())
  const response = await payer.pay(await payer.deposit(price, 5_000n), 'abc')
  expect(response.status).toBe(200)
  return payer
}

/** That it was refused for this reason, and nothing was done for it. */
async function expectRefused(ask: () => Promise<Response>, error: string): Promise<Response> {
  const ran = shop.calls.length
  const response = await ask()
  expect(requiredBy(response).error).toBe(error)
  expect(response.status).toBe(402)
  expect(shop.calls.length).toBe(ran)
  return response
}

describe('a voucher', () => {
  test('over less than was charged is answered by what was, and how that was signed', async () => {
    const payer = await createCustomer()
    for (const max of [3n, 2n, price, price + 2n, price + 4n]) {
      const response = await expectRefused(
        async () => payer.pay(await payer.voucher(max)),
        x402Errors.cumulativeMismatch,
      )
      const [way] = requiredBy(response).accepts
      expect(way?.extra).toMatchObject({
        channelState: { balance: '5000', totalClaimed: '0', chargedCumulativeAmount: '3' },
        voucherState: { signedMaxClaimable: String(price) },
      })
    }
  })

  test('that was taken gives the same answer again, and nothing to another request', async () => {
    const payer = await createCustomer()
    const payload = await payer.voucher(price + 3n)
    const first = await payer.pay(payload, 'hello')
    const ran = shop.calls.length
    const again = await payer.pay(payload, 'hello')
    expect([again.status, await again.text(), settledBy(again)]).toEqual([200, await first.text(), settledBy(first)])
    expect(shop.calls.length).toBe(ran)
    await expectRefused(() => payer.pay(payload, 'other'), x402Errors.cumulativeMismatch)
  })

  test('above the deposit is refused', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    await expectRefused(async () => payer.pay(await payer.deposit(price, 900n)), x402Errors.exceedsBalance)
    await expectRefused(async () => payer.pay(await payer.voucher(price)), x402Errors.channelNotFound)
    await payer.pay(await payer.deposit(price, 1_000n), 'abc')
    await expectRefused(async () => payer.pay(await payer.voucher(price + 3n)), x402Errors.exceedsBalance)
  })

  test('for another channel, receiver, token or delay is refused', async () => {
    const payer = await createCustomer()
    const { address } = privateKeyToAccount(generatePrivateKey())
    const max = price + 3n
    const wrong = [
      [{ receiver: address }, x402Errors.receiverMismatch],
      [{ receiverAuthorizer: address }, x402Errors.receiverAuthorizerMismatch],
      [{ token: address }, x402Errors.tokenMismatch],
      [{ withdrawDelay: 901 }, x402Errors.withdrawDelayMismatch],
      [{ salt: `0x${'11'.repeat(32)}` as const }, x402Errors.channelNotFound],
    ] as const
    for (const [changes, error] of wrong)
      await expectRefused(async () => payer.pay(await payer.voucher(max, changes)), error)
    const right = await payer.voucher(max)
    const moved = { ...right, channelConfig: { ...payer.config, salt: `0x${'22'.repeat(32)}` } }
    await expectRefused(() => payer.pay(moved), x402Errors.channelIdMismatch)
  })

  test('signed by another key, or in another form, is refused', async () => {
    const payer = await createCustomer()
    const right = await payer.voucher(price + 3n)
    const { signature } = right.voucher
    const other = privateKeyToAccount(generatePrivateKey())
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const high = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
    const flipped = signature.endsWith('1b') ? '1c' : '1b'
    for (const wrong of [
      await other.sign({ hash: payer.channelOf() }),
      `${signature.slice(0, 66)}${high}${flipped}`,
      `${signature.slice(0, 130)}00`,
      signature.slice(0, 130),
      `${signature}00`,
      `0x${'00'.repeat(64)}1b`,
      `0x${'ff'.repeat(64)}1b`,
    ])
      await expectRefused(
        () => payer.pay({ ...right, voucher: { ...right.voucher, signature: wrong } }),
        x402Errors.voucherSignature,
      )
    expect((await payer.pay(right)).status).toBe(200)
  })

  const badAmounts = [
    '1e3',
    '0x10',
    ' 1 ',
    '',
    '-1',
    '1.5',
    `1${'0'.repeat(80)}`,
    '01',
    '+1',
    `${uint128Max + 1n}`,
    1_003,
    null,
    2 ** 53,
  ]
  test.each(badAmounts)('over the amount %j is no payment', async (amount) => {
    const payer = await createTestPayer(shop.url, privateKeyToAccount(generatePrivateKey()))
    const right = await payer.voucher(price)
    const ask = (payload: object) => expectRefused(() => payer.pay(payload), x402Errors.invalidPayload)
    await ask({ ...right, voucher: { ...right.voucher, maxClaimableAmount: amount } })
    const deposit = await payer.deposit(price, price)
    await ask({ ...deposit, deposit: { ...deposit.deposit, amount } })
    await ask({ ...right, type: 'refund', amount })
    const transfer = await payer.transfer()
    const value = { ...transfer, authorization: { ...transfer.authorization, value: amount } }
    await expectRefused(() => payer.payExact(value), x402Errors.invalidPayload)
  })

  test('that is no payment at all costs nothing and gives nothing', async () => {
    const payer = await createTestPayer(shop.url, privateKeyToAccount(generatePrivateKey()))
    const right = await payer.voucher(price)
    for (const payload of [
      {},
      { type: 'claim' },
      { ...right, voucher: null },
      { ...right, channelConfig: [] },
      { ...right, more: 1 },
    ])
      await expectRefused(() => payer.pay({ ...payload, type: 'deposit' }), x402Errors.invalidPayload)
    for (const header of ['', 'x', '{}', Buffer.from('{}').toString('base64'), 'A'.repeat(8_000)]) {
      const ask = () => fetch(shop.url, { method: 'POST', body: 'x', headers: { 'PAYMENT-SIGNATURE': header } })
      await expectRefused(ask, x402Errors.invalidPayload)
    }
  })

  test('on another chain, in another token or by another scheme fits nothing that is asked', async () => {
    const payer = await createCustomer()
    const payload = await payer.voucher(price + 3n)
    const { address } = payer.account
    const changes = [
      { network: 'eip155:1' },
      { asset: address },
      { payTo: address },
      { scheme: 'upto' },
      { amount: '1' },
    ]
    for (const change of changes)
      await expectRefused(() => payer.send({ ...payer.batch, ...change }, payload, 'x'), x402Errors.noMatch)
  })

  test('of a payer that is a contract is what the contract says', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    const zero = { payerAuthorizer: zeroAddress } as const
    expect((await payer.pay(await payer.deposit(price, 5_000n, zero), 'abc')).status).toBe(200)
    // From here on the account has code: one that signs nothing, then one that signs everything.
    await place.setCode(payer.account.address, '0x60006000fd')
    await expectRefused(async () => payer.pay(await payer.voucher(price + 3n, zero)), x402Errors.voucherSignature)
    await place.setCode(payer.account.address, '0x631626ba7e60e01b60005260206000f3')
    const payload = await payer.voucher(price + 3n, zero)
    const signed = { ...payload, voucher: { ...payload.voucher, signature: '0x1234' } }
    expect((await payer.pay(signed, 'abc')).status).toBe(200)
  })
})

describe('a deposit', () => {
  test('is not taken twice when its answer was lost, and the call is answered', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    const payload = await payer.deposit(price, 5_000n)
    await payer.pay(payload, 'abc')
    await shop.restart()
    // The voucher that came with it was charged, so the client is told of that.
    const response = await payer.pay(payload, 'abc')
    expect(requiredBy(response).error).toBe(x402Errors.cumulativeMismatch)
    expect(await place.balanceOf(payer.account.address)).toBe(1_000_000_000n - 5_000n)
  })

  test('that is on the chain without its call is what the same payment pays the call from', async () => {
    const { operator } = shop
    const other = await startShop(place, { operator })
    try {
      const payer = await createTestPayer(shop.url, await place.createPayer())
      const payload = await payer.deposit(price, 5_000n)
      // A gateway that has lost its journal since has taken it: this one knows nothing of it.
      const there = await createTestPayer(other.url, payer.account)
      expect((await there.pay(payload, 'abc')).status).toBe(200)
      const here = await payer.pay(payload, 'abc')
      expect([here.status, settledBy(here).transaction]).toEqual([200, ''])
      expect(await place.balanceOf(payer.account.address)).toBe(1_000_000_000n - 5_000n)
    } finally {
      await other.stop()
    }
  })

  test('that would expire before it is on the chain, or begins later, is refused before the work', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    const soon = BigInt(Math.floor(Date.now() / 1_000) + 3)
    await expectRefused(async () => payer.pay(await payer.deposit(price, 5_000n, {}, soon)), x402Errors.depositTooLate)
    const deposit = await payer.deposit(price, 5_000n)
    const { erc3009Authorization: given } = deposit.deposit.authorization
    const late = { erc3009Authorization: { ...given, validAfter: String(soon + 300n) } }
    const payload = { ...deposit, deposit: { ...deposit.deposit, authorization: late } }
    await expectRefused(() => payer.pay(payload), x402Errors.depositTooEarly)
  })

  test('that is not worth its transactions is refused, and the least is named', async () => {
    const careful = await startShop(place, { depositMin: 20_000n })
    try {
      const payer = await createTestPayer(careful.url, await place.createPayer())
      for (const [max, amount] of [
        [price, 19_999n],
        [price, 1_000n],
      ] as const) {
        const response = await payer.pay(await payer.deposit(max, amount))
        const { error, accepts } = requiredBy(response)
        expect([response.status, error, accepts[0]?.extra.minDeposit]).toEqual([
          402,
          x402Errors.depositTooSmall,
          '20000',
        ])
      }
      expect(careful.calls).toEqual([])
      expect((await payer.pay(await payer.deposit(price, 20_000n), 'abc')).status).toBe(200)
      // A channel that holds enough needs none of it, and loses nothing by it.
      const covered = await payer.pay(await payer.deposit(price + 3n, 1n), 'abc')
      expect([covered.status, settledBy(covered).amount]).toEqual([200, ''])
    } finally {
      await careful.stop()
    }
  })

  test('that the token would refuse is refused before the work', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer(100n))
    await expectRefused(async () => payer.pay(await payer.deposit(price, 5_000n)), x402Errors.depositFailed)
  })

  test('of the same money into many channels at once is worked for once', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer(9_999n))
    const ran = shop.calls.length
    const deposits = await Promise.all(
      [1, 2, 3, 4].map((n) => payer.deposit(price, 5_000n, { salt: `0x${String(n).padStart(64, '0')}` })),
    )
    const answers = await Promise.all(deposits.map((payload) => payer.pay(payload, 'once')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 402, 402, 402])
    expect(shop.calls.length).toBe(ran + 1)
  })

  test('many at once from many payers all arrive', async () => {
    const payers: TestPayer[] = []
    while (payers.length < 8) payers.push(await createTestPayer(shop.url, await place.createPayer()))
    const answers = await Promise.all(payers.map(async (payer) => payer.pay(await payer.deposit(price, 5_000n), 'abc')))
    expect(answers.map(({ status }) => status)).toEqual(payers.map(() => 200))
    expect(new Set(answers.map((answer) => settledBy(answer).transaction)).size).toBe(8)
  }, 60_000)
})

describe('an operator', () => {
  test('lets a channel owe so much and no more, until it was claimed', async () => {
    const careful = await startShop(place, { exposureMax: 1_500n })
    try {
      const payer = await createTestPayer(careful.url, await place.createPayer())
      expect((await payer.pay(await payer.deposit(price, 50_000n), 'x'.repeat(800))).status).toBe(200)
      const response = await payer.pay(await payer.voucher(1_800n))
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
      expect(await response.json()).toMatchObject({ code: 'exposure_exceeded' })
      // A refund claims what was charged.
      const refund = { ...(await payer.voucher(800n)), type: 'refund', amount: '1' }
      expect((await payer.send(payer.batch, refund, '', 'GET')).status).toBe(200)
      // Each costs the operator a transaction, and whoever saw the voucher on the chain can ask for it.
      await expectRefused(() => payer.send(payer.batch, refund, '', 'GET'), x402Errors.refundTooSoon)
      expect((await payer.pay(await payer.voucher(1_800n))).status).toBe(200)
    } finally {
      await careful.stop()
    }
  })

  test('lets a channel owe less whose payer can deny its vouchers, as a contract, or an account that becomes one', async () => {
    const careful = await startShop(place, { deniableMax: 1_500n })
    try {
      const payer = await createTestPayer(careful.url, await place.createPayer())
      const zero = { payerAuthorizer: zeroAddress } as const
      expect((await payer.pay(await payer.deposit(price, 50_000n, zero), 'x'.repeat(800))).status).toBe(200)
      const response = await payer.pay(await payer.voucher(1_800n, zero))
      expect(await response.json()).toMatchObject({
        code: 'exposure_exceeded',
        detail: expect.stringContaining('1500'),
      })
      expect(response.status).toBe(503)
      expect(careful.calls.length).toBe(1)
      // A key answers for its channel whatever becomes of its owner.
      expect((await payer.pay(await payer.deposit(price, 50_000n), 'x'.repeat(800))).status).toBe(200)
      expect((await payer.pay(await payer.voucher(1_800n), 'x'.repeat(800))).status).toBe(200)
      // What was claimed is denied no more.
      const refund = { ...(await payer.voucher(800n, zero)), type: 'refund', amount: '1' }
      expect((await payer.send(payer.batch, refund, '', 'GET')).status).toBe(200)
      expect((await payer.pay(await payer.voucher(1_800n, zero))).status).toBe(200)
    } finally {
      await careful.stop()
    }
  })

  test('whose chain does not answer takes nothing, and says when to come again', async () => {
    const gate = await startGate(place.rpcUrl)
    const chain = await openRpcChain({ rpcUrl: gate.url, confirmations: 0 })
    const cut = await startShop(place, { chain })
    try {
      const payer = await createTestPayer(cut.url, await place.createPayer())
      gate.close()
      for (const payload of [await payer.voucher(price), await payer.deposit(price, 5_000n)]) {
        const response = await payer.pay(payload)
        expect(response.status).toBe(503)
        expect(response.headers.get('retry-after')).not.toBeNull()
      }
      expect((await payer.payExact(await payer.transfer())).status).toBe(503)
      expect(cut.calls).toEqual([])
      gate.open()
      expect((await payer.pay(await payer.deposit(price, 5_000n))).status).toBe(200)
    } finally {
      await cut.stop()
      await gate.stop()
    }
  }, 60_000)
})

/** An RPC endpoint that can stop answering. */
async function startGate(target: string) {
  let isOpen = true
  const server: Server = createServer(async (incoming, outgoing) => {
    if (!isOpen) return void incoming.socket.destroy()
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(target, { method: 'POST', headers, body: Buffer.concat(parts) })
    outgoing.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => {
      isOpen = true
    },
    close: () => {
      isOpen = false
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
