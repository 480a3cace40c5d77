import { devMnemonic, encodeManifest, revenueLedgerAbi } from '@agorai/core'
import {
  buyOffer,
  createChainClient,
  deployContracts,
  type ExitAccountReturnType,
  exitAccount,
  getDevAccount,
} from '@agorai/sdk'
import { type Address, erc20Abi, parseEther } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** Everybody leaves with the chain alone: the node, its index and its page are gone before the first one does. */

const day = 86_400
let anvil: Awaited<ReturnType<typeof startAnvil>>
let market: Marketplace

beforeAll(async () => {
  anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const account = getDevAccount(0, foundry.id)
  await deployContracts({ rpcUrl: anvil.rpcUrl, account, treasury: account.address, proposer: account.address })
  market = await startMarketplace({ rpcUrl: anvil.rpcUrl })
})
afterAll(() => anvil?.kill())

const exitOf = async (index: number, manifests: readonly Uint8Array[] = []): Promise<ExitAccountReturnType> =>
  exitAccount(await createChainClient({ rpcUrl: anvil.rpcUrl, account: getDevAccount(index, foundry.id) }), {
    manifests,
  })

const sumOf = ({ taken }: ExitAccountReturnType, token: Address): bigint =>
  taken.filter((each) => each.token === token).reduce((sum, { amount }) => sum + amount, 0n)

test('all balances are withdrawn, and nothing stays behind but dust within its bound', async () => {
  const { ada, boole, alpha, beta, gamma, byron, curie, treasury, token, publishService, addressOf, chain } = market
  const { revenueLedger, accessMarket } = market.node.info.chain.addresses
  const manifests: Uint8Array[] = []
  const publish = async (...parameters: Parameters<typeof publishService>) => {
    const published = await publishService(...parameters)
    manifests.push(encodeManifest(published.manifest))
    return published
  }
  const source = await publish(ada, {
    terms: { royaltyBps: 1_033 },
    contributors: {
      bps: 6_001,
      leaves: [alpha, beta].map((each, place) => ({
        account: addressOf(each),
        weight: String(place + 2),
        label: 'One',
      })),
    },
  })
  const model = await publish(boole, { parents: [source.version], terms: { royaltyBps: 511, serveBps: 6_007 } })
  const gathered = await publish(gamma, {
    kind: 'collection',
    terms: { royaltyBps: 700 },
    contributors: { bps: 9_001, leaves: [] },
    members: [source, model].map(({ version }) => ({ version: String(version), weight: '1' })),
  })
  const service = await publish(curie, {
    suppliers: [model.version],
    parents: [gathered.version],
    offers: [
      { token, price: 1_000_003n, usage: 'inference', timed: true, brackets: [{ fromDay: 3, bps: 8_001 }] },
      { token, price: 7_000_019n, usage: 'internal', refundHours: 24 },
      { token, price: 3_000_017n, usage: 'personal' },
    ],
  })
  const [timed = 0n, held = 0n, final = 0n] = service.offers
  for (const buyer of [byron, treasury, alpha]) await market.mint(buyer, 100_000_000n)
  await market.toNextDay()
  await buyOffer(byron, { offer: timed, days: 10, amountMax: 100_000_000n })
  await buyOffer(treasury, { offer: timed, days: 2, amountMax: 100_000_000n })
  await buyOffer(byron, { offer: held, amountMax: 100_000_000n })
  await buyOffer(alpha, { offer: final, amountMax: 100_000_000n })
  const till = await chain.readContract({
    address: revenueLedger,
    abi: revenueLedgerAbi,
    functionName: 'tillOf',
    args: [model.asset],
  })
  await market.send(alpha, till, 1_234_567n)
  await chain.setBalance({ address: till, value: parseEther('1') })
  const before = (await chain.readContract({ address: token, abi: erc20Abi, functionName: 'totalSupply' })) as bigint

  // Nothing but the chain from here on.
  await market.stop()
  await chain.increaseTime({ seconds: 3 * day + 7 })
  await chain.mine({ blocks: 1 })

  const buyer = await exitOf(6)
  expect(buyer.taken.map(({ from, id }) => [from, id])).toEqual([['pass', timed]])
  expect(buyer.waiting).toEqual([])
  const first = [await exitOf(3, manifests), await exitOf(7)]
  expect(first.map(({ taken }) => taken.map(({ from, id }) => [from, id]))).toEqual([
    [['contributor', source.version]],
    [['owner', service.version]],
  ])
  // Byron's fourth day had begun when he left; it is final when it has ended.
  expect(first[0]?.waiting).toMatchObject([])
  await chain.increaseTime({ seconds: 30 * day })
  await chain.mine({ blocks: 1 })
  const exits: ExitAccountReturnType[] = [buyer, ...first]
  for (const index of [0, 1, 2, 3, 4, 5, 6, 7]) exits.push(await exitOf(index, manifests))
  expect(exits.flatMap(({ waiting }) => waiting)).toEqual([])
  expect(exits.flatMap(({ taken }) => taken).filter(({ from }) => from === 'till')).toMatchObject([
    { id: model.asset, amount: parseEther('1') },
  ])

  const balanceOf = (account: Address) =>
    chain.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [account] })
  expect(await balanceOf(accessMarket)).toBe(0n)
  expect(await balanceOf(till)).toBe(0n)
  // At most one unit a term, which are for each version itself, the fee, its edges, its contributors or members:
  // 4 of the source, 3 of the model, 4 of the collection, 4 of the service.
  const dust = await balanceOf(revenueLedger)
  expect(dust).toBeGreaterThan(0n)
  expect(dust).toBeLessThanOrEqual(15n)
  const all = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7].map((index) => balanceOf(getDevAccount(index, foundry.id).address)),
  )
  expect(all.reduce((sum, balance) => sum + balance) + dust).toBe(before)
  expect(sumOf(buyer, token)).toBeGreaterThan(4_000_000n)

  // Once more takes nothing.
  const again = await exitOf(1, manifests)
  expect([again.taken, again.hashes]).toEqual([[], []])
})
