import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assetRegistryAbi, type Deployment } from '@agorai/core'
import { type Address, createPublicClient, encodeErrorResult, http } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { assertEntitled } from './entitlement.js'

let server: Server | undefined
afterEach(() => {
  server?.close()
})

/** A chain that answers every call in the same way. */
async function chainThatSays(answer: object) {
  const listening = createServer((incoming, outgoing) => {
    let text = ''
    incoming.on('data', (data: Buffer) => {
      text += data.toString()
    })
    incoming.on('end', () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string }
      const said = method === 'eth_blockNumber' ? { result: '0x5' } : answer
      outgoing.setHeader('connection', 'close').end(JSON.stringify({ jsonrpc: '2.0', id, ...said }))
    })
  }).listen(0, '127.0.0.1')
  server = listening
  await new Promise((resolve) => listening.once('listening', resolve))
  const rpcUrl = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
  const publicClient = createPublicClient({ transport: http(rpcUrl, { retryCount: 0 }) })
  return { id: 1, local: false, rpcUrl, publicClient, confirmedBlockNumber: async () => 5n, stop: async () => {} }
}

const place: Address = `0x${'11'.repeat(20)}`
const addresses: Deployment = {
  governor: place,
  assetRegistry: place,
  revenueLedger: place,
  accessMarket: place,
  contentProofs: place,
  operatorReceivers: place,
}
const unknown = encodeErrorResult({ abi: assetRegistryAbi, errorName: 'AssetRegistry_VersionUnknown', args: [7n] })

test.each([
  ['the registry that knows no such version', { error: { code: 3, message: 'reverted', data: unknown } }, 'not_found'],
  ['no contract at that block', { result: '0x' }, 'not_found'],
  ['an internal error', { error: { code: -32_603, message: 'internal error' } }, 'chain_unavailable'],
  ['a limit', { error: { code: -32_005, message: 'limit exceeded' } }, 'chain_unavailable'],
  ['a block that it lost', { error: { code: -32_000, message: 'header not found' } }, 'chain_unavailable'],
  ['another revert', { error: { code: 3, message: 'reverted', data: '0x12345678' } }, 'chain_unavailable'],
])('%s', async (_, answer, code) => {
  const chain = await chainThatSays(answer)
  for (const offer of [undefined, 1n])
    await expect(assertEntitled(chain, addresses, { version: 7n, holder: place, offer })).rejects.toMatchObject({
      code,
    })
})
