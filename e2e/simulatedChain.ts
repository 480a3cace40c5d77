import { devMnemonic, fromRevert } from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import {
  type Abi,
  type Address,
  createTestClient,
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  http,
  numberToHex,
  publicActions,
  walletActions,
} from 'viem'
import { foundry } from 'viem/chains'
import { type AnvilProcess, startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'

/**
 * A local chain with the real contracts, on which thousands of histories start from the same state: a history is one
 * `eth_simulateV1` request, which the chain's EVM executes call after call and block after block, and then forgets.
 */
export type Call = { from: Address; to: Address; data: Hex }
export type Block = { time?: bigint; calls: readonly Call[] }
export type Outcome = {
  returnData: Hex
  status: '0x1' | '0x0'
  logs: { address: Address; topics: [Hex, ...Hex[]]; data: Hex }[]
  error?: { message: string; data?: Hex }
}

const gasOfCall = numberToHex(12_000_000)
const gasOfBlock = numberToHex(2n ** 48n)

export type SimulatedChain = Awaited<ReturnType<typeof startSimulatedChain>>

/** Development account 0 has every role. */
export async function startSimulatedChain() {
  const anvil: AnvilProcess = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const account = getDevAccount(0, foundry.id)
  const { address } = account
  const addresses = await deployContracts({ rpcUrl: anvil.rpcUrl, account, treasury: address, proposer: address })
  const chain = createTestClient({ chain: foundry, mode: 'anvil', transport: http(anvil.rpcUrl, { timeout: 60_000 }) })
    .extend(publicActions)
    .extend(walletActions)
  return {
    addresses,
    chain,
    kill: () => anvil.kill(),
    /** Outcomes of all calls, block by block in one list. */
    async simulate(blocks: readonly Block[]): Promise<Outcome[]> {
      const blockStateCalls = blocks.map(({ time, calls }) => ({
        blockOverrides: { gasLimit: gasOfBlock, ...(time === undefined ? {} : { time: numberToHex(time) }) },
        calls: calls.map((call) => ({ ...call, gas: gasOfCall })),
      }))
      const results = (await chain.request({
        method: 'eth_simulateV1',
        params: [{ blockStateCalls, validation: false }, 'latest'],
      } as never)) as { calls: Outcome[] }[]
      return results.flatMap(({ calls }) => calls)
    },
  }
}

/** Encodes calls of one function and decodes its answers, without searching the whole ABI each time. */
export function functionOf(abi: Abi, name: string, to: Address) {
  const item = abi.filter((entry) => entry.type === 'function' && entry.name === name)
  return {
    call: (from: Address, ...args: readonly unknown[]): Call => ({
      from,
      to,
      data: encodeFunctionData({ abi: item, functionName: name, args }),
    }),
    result: ({ returnData }: Outcome): unknown =>
      decodeFunctionResult({ abi: item, functionName: name, data: returnData }),
  }
}

/** The code that core gives to what a call was refused with; undefined when it was not. */
export function refusalOf({ status, returnData, error }: Outcome, abi: Abi): string | undefined {
  if (status === '0x1') return undefined
  const data = returnData === '0x' ? (error?.data ?? '0x') : returnData
  if (data === '0x') return error?.message ?? 'without a reason'
  const { errorName, args = [] } = decodeErrorResult({ abi, data })
  const { code } = fromRevert(errorName, args)
  return code === 'transaction_reverted' ? errorName : code
}

/** Events of the named kinds, as `Name{…values}` in the order of their declaration. */
export function eventsOf({ logs }: Outcome, abi: Abi, names: ReadonlySet<string>): string[] {
  return logs.flatMap(({ topics, data }) => {
    const event = decodeEventLog({ abi, topics, data, strict: false })
    if (event.eventName === undefined || !names.has(event.eventName)) return []
    return [eventText(event.eventName, (event.args ?? {}) as Record<string, unknown>)]
  })
}

/** Names sorted, addresses and hex in lower case, so that equal events are equal texts. */
export function eventText(name: string, args: Record<string, unknown>): string {
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return `${value}`
    if (typeof value === 'number') return `${value}`
    if (typeof value === 'string') return value.toLowerCase()
    if (Array.isArray(value)) return value.map(plain)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, plain(item)]),
    )
  }
  return `${name}${JSON.stringify(plain(args))}`
}
