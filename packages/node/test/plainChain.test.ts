import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { batchSettlementAddress, deployments, depositCollectorAddress, devMnemonic } from '@agorai/core'
import { publishTextModel, publishTextService } from '@agorai/examples/language/publish'
import { callModel, createAgoraiClient, fundAccount, serveAsset } from '@agorai/sdk'
import { createPublicClient, http } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AnvilProcess, startAnvil } from '../src/adapters/chain/anvilProcess.js'
import { openRpcChain } from '../src/adapters/chain/rpcChain.js'
import { findContracts } from '../src/compose/chain.js'
import { startNode } from '../src/main.js'
import { configFor, newFolder, removeFolder, seller, stranger } from './support.js'

/** A local chain of another program than Anvil: it knows none of Anvil's own methods. */

let anvil: AnvilProcess
let plain: Server
let folder: string
beforeAll(async () => {
  anvil = await startAnvil({ chainId: 31_337, mnemonic: devMnemonic })
  folder = await newFolder()
  plain = createServer(async (request, response) => {
    const body = new Uint8Array(await buffer(request))
    const { id, method = '' } = JSON.parse(Buffer.from(body).toString()) as { id?: number; method?: string }
    // Gateways read in batches, which have no method of Anvil's.
    response.setHeader('content-type', 'application/json')
    if (method.startsWith('anvil_')) {
      const error = { code: -32_601, message: `the method ${method} does not exist/is not available` }
      response.end(JSON.stringify({ jsonrpc: '2.0', id, error }))
      return
    }
    const headers = { 'content-type': 'application/json' }
    response.end(await (await fetch(anvil.rpcUrl, { method: 'POST', headers, body })).text())
  })
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
}, 60_000)
afterAll(async () => {
  plain?.close()
  await anvil?.kill()
  await removeFolder(folder)
})

const rpcUrl = () => `http://127.0.0.1:${(plain.address() as AddressInfo).port}`

test('a local chain that takes no code sells calls by exact transfers, and says so once', {
  timeout: 180_000,
}, async () => {
  const said: string[] = []
  const warnings: string[] = []
  const node = await startNode(
    { ...configFor(folder), rpcUrl: rpcUrl() },
    { onProgress: (message) => said.push(message), onWarning: (message) => warnings.push(message) },
  )
  try {
    const client = await createAgoraiClient({ node: node.url, account: seller })
    const token = deployments[31_337]?.testUsd as `0x${string}`
    const model = await publishTextModel(client, { token })
    const { asset: service } = await publishTextService(client, { token, model: model.asset })
    await expect.poll(() => serveAsset(client, { asset: service }).then(() => 'served', String)).toBe('served')
    const caller = await createAgoraiClient({ node: node.url, account: stranger })
    await fundAccount(caller)
    const paid = await callModel(caller, { service, api: 'completions', body: { prompt: 'The', max_tokens: 2 } })
    expect(paid).toMatchObject({ paidBy: 'exact', transaction: expect.stringMatching(/^0x/) })
    expect(said.filter((message) => message.includes('no payment channels'))).toHaveLength(1)
    expect(warnings).toEqual([])
  } finally {
    await node.stop()
  }
})

test('x402’s own contracts are used where the chain has them', { timeout: 60_000 }, async () => {
  const chain = await openRpcChain({ rpcUrl: rpcUrl(), confirmations: 0 })
  const said: string[] = []
  const without = await findContracts(chain, folder, (message) => said.push(message))
  expect([without.batchSettlement, without.depositCollector, said.length]).toEqual([undefined, undefined, 1])
  const own = createPublicClient({ transport: http(anvil.rpcUrl) })
  for (const address of [batchSettlementAddress, depositCollectorAddress])
    await own.request({ method: 'anvil_setCode', params: [address, '0x00'] } as never)
  expect(await findContracts(chain, folder, (message) => said.push(message))).toEqual(deployments[31_337])
  expect(said).toHaveLength(1)
})
