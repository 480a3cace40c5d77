import { testUsdAbi } from '@agorai/core'
import { type AgoraiClient, createAgoraiClient, getDevAccount, publishAsset, waitForReceipt } from '@agorai/sdk'
import { type Address, createTestClient, http, type LocalAccount, publicActions, walletActions } from 'viem'
import { foundry } from 'viem/chains'
import type { NodeConfig } from '../packages/node/src/config.js'
import { removeFolder, startTestNode } from '../packages/node/test/support.js'
import { waitForIndex } from '../scripts/demo.js'

/** A whole node with its chain, the accounts that trade on it, and a clock that tests may turn. */
export type Marketplace = Awaited<ReturnType<typeof startMarketplace>>

const secondsPerDay = 86_400

export async function startMarketplace(config: Partial<NodeConfig> = {}) {
  const node = await startTestNode(config)
  const [treasury, ada, boole, alpha, beta, gamma, byron, curie] = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7].map((index) => connect(getDevAccount(index, foundry.id))),
  )
  const roles = { treasury, ada, boole, alpha, beta, gamma, byron, curie } as Record<Role, AgoraiClient>
  const token = roles.ada.info.chain.addresses.testUsd ?? '0x'
  const chain = createTestClient({ chain: foundry, mode: 'anvil', transport: http(node.rpcUrl), cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions)

  function connect(account: LocalAccount): Promise<AgoraiClient> {
    return createAgoraiClient({ node: node.url, account })
  }

  return {
    node,
    chain,
    token,
    ...roles,
    connect,
    /** The same account over another way to fetch. */
    connectWith: (of: AgoraiClient, fetch: typeof globalThis.fetch): Promise<AgoraiClient> =>
      createAgoraiClient({ node: node.url, account: of.wallet?.account as LocalAccount, fetch }),
    async stop(): Promise<void> {
      await node.stop()
      await removeFolder(node.folder)
    },
    addressOf,
    async mint(to: AgoraiClient, amount: bigint): Promise<void> {
      const { wallet, publicClient } = roles.curie
      if (wallet === undefined) throw new Error('The client has no wallet.')
      const call = { address: token, abi: testUsdAbi, functionName: 'mint', args: [addressOf(to), amount] } as const
      const hash = await wallet.writeContract({ ...call, account: wallet.account, chain: publicClient.chain })
      await waitForReceipt(publicClient, hash)
    },
    balanceOf: (of: AgoraiClient | Address): Promise<bigint> =>
      chain.readContract({
        address: token,
        abi: testUsdAbi,
        functionName: 'balanceOf',
        args: [typeof of === 'string' ? of : addressOf(of)],
      }),
    /** What somebody pays a version directly, as a stranger might: a plain transfer. */
    async send(from: AgoraiClient, to: Address, amount: bigint): Promise<void> {
      if (from.wallet === undefined) throw new Error('The client has no wallet.')
      const call = { address: token, abi: testUsdAbi, functionName: 'transfer', args: [to, amount] } as const
      const hash = await from.wallet.writeContract({ ...call, account: from.wallet.account, chain: foundry })
      await waitForReceipt(from.publicClient, hash)
    },
    async passTime(seconds: number): Promise<void> {
      await chain.increaseTime({ seconds })
      await chain.mine({ blocks: 1 })
    },
    /** To the next day by the chain's clock, so that no test crosses midnight by chance. */
    async toNextDay(): Promise<void> {
      const { timestamp } = await chain.getBlock()
      await chain.setNextBlockTimestamp({ timestamp: (timestamp / BigInt(secondsPerDay) + 1n) * BigInt(secondsPerDay) })
      await chain.mine({ blocks: 1 })
    },
    settle: () => waitForIndex(roles.curie),
    statement,
    /** A live service: an asset without a content. */
    publishService: (client: AgoraiClient, more: Partial<Parameters<typeof publishAsset>[1]> = {}) =>
      publishAsset(client, { ...statement, ...more } as Parameters<typeof publishAsset>[1]),
  }
}

type Role = 'treasury' | 'ada' | 'boole' | 'alpha' | 'beta' | 'gamma' | 'byron' | 'curie'

const addressOf = ({ wallet }: AgoraiClient): Address => {
  if (wallet === undefined) throw new Error('The client has no wallet.')
  return wallet.account.address
}

export const statement = {
  kind: 'service',
  name: 'A service',
  description: 'Answers what it is asked.',
  tags: [],
  licence: { spdx: 'CC0-1.0', source: 'e2e/marketplace.ts', attribution: 'nobody' },
  provenance: { description: 'Made for a test.' },
  terms: { royaltyBps: 0 },
  contributors: { bps: 0, leaves: [] },
  metrics: [],
} satisfies Parameters<typeof publishAsset>[1]
