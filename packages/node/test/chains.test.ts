import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assetListSchema, type Deployment, devMnemonic, eventPageSchema } from '@agorai/core'
import { deployContracts } from '@agorai/sdk'
import { createTestClient, http, publicActions } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AnvilProcess, startAnvil } from '../src/adapters/chain/anvilProcess.js'
import { newFolder, problemOf, publish, removeFolder, sealAsset, startTestNode, type TestNode } from './support.js'

/** One node reads two chains besides its own: each has its own assets, its own blocks, and its own reorgs. */

type OtherChain = AnvilProcess & { id: number; deployment: Deployment }

/** Development keys are refused on any chain but the local one. */
const account = privateKeyToAccount(generatePrivateKey())
let others: OtherChain[] = []
let node: TestNode
let folder: string
beforeAll(async () => {
  folder = await newFolder()
  others = await Promise.all([41_338, 41_339].map(startOther))
  const files = await Promise.all(
    others.map(async ({ id, deployment }) => {
      const path = join(folder, `${id}.json`)
      await writeFile(path, JSON.stringify(deployment))
      return path
    }),
  )
  const otherChains = others.map(({ rpcUrl }, index) => ({ rpcUrl, deploymentFile: files[index] }))
  node = await startTestNode({ dataFolder: join(folder, 'node'), otherChains })
}, 240_000)
afterAll(async () => {
  await node?.stop()
  await Promise.all(others.map(({ kill }) => kill()))
  await removeFolder(folder)
})

async function startOther(id: number): Promise<OtherChain> {
  const anvil = await startAnvil({ chainId: id, mnemonic: devMnemonic })
  const { address } = account
  const client = createTestClient({ chain: foundry, mode: 'anvil', transport: http(anvil.rpcUrl) })
  await client.setBalance({ address, value: 10n ** 20n })
  const deployment = await deployContracts({ rpcUrl: anvil.rpcUrl, account, treasury: address, proposer: address })
  return { ...anvil, id, deployment }
}

const clientOf = ({ rpcUrl }: OtherChain) =>
  createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl) }).extend(publicActions)
const get = (path: string) => fetch(`${node.url}/api/v1/${path}`)
const assetsOf = async (id: number) => {
  const { assets } = assetListSchema.parse(await (await get(`assets?chain=eip155:${id}`)).json())
  return assets.map((asset) => asset.id)
}

test('each chain has its own index, and a reorg of one is none of another', { timeout: 240_000 }, async () => {
  const [first, second] = others as [OtherChain, OtherChain]
  const asset = await sealAsset(new TextEncoder().encode('anything'))
  const on = ({ rpcUrl, deployment }: OtherChain) =>
    ({ rpcUrl, info: { chain: { addresses: deployment } } }) as unknown as TestNode
  await publish(on(first), asset, { account })
  for (let count = 0; count < 2; count++) await publish(on(second), asset, { account })
  await expect.poll(() => assetsOf(first.id), { timeout: 60_000 }).toEqual(['1'])
  await expect.poll(() => assetsOf(second.id), { timeout: 60_000 }).toEqual(['2', '1'])
  expect(assetListSchema.parse(await (await get('assets')).json()).assets).toEqual([])

  const chains = (await (await get('chains')).json()) as Record<string, unknown>[]
  expect(chains.map(({ id, own }) => [id, own])).toEqual([
    ['eip155:31337', true],
    [`eip155:${first.id}`, false],
    [`eip155:${second.id}`, false],
  ])
  const registry = second.deployment.assetRegistry
  expect(chains[2]).toMatchObject({
    contracts: { assetRegistry: `eip155:${second.id}:${registry}` },
    assets: `eip155:${second.id}/erc721:${registry.toLowerCase()}/`,
  })

  const client = clientOf(first)
  await client.request({ method: 'anvil_rollback', params: [1] } as never)
  await client.mine({ blocks: 1 })
  await expect.poll(() => assetsOf(first.id), { timeout: 60_000 }).toEqual([])
  expect(await assetsOf(second.id)).toEqual(['2', '1'])
  const page = eventPageSchema.parse(
    await (await get(`events?chain=eip155:${second.id}&names=VersionPublished`)).json(),
  )
  expect(page.events.map(({ args }) => args.version)).toEqual(['1', '2'])
})

test('a chain that is not indexed is refused by its name', async () => {
  for (const path of ['assets', 'events', 'events/stream', 'assets/1', 'versions/1/lineage'])
    for (const chain of ['eip155:1', 'eip155:0', '1', "eip155:1' OR 1=1"])
      expect(await problemOf(await get(`${path}?chain=${encodeURIComponent(chain)}`))).toMatchObject({
        code: 'invalid_request',
        field: 'chain',
      })
})
