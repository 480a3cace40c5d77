import { x402Errors } from '@agorai/core'
import { type Hex, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestPayer, requiredBy } from './testPayer.js'
import { type PaymentChain, type Shop, startPaymentChain, startShop } from './testShop.js'

const operator = privateKeyToAccount(generatePrivateKey())
let place: PaymentChain
let shop: Shop
beforeAll(async () => {
  place = await startPaymentChain()
  shop = await startShop(place, { operator })
}, 120_000)
afterAll(async () => {
  await shop?.stop()
  await place?.kill()
})

/** Says that it signed anything, after it has touched a byte so far out that memory up to it takes 19 million gas. */
const greedyWallet: Hex = '0x623000005150631626ba7e60e01b60005260206000f3'

describe('a payer whose contract burns gas when it is asked for its signature', () => {
  test.each(['exact', 'batch-settlement'] as const)('pays nothing of the operator’s gas: %s', async (scheme) => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    await place.setCode(payer.account.address, greedyWallet)
    const ether = () => place.chain.publicClient.getBalance({ address: operator.address })
    const before = [await ether(), shop.calls.length]
    const signature = '0x1234'
    const { deposit, ...voucher } = await payer.deposit(1_000n, 5_000n, { payerAuthorizer: zeroAddress })
    const { erc3009Authorization } = deposit.authorization
    const authorization = { erc3009Authorization: { ...erc3009Authorization, signature } }
    const response =
      scheme === 'exact'
        ? await payer.payExact({ ...(await payer.transfer()), signature })
        : await payer.pay({ ...voucher, deposit: { ...deposit, authorization } })
    const reason = scheme === 'exact' ? x402Errors.exactFailed : x402Errors.depositFailed
    expect(response.status).toBe(402)
    expect(requiredBy(response).error).toBe(reason)
    expect([await ether(), shop.calls.length]).toEqual(before)
  })
})
