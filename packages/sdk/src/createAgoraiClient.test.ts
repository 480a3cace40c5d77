import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deployments, devAccounts, type NodeInfo } from '@agorai/core'
import { createWalletClient, custom } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, test } from 'vitest'
import { getDevAccount } from './accounts/getDevAccount.js'
import { createAgoraiClient } from './createAgoraiClient.js'
import { walletOf } from './createChainClient.js'

let server: Server | undefined
afterEach(() => {
  server?.close()
})

const address = '0x00000000000000000000000000000000000000aa'
const nowhere = {
  governor: address,
  assetRegistry: address,
  revenueLedger: address,
  accessMarket: address,
  contentProofs: address,
  operatorReceivers: address,
} as const
const known = deployments[31_337] ?? nowhere
const infoOf = (id: number): NodeInfo => ({
  version: '0.1.0',
  chain: {
    id,
    local: id === 31_337,
    rpc: id === 31_337 ? '/rpc' : 'https://rpc.example/',
    addresses: known,
    confirmedBlock: 1,
    indexedBlock: 1,
  },
  operator: { address, encryptionKey: `0x${'11'.repeat(32)}`, depositMin: '0' },
})

async function serve(body: unknown): Promise<string> {
  const listening = createServer((request, response) => {
    response.writeHead(request.url === '/base/api/v1/node' ? 200 : 404).end(JSON.stringify(body))
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/base`
}

test('reads the node under its base URL, and reaches the chain by a path or by its own URL', async () => {
  const node = await serve(infoOf(31_337))
  const client = await createAgoraiClient({ node })
  expect(client.publicClient.chain.rpcUrls.default.http[0]).toBe(new URL('/rpc', node).href)
  expect(() => walletOf(client)).toThrowError(expect.objectContaining({ field: 'account' }))
  server?.close()
  const remote = await createAgoraiClient({ node: await serve(infoOf(10)), deployment: known })
  expect(remote.publicClient.chain.rpcUrls.default.http[0]).toBe('https://rpc.example/')
  const rpcUrl = 'https://own.example/'
  const own = await createAgoraiClient({ node: remote.node, deployment: known, rpcUrl })
  expect(own.publicClient.chain.rpcUrls.default.http[0]).toBe(rpcUrl)
})

test('contracts that only the node knows are not trusted with money', async () => {
  const unknown = await serve(infoOf(10))
  await expect(createAgoraiClient({ node: unknown })).rejects.toMatchObject({ code: 'deployment_unknown' })
  server?.close()
  const info = infoOf(31_337)
  const addresses = { ...known, revenueLedger: address } as const
  const node = await serve({ ...info, chain: { ...info.chain, addresses } })
  await expect(createAgoraiClient({ node })).rejects.toMatchObject({
    code: 'deployment_unknown',
    field: 'deployment.revenueLedger',
  })
})

test('a development account is refused on every chain but the local one, in whatever wallet it is', async () => {
  const account = getDevAccount(6, 31_337)
  expect(account.address).toBe(devAccounts[6]?.address)
  expect(walletOf(await createAgoraiClient({ node: await serve(infoOf(31_337)), account })).account).toBe(account)
  server?.close()
  const node = await serve(infoOf(10))
  await expect(createAgoraiClient({ node, account, deployment: known })).rejects.toMatchObject({
    code: 'chain_not_local',
  })
  const transport = custom({ request: async () => undefined })
  await expect(
    createAgoraiClient({
      node,
      walletClient: createWalletClient({ account: account.address, transport }),
      deployment: known,
    }),
  ).rejects.toMatchObject({ code: 'chain_not_local' })
  const own = privateKeyToAccount(`0x${'77'.repeat(32)}`)
  expect(walletOf(await createAgoraiClient({ node, account: own, deployment: known })).account.address).toBe(
    own.address,
  )
  await expect(
    createAgoraiClient({ node, walletClient: createWalletClient({ transport }), deployment: known }),
  ).rejects.toMatchObject({
    code: 'invalid_request',
    field: 'walletClient',
  })
})

test('a node that answers something else is not believed', async () => {
  const node = await serve({ ...infoOf(31_337), extra: 1 })
  await expect(createAgoraiClient({ node })).rejects.toMatchObject({ code: 'internal' })
})
