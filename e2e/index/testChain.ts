import {
  accessMarketAbi,
  assetRegistryAbi,
  contributorLeavesOf,
  createContributorTree,
  type Deployment,
  devAccounts,
  devMnemonic,
  encodeManifest,
  feeIndex,
  manifestDigest,
  offerIdOf,
  publicationCommitment,
  revenueLedgerAbi,
  testUsdAbi,
} from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import {
  type Abi,
  type Address,
  createTestClient,
  encodeFunctionData,
  type Hex,
  http,
  publicActions,
  walletActions,
} from 'viem'
import { foundry } from 'viem/chains'
import { startAnvil } from '../../packages/node/src/adapters/chain/anvilProcess.js'
import { testManifest } from '../../packages/node/src/queries/testManifest.js'
import type { Random } from './random.js'

export const accounts = devAccounts.map(({ address }) => address)
const [treasury = '0x'] = accounts

/** A chain with the contracts, on which money is minted and approved; blocks are mined when the test says so. */
export type TestChain = Awaited<ReturnType<typeof startTestChain>>

type Call = { from: Address; to: Address; data: Hex }

const connect = (rpcUrl: string) =>
  createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl), pollingInterval: 5, cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions)

/** What the contributors of a version need to collect. */
type Publication = {
  publisher: Address
  manifestDigest: Hex
  contributorRoot: Hex
  contributions: ReturnType<typeof createContributorTree>['contributions']
}

export async function startTestChain() {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const deployer = getDevAccount(0, foundry.id)
  const { rpcUrl } = anvil
  const deployment = await deployContracts({ rpcUrl, account: deployer, treasury, proposer: treasury })
  const client = connect(anvil.rpcUrl)
  const token = tokenOf(deployment)
  /** By the commitment that the registry keeps. */
  const publications = new Map<Hex, Publication>()
  /** Manifests by their digest, as a node's store would have them. */
  const manifests = new Map<Hex, Uint8Array>()

  const call = (from: Address, to: Address, abi: Abi, functionName: string, args: readonly unknown[]): Call => ({
    from,
    to,
    data: encodeFunctionData({ abi, functionName, args }),
  })
  const registry = (from: Address, name: string, args: readonly unknown[]) =>
    call(from, deployment.assetRegistry, assetRegistryAbi, name, args)
  const ledger = (from: Address, name: string, args: readonly unknown[]) =>
    call(from, deployment.revenueLedger, revenueLedgerAbi, name, args)
  const market = (from: Address, name: string, args: readonly unknown[]) =>
    call(from, deployment.accessMarket, accessMarketAbi, name, args)
  const onToken = (from: Address, name: string, args: readonly unknown[]) => call(from, token, testUsdAbi, name, args)

  /** Mines one block with these calls in it. Some may revert: a chain has such transactions, too. */
  async function mineBlock(calls: readonly Call[]): Promise<void> {
    for (const { from, to, data } of calls)
      await client.sendTransaction({ account: from, chain: foundry, to, data, gas: 1_000_000n })
    await client.mine({ blocks: 1 })
  }

  await client.setAutomine(false)
  await mineBlock(
    accounts.flatMap((account) => [
      onToken(account, 'mint', [account, 10n ** 24n]),
      onToken(account, 'approve', [deployment.revenueLedger, 2n ** 256n - 1n]),
    ]),
  )

  const firstFreeBlock = Number(await client.getBlockNumber())

  const readRegistry = { address: deployment.assetRegistry, abi: assetRegistryAbi }
  const readLedger = { address: deployment.revenueLedger, abi: revenueLedgerAbi }
  const readMarket = { address: deployment.accessMarket, abi: accessMarketAbi }
  const read = {
    versionCount: () => client.readContract({ ...readRegistry, functionName: 'versionCount' }),
    assetOf: (version: bigint) => client.readContract({ ...readRegistry, functionName: 'assetOf', args: [version] }),
    ownerOf: (asset: bigint) => client.readContract({ ...readRegistry, functionName: 'ownerOf', args: [asset] }),
    currentVersion: (asset: bigint) =>
      client.readContract({ ...readRegistry, functionName: 'currentVersion', args: [asset] }),
    edgesOf: (version: bigint) => client.readContract({ ...readRegistry, functionName: 'edgesOf', args: [version] }),
    offerOf: (offer: bigint) => client.readContract({ ...readMarket, functionName: 'offerOf', args: [offer] }),
    tillOf: (asset: bigint) => client.readContract({ ...readLedger, functionName: 'tillOf', args: [asset] }),
    collectableOf: (version: bigint) =>
      client.readContract({ ...readLedger, functionName: 'collectableOf', args: [version, token] }),
    contributionCollectableOf: (contribution: ContributionArguments) =>
      client.readContract({ ...readLedger, functionName: 'contributionCollectableOf', args: [contribution, token] }),
  }

  /** The proofs with which a version's contributors collect. */
  async function contributionsOf(version: bigint): Promise<ContributionArguments[]> {
    const commitment = await client.readContract({ ...readRegistry, functionName: 'commitmentOf', args: [version] })
    const { contributions = [], ...known } = publications.get(commitment) ?? {}
    return contributions.map((contribution) => ({ version, ...known, ...contribution }) as ContributionArguments)
  }

  function publication(random: Random, publisher: Address, count: bigint) {
    const leaves = Array.from({ length: random.below(4) }, (_, index) => ({
      account: random.pick(accounts),
      weight: `${1 + random.below(5_000)}`,
      label: `Contributor ${index}`,
    }))
    const contributorBps = leaves.length === 0 ? 0 : random.below(10_000)
    const manifest = testManifest({ name: `Asset ${manifests.size}`, contributorBps, leaves })
    const bytes = encodeManifest(manifest)
    const digest = manifestDigest(bytes)
    const { root, contributions } = createContributorTree(contributorLeavesOf(manifest))
    // Now and then there is no manifest for a digest.
    if (!random.chance(0.1)) manifests.set(digest, bytes)
    publications.set(publicationCommitment(publisher, digest, root), {
      publisher,
      manifestDigest: digest,
      contributorRoot: root,
      contributions,
    })
    const parents = new Set(Array.from({ length: random.below(3) }, () => 1n + random.belowBig(count)))
    return {
      manifestDigest: digest,
      parents: count === 0n ? [] : [...parents].sort((left, right) => (left < right ? -1 : 1)),
      royaltyBps: random.below(800),
      contributors: { root, bps: contributorBps },
    }
  }

  /** One call of any kind, most of which succeed. */
  async function randomCall(random: Random): Promise<Call> {
    const someone = random.pick(accounts)
    const count = await read.versionCount()
    if (count === 0n || random.chance(0.2))
      return registry(someone, 'publish', [1 + random.below(2), publication(random, someone, count)])
    const version = 1n + random.belowBig(count)
    const asset = await read.assetOf(version)
    const owner = await read.ownerOf(asset)
    const offer = offerIdOf(asset, random.below(3))
    const amount = 1n + random.belowBig(10_000_000n)
    const edges = await read.edgesOf(version)
    const kinds: (() => Call)[] = [
      () => registry(owner, 'publishVersion', [asset, publication(random, owner, count)]),
      () => registry(owner, 'transferFrom', [owner, someone, asset]),
      () => registry(owner, 'approve', [someone, asset]),
      () =>
        market(owner, 'listOffer', [asset, random.below(3), token, random.chance(0.2) ? 0n : amount, random.below(6)]),
      () => market(owner, 'closeOffer', [offer]),
      () => ledger(someone, 'pay', [version, token, amount]),
      () => ledger(someone, 'pull', [token, [...edges.keys(), feeIndex].map((index) => ({ version, index }))]),
      () => ledger(someone, 'collect', [token, [version, 0n]]),
      () => onToken(treasury, 'transfer', [random.pick(accounts), 1n]),
      () => ledger(treasury, 'setTokenAllowed', [token, true]),
      () => ledger(someone, 'sweep', [asset, token]),
    ]
    if (random.chance(0.15)) {
      const contributions = await contributionsOf(version)
      if (contributions.length > 0) return ledger(someone, 'collectContributions', [token, contributions])
    }
    if (random.chance(0.2)) return onToken(someone, 'transfer', [await read.tillOf(asset), amount])
    if (random.chance(0.2)) {
      const current = await read.currentVersion(asset)
      return market(someone, 'buy', [{ offerId: offer, version: current, amountMax: 10n ** 20n, nonce: 0 }])
    }
    return random.pick(kinds)()
  }

  return {
    ...anvil,
    client,
    deployment,
    token,
    manifests,
    contributionsOf,
    anyone: treasury,
    /** Contracts and money are in the blocks up to here, which no test takes back. */
    firstFreeBlock,
    read,
    ledger,
    mineBlock,
    randomCall,
    headNumber: () => client.getBlockNumber(),
    /** Mines blocks without transactions. */
    mineEmpty: (blocks: number) => client.mine({ blocks }),
    /** Mines blocks with up to `callsMax` random calls each. */
    async mineRandom(random: Random, blocks: number, callsMax: number): Promise<void> {
      for (let block = 0; block < blocks; block++) {
        const calls: Call[] = []
        for (let i = random.below(callsMax + 1); i > 0; i--) calls.push(await randomCall(random))
        await mineBlock(calls)
      }
    },
    /** Replaces the last `depth` blocks by as many others, one of which has one of the calls again. */
    async reorg(depth: number, calls: readonly (readonly [Call, number])[]): Promise<void> {
      await client.request({ method: 'anvil_reorg', params: [depth, calls] } as never)
    },
    /** Takes the last `depth` blocks away. */
    async rollback(depth: number): Promise<void> {
      await client.request({ method: 'anvil_rollback', params: [depth] } as never)
    },
  }
}

type ContributionArguments = Omit<Publication, 'contributions'> & {
  version: bigint
  account: Address
  weight: bigint
  start: bigint
  path: bigint
  proof: readonly Hex[]
}

function tokenOf({ testUsd }: Deployment): Address {
  if (testUsd === undefined) throw new Error('There is no token on this chain.')
  return testUsd
}
