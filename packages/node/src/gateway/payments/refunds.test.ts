import { AgoraiError, x402Errors } from '@agorai/core'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOperatorSender } from '../../adapters/chain/operatorSender.js'
import type { Facilitator } from '../../ports/facilitator.js'
import { createBuiltInFacilitator } from './builtInFacilitator.js'
import { createTestPayer, requiredBy, settledBy } from './testPayer.js'
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

/** The signature with the other parity, as a stranger can write it who saw it in a claim. */
const withOtherParity = (signature: Hex): Hex => `0x${signature.slice(2, 130)}${signature.endsWith('1b') ? '1c' : '1b'}`

describe('a refund', () => {
  test('arrives though somebody asked for it with a voucher of the other parity: no channel is kept from being used', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer(5_000n))
    expect((await payer.pay(await payer.deposit(1_000n, 5_000n), 'x'.repeat(800))).status).toBe(200)
    const signed = await payer.voucher(800n)
    const signature = withOtherParity(signed.voucher.signature)
    const asked = { ...signed, voucher: { ...signed.voucher, signature }, type: 'refund' }
    const response = await payer.send(payer.batch, asked, '', 'GET')
    expect([response.status, await place.balanceOf(payer.account.address)]).toEqual([200, 4_200n])
    expect(settledBy(response).extra?.channelState).toMatchObject({ balance: '800', totalClaimed: '800' })
  })

  test('that was sent and may be mined at any moment is money that nothing is sold against', async () => {
    const operator = privateKeyToAccount(generatePrivateKey())
    const { publicClient } = place.chain
    const sender = createOperatorSender({ publicClient, account: operator, chainId: place.chain.id, local: true })
    const own = createBuiltInFacilitator({ sender, settleTimeoutMs: 20_000 })
    const slow: Facilitator = {
      ...own,
      async settle(settlement, requirements) {
        if (settlement.type !== 'refund') return own.settle(settlement, requirements)
        throw new AgoraiError('settlement_pending', 'It was sent, and is not mined yet.')
      },
    }
    const waiting = await startShop(place, { operator, facilitator: slow })
    try {
      const payer = await createTestPayer(waiting.url, await place.createPayer(5_000n))
      expect((await payer.pay(await payer.deposit(1_000n, 5_000n), 'abc')).status).toBe(200)
      const part = { ...(await payer.voucher(3n)), type: 'refund', amount: '3500' }
      expect((await payer.send(payer.batch, part, '', 'GET')).status).toBe(202)
      // Of 5,000 some 1,500 are left.
      expect((await payer.pay(await payer.voucher(1_003n), 'x'.repeat(1_000))).status).toBe(200)
      await waiting.restart()
      const refused = await payer.pay(await payer.voucher(2_003n))
      expect([refused.status, requiredBy(refused).error]).toEqual([402, x402Errors.exceedsBalance])
      expect(waiting.calls.length).toBe(2)
    } finally {
      await waiting.stop()
      await sender.stop()
    }
  })
})
