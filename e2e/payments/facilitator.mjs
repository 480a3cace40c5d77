/** x402's own facilitator over HTTP, in a process of its own: `node facilitator.mjs <rpc> <private key>`. For tests. */
import { createServer } from 'node:http'
import { x402Facilitator } from '@x402/core/facilitator'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/facilitator'
import { ExactEvmScheme } from '@x402/evm/exact/facilitator'
import { createWalletClient, http, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'

const [, , rpcUrl, privateKey] = process.argv
const account = privateKeyToAccount(privateKey)
const transport = http(rpcUrl)
const client = createWalletClient({ account, chain: foundry, transport, pollingInterval: 20 }).extend(publicActions)
const signer = toFacilitatorEvmSigner(Object.assign(client, { address: account.address }))
const facilitator = new x402Facilitator()
  .register('eip155:31337', new ExactEvmScheme(signer))
  .register('eip155:31337', new BatchSettlementEvmScheme(signer))

// It reads by Multicall3, which chains that others run have at this address; viem brings its code for those that do not.
const multicall3 = '0xcA11bde05977b3631167028862bE2a173976CA11'
const { multicall3Bytecode } = await import(new URL('constants/contracts.js', import.meta.resolve('viem')).href)
const { contractAddress } = await client.waitForTransactionReceipt({
  hash: await client.deployContract({ abi: [], bytecode: multicall3Bytecode }),
})
const code = await client.getCode({ address: contractAddress })
await client.request({ method: 'anvil_setCode', params: [multicall3, code] })

const server = createServer(async (incoming, outgoing) => {
  const parts = []
  for await (const part of incoming) parts.push(part)
  const { paymentPayload, paymentRequirements } = JSON.parse(Buffer.concat(parts).toString())
  const ask = incoming.url === '/verify' ? 'verify' : 'settle'
  const answer = await facilitator[ask](paymentPayload, paymentRequirements).catch((error) => ({
    error: String(error),
  }))
  outgoing.writeHead('error' in answer ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})
server.listen(0, '127.0.0.1', () => console.info(server.address().port))
// It ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume()
