import {
  type Accounts,
  accountOf,
  assetRegistryAbi,
  collectContributor,
  collectOwner,
  createContributorTree,
  deployments,
  devAccounts,
  devMnemonic,
  feeIndex,
  type LedgerVertex,
  pay,
  pull,
  pullable,
  revenueLedgerAbi,
  testUsdAbi,
  treasuryVersion,
} from '@agorai/core'
import { deployContracts, getDevAccount, waitForReceipt } from '@agorai/sdk'
import fc from 'fast-check'
import {
  type Address,
  createTestClient,
  type Hex,
  http,
  type PublicClient,
  parseEventLogs,
  publicActions,
  walletActions,
} from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AnvilProcess, startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'

/** The contract and core's pure functions take the same random histories; every amount and every total must be equal. */

const graphs = 24
const versionsMax = 7
const operationsMax = 50

const addresses = deployments[foundry.id]
if (addresses?.testUsd === undefined) throw new Error('The local deployment is missing.')
const token = addresses.testUsd
const treasury = devAccounts[0]?.address as Address

let anvil: AnvilProcess
let chain: ReturnType<typeof connect>

const connect = (rpcUrl: string) =>
  createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl), pollingInterval: 5, cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions)

beforeAll(async () => {
  anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  await deployContracts({ rpcUrl: anvil.rpcUrl, account: getDevAccount(0, foundry.id), treasury, proposer: treasury })
  chain = connect(anvil.rpcUrl)
  for (const { address } of devAccounts) {
    await write(address, { address: token, abi: testUsdAbi, functionName: 'mint', args: [address, 10n ** 30n] })
    const approval = [addresses.revenueLedger, 2n ** 256n - 1n] as const
    await write(address, { address: token, abi: testUsdAbi, functionName: 'approve', args: approval })
  }
}, 120_000)

afterAll(() => anvil.kill())

async function write(
  account: Address,
  call: { address: Address; abi: readonly unknown[]; functionName: string; args: readonly unknown[] },
) {
  const hash = await chain.writeContract({ ...call, account, chain: foundry } as Parameters<
    typeof chain.writeContract
  >[0])
  const receipt = await waitForReceipt(chain as unknown as PublicClient, hash)
  expect(receipt.status).toBe('success')
  return receipt
}

const onLedger = (
  account: Address,
  functionName: 'pay' | 'pull' | 'collect' | 'collectContributions',
  args: readonly unknown[],
) => write(account, { address: addresses.revenueLedger, abi: revenueLedgerAbi, functionName, args })

type Published = LedgerVertex & {
  asset: bigint
  publisher: Address
  manifestDigest: Hex
  root: Hex
  contributions: ReturnType<typeof createContributorTree>['contributions']
}

/** What the test draws for one version: parents by place among those before it, its own rates, its contributors' weights. */
const versionArbitrary = fc.record({
  parents: fc.uniqueArray(fc.nat(versionsMax), { maxLength: 3 }),
  royaltyBps: fc.integer({ min: 0, max: 700 }),
  contributorBps: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10_000 })),
  weights: fc.array(fc.bigInt({ min: 1n, max: 2n ** 40n }), { minLength: 1, maxLength: 5 }),
  renews: fc.option(fc.nat(versionsMax), { nil: undefined, freq: 4 }),
})

type DrawnVersion = typeof versionArbitrary extends fc.Arbitrary<infer drawn> ? drawn : never

const operationArbitrary = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      at: fc.nat(),
      amount: fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: 10n ** 24n })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pull' as const), at: fc.nat(), edge: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('collect' as const), at: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('contribution' as const), at: fc.nat(), contributor: fc.nat() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('transfer' as const), at: fc.nat(), to: fc.nat(devAccounts.length - 1) }),
  },
)

async function publish(drawn: DrawnVersion, before: readonly Published[], nonce: number): Promise<Published> {
  const leaves =
    drawn.contributorBps === 0 ? [] : drawn.weights.map((weight, index) => ({ account: accountAt(index + 3), weight }))
  const { root, contributions } = createContributorTree(leaves)
  const manifestDigest: Hex = `0x${(nonce + 1).toString(16).padStart(64, '0')}`
  const parents = before.filter((_, place) => drawn.parents.includes(place)).map(({ version }) => version)
  const renewed = drawn.renews === undefined ? undefined : before[drawn.renews]
  const publication = {
    manifestDigest,
    parents,
    royaltyBps: drawn.royaltyBps,
    contributors: { root, bps: drawn.contributorBps },
  }
  const call = { address: addresses?.assetRegistry as Address, abi: assetRegistryAbi }
  const receipt =
    renewed === undefined
      ? await write(accountAt(nonce), { ...call, functionName: 'publish', args: [2, publication] })
      : await write(await ownerOf(renewed.asset), {
          ...call,
          functionName: 'publishVersion',
          args: [renewed.asset, publication],
        })
  const [event] = parseEventLogs({ abi: assetRegistryAbi, eventName: 'VersionPublished', logs: receipt.logs })
  if (event === undefined) throw new Error('Nothing was published.')
  const { version, asset, publisher, rates, edges } = event.args
  return {
    version,
    publisher,
    asset,
    manifestDigest,
    root,
    contributions,
    feeBps: rates.feeBps,
    contributorBps: rates.contributorBps,
    edges: edges.map(({ ancestor, bps }) => ({ ancestor, bps })),
    contributors: leaves,
  }
}

const accountAt = (index: number): Address => devAccounts[index % devAccounts.length]?.address as Address
const ownerOf = (asset: bigint): Promise<Address> =>
  chain.readContract({
    address: addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'ownerOf',
    args: [asset],
  })

const amountOf = (
  logs: Awaited<ReturnType<typeof write>>['logs'],
  eventName: 'RevenuePulled' | 'RevenueCollected',
): bigint => parseEventLogs({ abi: revenueLedgerAbi, eventName, logs }).reduce((sum, { args }) => sum + args.amount, 0n)

describe('the ledger and its mathematics', () => {
  let accounts: Accounts = new Map()
  let published = 0
  const done = { pay: 0, pull: 0, collect: 0, contribution: 0, transfer: 0 }

  test(`agree on ${graphs} random graphs, call by call and in total`, async () => {
    const history = fc.record({
      versions: fc.array(versionArbitrary, { minLength: 2, maxLength: versionsMax }),
      operations: fc.array(operationArbitrary, { minLength: 20, maxLength: operationsMax }),
    })
    await fc.assert(
      fc.asyncProperty(history, async ({ versions, operations }) => {
        const graph: Published[] = []
        for (const drawn of versions) graph.push(await publish(drawn, graph, published++))
        const vertices = new Map(graph.map((vertex) => [vertex.version, vertex]))
        for (const operation of operations) {
          const vertex = graph[operation.at % graph.length]
          if (vertex === undefined) continue
          const { version } = vertex
          done[operation.kind]++
          if (operation.kind === 'pay') {
            await onLedger(accountAt(6), 'pay', [version, token, operation.amount])
            accounts = pay(accounts, version, operation.amount)
          } else if (operation.kind === 'pull') {
            const places = vertex.edges.length + 1
            const place = operation.edge % places
            const index = place === vertex.edges.length ? feeIndex : place
            const expected = pullable(accounts, vertices, version, index)
            const { logs } = await onLedger(accountAt(7), 'pull', [token, [{ version, index: BigInt(index) }]])
            expect(amountOf(logs, 'RevenuePulled')).toBe(expected)
            accounts = pull(accounts, vertices, version, index)
          } else if (operation.kind === 'collect') {
            const collected = collectOwner(accounts, vertices, version)
            const { logs } = await onLedger(accountAt(7), 'collect', [token, [version]])
            expect(amountOf(logs, 'RevenueCollected')).toBe(collected.amount)
            accounts = collected.accounts
          } else if (operation.kind === 'contribution') {
            const index = operation.contributor % Math.max(1, vertex.contributions.length)
            const contribution = vertex.contributions[index]
            if (contribution === undefined) continue
            const collected = collectContributor(accounts, vertices, version, index)
            const { account, weight, path, proof } = contribution
            const part = {
              version,
              publisher: vertex.publisher,
              manifestDigest: vertex.manifestDigest,
              contributorRoot: vertex.root,
              account,
              weight,
              path,
              proof,
            }
            const { logs } = await onLedger(accountAt(7), 'collectContributions', [token, [part]])
            expect(amountOf(logs, 'RevenueCollected')).toBe(collected.amount)
            accounts = collected.accounts
          } else {
            const owner = await ownerOf(vertex.asset)
            const args = [owner, accountAt(operation.to), vertex.asset]
            await write(owner, {
              address: addresses.assetRegistry,
              abi: assetRegistryAbi,
              functionName: 'transferFrom',
              args,
            })
          }
        }
        for (const version of [...vertices.keys(), treasuryVersion]) {
          const args = [version, token] as const
          const stored = await chain.readContract({
            address: addresses.revenueLedger,
            abi: revenueLedgerAbi,
            functionName: 'accountOf',
            args,
          })
          const { sales, royalties, ownerCollected } = accountOf(accounts, version)
          expect(stored).toEqual([sales, royalties, ownerCollected])
        }
      }),
      { numRuns: graphs, endOnFailure: true },
    )
    expect(Math.min(...Object.values(done))).toBeGreaterThan(20)
    console.log(`ledger and core agree: ${graphs} graphs, ${published} versions, ${JSON.stringify(done)}`)
  }, 600_000)
})
