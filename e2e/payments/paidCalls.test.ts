import { revenueLedgerAbi } from '@agorai/core'
import { type AgoraiClient, collectRevenue } from '@agorai/sdk'
import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { createPublicClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../packages/node/src/config.js'
import type { UpstreamSetting } from '../../packages/node/src/upstreams.js'
import { type Marketplace, startMarketplace } from '../marketplace.js'
import { callBody, publishPaidService, startServing } from './paidService.js'
import { startUpstream, type Upstream } from './upstream.js'

/** From a call that an unmodified client pays to what everybody has whose work is in it. */

/** Not a round number, so that every share is rounded. */
const price = 1_000_003n
const calls = 5n
const network = `eip155:${foundry.id}` as const

let market: Marketplace
let upstream: Upstream

beforeAll(async () => {
  upstream = await startUpstream()
  const { baseUrl } = upstream
  const setting: UpstreamSetting = {
    baseUrl,
    apiKey: undefined,
    model: 'echo',
    continuousUsage: false,
    concurrency: 64,
  }
  // Whichever of the first assets the service will be.
  const upstreams = new Map([1n, 2n, 3n, 4n, 5n].map((asset) => [asset, setting]))
  const { inference } = readConfig([], {}).config
  market = await startMarketplace({
    inference: { ...inference, upstreams },
    settle: { value: 1_000_000_000n, seconds: 0 },
  })
  await market.mint(market.curie, 1_000_000_000n)
}, 900_000)
afterAll(async () => {
  await market?.stop()
  await upstream?.stop()
})

async function gains(accounts: readonly AgoraiClient[], work: () => Promise<unknown>): Promise<bigint[]> {
  const before = await Promise.all(accounts.map(market.balanceOf))
  await work()
  const after = await Promise.all(accounts.map(market.balanceOf))
  return after.map((balance, place) => balance - (before[place] ?? 0n))
}

test('calls that @x402/fetch pays are shared out to everybody whose work is in them, to the unit', {
  timeout: 900_000,
}, async () => {
  const { node, token, chain, treasury, ada, boole, alpha, beta, curie } = market
  const service = await publishPaidService(market, price)
  await startServing(node, service)

  const payer = privateKeyToAccount(generatePrivateKey())
  await market.send(curie, payer.address, 100_000_000n)
  const reader = createPublicClient({ chain: foundry, transport: http(node.rpcUrl) })
  const client = new BatchSettlementEvmScheme(toClientEvmSigner(payer, reader))
  const spendControls = { allowedAssets: [{ network, asset: token }] }
  const pay = wrapFetchWithPayment(fetch, x402Client.fromConfig({ schemes: [{ network, client }], spendControls }))
  const headers = { 'content-type': 'application/json' }
  for (let call = 0n; call < calls; call++) {
    const answer = await pay(`${node.url}/v1/completions`, {
      method: 'POST',
      headers,
      body: callBody(service, `${call}`),
    })
    expect(await answer.text()).toContain(`about ${call}`)
    const { extra } = decodePaymentResponseHeader(answer.headers.get('PAYMENT-RESPONSE') ?? '')
    expect(extra).toMatchObject({ chargedAmount: `${price}` })
  }
  expect(upstream.answered()).toBe(Number(calls))

  const total = price * calls
  const ledger = { address: node.info.chain.addresses.revenueLedger, abi: revenueLedgerAbi } as const
  const sales = async () => {
    const args = [service.service, token] as const
    return (await chain.readContract({ ...ledger, functionName: 'accountOf', args }))[0]
  }
  await expect.poll(sales, { timeout: 60_000 }).toBe(total)
  await market.settle()

  // 60 % to the model, of that 10 % to the dataset, of that 60 % to its contributors 3 : 2; 1 % on value added.
  const model = (total * 6_000n) / 10_000n
  const dataset = (model * 1_000n) / 10_000n
  const pool = (dataset * 6_000n) / 10_000n
  const own = await gains([alpha], () => collectRevenue(alpha, { token }))
  expect(own).toEqual([(pool * 3n) / 5n])
  const rest = await gains([treasury, ada, beta, boole, curie], () =>
    collectRevenue(curie, { token, version: service.service }),
  )
  expect(rest).toEqual([
    (total * 40n) / 10_000n + (model * 100n) / 10_000n,
    (dataset * 4_000n) / 10_000n,
    (pool * 2n) / 5n,
    (model * 8_900n) / 10_000n,
    (total * 3_960n) / 10_000n,
  ])
  const dust = total - [...own, ...rest].reduce((sum, amount) => sum + amount)
  // A unit a term at most: see docs/revenue.md.
  expect(dust).toBeGreaterThanOrEqual(0n)
  expect(dust).toBeLessThan(9n)
})
