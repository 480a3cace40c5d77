import {
  accessMarketAbi,
  assetRegistryAbi,
  type Contribution,
  type Deployment,
  devAccounts,
  revenueLedgerAbi,
  testUsdAbi,
} from '@agorai/core'
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

export const accounts = devAccounts.map(({ address }) => address)

export type Call = { from: Address; to: Address; data: Hex; value?: bigint }

/** What the contributors, or members, of a version need to prove their parts. */
export type Publication = {
  publisher: Address
  manifestDigest: Hex
  contributorRoot: Hex
  contributions: readonly Contribution[]
}

/** What `collectContributions` and `creditMembers` take. */
export type ContributionArguments = Omit<Publication, 'contributions'> & Contribution & { version: bigint }

export const connect = (rpcUrl: string) =>
  createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl), pollingInterval: 5, cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions)

/** The contracts on a chain, with what tests read of them and what they call. */
export type TestContracts = ReturnType<typeof createContracts>

export function createContracts(
  client: ReturnType<typeof connect>,
  deployment: Deployment,
  tokens: readonly [Address, Address],
) {
  const registry = { address: deployment.assetRegistry, abi: assetRegistryAbi } as const
  const ledger = { address: deployment.revenueLedger, abi: revenueLedgerAbi } as const
  const market = { address: deployment.accessMarket, abi: accessMarketAbi } as const
  const [token] = tokens
  /** By the commitment that the registry keeps. */
  const publications = new Map<Hex, Publication>()
  const call = (from: Address, to: Address, abi: Abi, functionName: string, args: readonly unknown[]): Call => ({
    from,
    to,
    data: encodeFunctionData({ abi, functionName, args }),
  })
  const read = {
    versionCount: () => client.readContract({ ...registry, functionName: 'versionCount' }),
    assetOf: (version: bigint) => client.readContract({ ...registry, functionName: 'assetOf', args: [version] }),
    ownerOf: (asset: bigint) => client.readContract({ ...registry, functionName: 'ownerOf', args: [asset] }),
    currentVersion: (asset: bigint) =>
      client.readContract({ ...registry, functionName: 'currentVersion', args: [asset] }),
    ratesOf: (version: bigint) => client.readContract({ ...registry, functionName: 'ratesOf', args: [version] }),
    termsOf: (version: bigint) => client.readContract({ ...registry, functionName: 'termsOf', args: [version] }),
    nonceOf: (publisher: Address) => client.readContract({ ...registry, functionName: 'nonceOf', args: [publisher] }),
    commitmentOf: (version: bigint) =>
      client.readContract({ ...registry, functionName: 'commitmentOf', args: [version] }),
    offerOf: (offer: bigint) => client.readContract({ ...market, functionName: 'offerOf', args: [offer] }),
    passOf: (offer: bigint, holder: Address) =>
      client.readContract({ ...market, functionName: 'passOf', args: [offer, holder] }),
    tillOf: (asset: bigint) => client.readContract({ ...ledger, functionName: 'tillOf', args: [asset] }),
    collectableOf: (version: bigint) =>
      client.readContract({ ...ledger, functionName: 'collectableOf', args: [version, token] }),
    contributionCollectableOf: (contribution: ContributionArguments) =>
      client.readContract({ ...ledger, functionName: 'contributionCollectableOf', args: [contribution, token] }),
    now: async () => (await client.getBlock()).timestamp,
  }
  return {
    client,
    deployment,
    token,
    tokens,
    /** Manifests by their digest, as a node's store would have them. */
    manifests: new Map<Hex, Uint8Array>(),
    publications,
    abis: { registry, ledger, market },
    read,
    registry: (from: Address, name: string, args: readonly unknown[]) =>
      call(from, deployment.assetRegistry, assetRegistryAbi, name, args),
    ledger: (from: Address, name: string, args: readonly unknown[]) =>
      call(from, deployment.revenueLedger, revenueLedgerAbi, name, args),
    market: (from: Address, name: string, args: readonly unknown[]) =>
      call(from, deployment.accessMarket, accessMarketAbi, name, args),
    onToken: (from: Address, name: string, args: readonly unknown[], address: Address = token) =>
      call(from, address, testUsdAbi, name, args),
    /** The proofs with which a version's contributors collect, or members are credited. */
    async contributionsOf(version: bigint): Promise<ContributionArguments[]> {
      const { contributions = [], ...known } = publications.get(await read.commitmentOf(version)) ?? {}
      return contributions.map((contribution) => ({ version, ...known, ...contribution }) as ContributionArguments)
    },
  }
}
