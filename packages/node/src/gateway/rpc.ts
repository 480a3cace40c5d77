import { AgoraiError } from '@agorai/core'
import { z } from 'zod'
import type { Chain } from '../ports/chain.js'
import { type Route, route } from './http/route.js'

/** Reading, and sending what is already signed. Nothing here signs, mines or changes the chain otherwise. */
const methods: ReadonlySet<string> = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_createAccessList',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockReceipts',
  'eth_getBlockTransactionCountByHash',
  'eth_getBlockTransactionCountByNumber',
  'eth_getCode',
  'eth_getLogs',
  'eth_getProof',
  'eth_getStorageAt',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'eth_sendRawTransaction',
  'eth_syncing',
  'net_version',
  'web3_clientVersion',
])

const callSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.number(), z.string().max(100), z.null()]),
  method: z.string().max(100),
  params: z.array(z.unknown()).max(16).optional(),
})
type Call = z.infer<typeof callSchema>

const callsMax = 100
const bodyBytesMax = 1024 * 1024
const timeoutMs = 30_000
const answerBytesMax = 32 * 1024 * 1024

/** JSON-RPC of the local chain, which itself listens for this machine only. */
export function rpcRoutes(chain: Chain): Route[] {
  return [
    route({
      method: 'post',
      path: '/rpc',
      summary: 'JSON-RPC of the local chain: reading, and sending signed transactions.',
      body: z.union([callSchema, z.array(callSchema).min(1).max(callsMax)]),
      bodyBytesMax,
      rawResponse: 'application/json',
      errors: ['not_found', 'chain_unavailable', 'payload_too_large', 'unsupported_media_type'],
      async handle({ body }) {
        if (!chain.local) throw new AgoraiError('not_found', 'This node does not stand on a local chain.')
        const calls = Array.isArray(body) ? body : [body]
        const allowed = calls.filter(({ method }) => methods.has(method))
        const answers = [
          ...(await forward(chain.rpcUrl, allowed)),
          ...calls.filter((call) => !allowed.includes(call)).map(refusal),
        ]
        return Response.json(Array.isArray(body) ? answers : answers[0])
      },
    }),
  ]
}

async function forward(rpcUrl: string, calls: readonly Call[]): Promise<unknown[]> {
  if (calls.length === 0) return []
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(calls),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const answers: unknown = JSON.parse(await readText(response))
    if (Array.isArray(answers)) return answers
  } catch (cause) {
    throw new AgoraiError('chain_unavailable', 'The local chain does not answer.', { cause })
  }
  throw new AgoraiError('chain_unavailable', 'The local chain gave no answer to these calls.')
}

/** One call may ask for more logs than this process has memory. */
async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > answerBytesMax) throw new RangeError(`The answer has more than ${answerBytesMax} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const refusal = ({ id }: Call) => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32_601, message: 'This method is not served here.' },
})
