// The official middleware of x402 on Hono, unmodified, with its own store in memory and its own facilitator in process.
//   node officialServer.mjs <settings as JSON>   (from the folder in which its packages are installed)
import { serve } from '@hono/node-server'
import { x402Facilitator } from '@x402/core/facilitator'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme, InMemoryChannelStorage } from '@x402/evm/batch-settlement/server'
import { ExactEvmScheme as ExactFacilitator } from '@x402/evm/exact/facilitator'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { paymentMiddleware, x402ResourceServer } from '@x402/hono'
import { Hono } from 'hono'
import { createWalletClient, http, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'

const { wire, rpcUrl, key, token, payTo, amount, channels } = JSON.parse(process.argv[2])
const network = 'eip155:31337'
const account = privateKeyToAccount(key)
const price = { amount, asset: token.address, extra: { name: token.name, version: token.version } }

/** Verifies and settles `exact` on the local chain. */
function exactOnChain() {
  // As quick to look for a receipt as the chain is to mine it.
  const wallet = createWalletClient({ account, chain: foundry, transport: http(rpcUrl), pollingInterval: 10 })
  const client = wallet.extend(publicActions)
  const signer = toFacilitatorEvmSigner({
    address: account.address,
    getCode: (parameters) => client.getCode(parameters),
    readContract: (parameters) => client.readContract(parameters),
    verifyTypedData: (parameters) => client.verifyTypedData(parameters),
    writeContract: (parameters) => client.writeContract(parameters),
    sendTransaction: (parameters) => client.sendTransaction(parameters),
    waitForTransactionReceipt: (parameters) => client.waitForTransactionReceipt(parameters),
  })
  const facilitator = new x402Facilitator()
  facilitator.register(network, new ExactFacilitator(signer))
  const server = new x402ResourceServer({
    verify: (...parameters) => facilitator.verify(...parameters),
    settle: (...parameters) => facilitator.settle(...parameters),
    getSupported: async () => facilitator.getSupported(),
  })
  return server.register(network, new ExactEvmScheme())
}

/** Vouchers are verified locally, on channels that were deposited before; nothing that is asked goes to a chain. */
async function vouchersInMemory() {
  const storage = new InMemoryChannelStorage()
  for (const channel of channels)
    await storage.updateChannel(channel.channelId, () => ({
      ...channel,
      onchainSyncedAt: Date.now(),
      lastRequestTimestamp: Date.now(),
    }))
  const nothing = async () => {
    throw new Error('A voucher needs no facilitator.')
  }
  const kind = { x402Version: 2, scheme: 'batch-settlement', network, extra: { receiverAuthorizer: payTo } }
  const getSupported = async () => ({ kinds: [kind], extensions: [], signers: {} })
  const server = new x402ResourceServer({ verify: nothing, settle: nothing, getSupported })
  return server.register(network, new BatchSettlementEvmScheme(payTo, { storage }))
}

const server = wire === 'exact' ? exactOnChain() : await vouchersInMemory()
const accepts = { scheme: wire, price, network, payTo, maxTimeoutSeconds: 300 }
const app = new Hono()
app.use(paymentMiddleware({ 'POST /paid': { accepts, description: 'A call' } }, server))
app.post('/paid', async (context) => {
  await context.req.arrayBuffer()
  return context.json({ ok: true, result: 'hello', model: 'tiny', tokens: 12 })
})
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log(JSON.stringify({ port })))
process.stdin.once('end', () => process.exit(0)).resume()
