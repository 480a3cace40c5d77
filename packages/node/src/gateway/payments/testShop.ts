import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Deployment, devMnemonic, type Serving, servingSchema, testUsdAbi } from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import { type Address, createPublicClient, createWalletClient, type Hex, http, type PublicClient } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { startAnvil } from '../../adapters/chain/anvilProcess.js'
import { createOperatorSender } from '../../adapters/chain/operatorSender.js'
import { openRpcChain } from '../../adapters/chain/rpcChain.js'
import { openFileJournal } from '../../adapters/journal/fileJournal.js'
import type { Chain } from '../../ports/chain.js'
import type { Facilitator } from '../../ports/facilitator.js'
import type { Journal } from '../../ports/journal.js'
import type { CallAnswer, ServedService } from '../calls/cashier.js'
import { problemResponse } from '../http/problems.js'
import { serveHttp } from '../http/serveHttp.js'
import { rebuildMemory } from '../memory.js'
import { createBuiltInFacilitator } from './builtInFacilitator.js'
import { createCashier } from './createCashier.js'
import { openPayments } from './openPayments.js'

type SetBalance = { Method: 'anvil_setBalance'; Parameters: [Address, Hex]; ReturnType: null }
type SetCode = { Method: 'anvil_setCode'; Parameters: [Address, Hex]; ReturnType: null }
const etherOfTests: Hex = '0x56bc75e2d63100000'

const waitForReceipt = (client: PublicClient, hash: Hex) =>
  client.waitForTransactionReceipt({ hash, pollingInterval: 5 })

/** A real chain with the contracts, the channels among them, and accounts with money. For tests. */
export async function startPaymentChain() {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const account = getDevAccount(0, foundry.id)
  const { address } = account
  const deployment = await deployContracts({ rpcUrl: anvil.rpcUrl, account, treasury: address, proposer: address })
  const chain = await openRpcChain({ rpcUrl: anvil.rpcUrl, confirmations: 0 })
  const { publicClient } = chain
  const setBalance = (owner: Address) =>
    publicClient.request<SetBalance>({ method: 'anvil_setBalance', params: [owner, etherOfTests] })
  const token = deployment.testUsd as Address
  const wallet = createWalletClient({ account, chain: foundry, transport: http(anvil.rpcUrl) })
  const balanceOf = (owner: Address) =>
    publicClient.readContract({ address: token, abi: testUsdAbi, functionName: 'balanceOf', args: [owner] })
  return {
    ...anvil,
    deployment,
    chain,
    setBalance,
    setCode: (owner: Address, code: Hex) =>
      publicClient.request<SetCode>({ method: 'anvil_setCode', params: [owner, code] }),
    /** Waits until a transaction is mined. */
    mined: (hash: Hex) => waitForReceipt(publicClient, hash),
    token,
    balanceOf,
    /** A new account with so much of the token, and ether for gas. */
    async createPayer(amount = 1_000_000_000n) {
      const payer = privateKeyToAccount(generatePrivateKey())
      const mint = { address: token, abi: testUsdAbi, functionName: 'mint', args: [payer.address, amount] } as const
      await waitForReceipt(publicClient, await wallet.writeContract(mint))
      await setBalance(payer.address)
      return payer
    },
  }
}

export type PaymentChain = Awaited<ReturnType<typeof startPaymentChain>>

export type StartShopOptions = {
  operator?: ReturnType<typeof privateKeyToAccount>
  /** Where several gateways write; else each shop has a file of its own. */
  journal?: Journal
  facilitator?: Facilitator
  chain?: Chain
  exposureMax?: bigint
  deniableMax?: bigint
  depositMin?: bigint
  withdrawDelay?: number
  work?(body: Uint8Array): Promise<CallAnswer>
}

const shopWithdrawDelay = 900
/** What a call of the shop costs at most, unless its header `rows-max` says otherwise; what it does cost is the length of the body, or that if it is more. */
const shopPriceMax = 1_000

/** A gateway that sells one service by every wire, over HTTP, without the rest of a node. For tests. */
export async function startShop(place: PaymentChain, options: StartShopOptions = {}) {
  const operator = options.operator ?? privateKeyToAccount(generatePrivateKey())
  await place.setBalance(operator.address)
  const chain = options.chain ?? place.chain
  const folder = await mkdtemp(join(tmpdir(), 'agorai-shop-'))
  const path = join(folder, 'journal.log')
  const service = serviceOf(place.deployment, place.token)
  const calls: string[] = []

  async function work(body: Uint8Array): Promise<CallAnswer> {
    const text = Buffer.from(body).toString()
    calls.push(text)
    const headers = { 'content-type': 'text/plain' }
    return { kind: 'whole', status: 200, headers, body: Buffer.from(`echo ${text}`), usage: { row: body.length } }
  }

  async function open(port: number) {
    const journal = options.journal ?? (await openFileJournal(path))
    const memory = await rebuildMemory(journal)
    const { publicClient } = chain
    const sender = createOperatorSender({ publicClient, account: operator, chainId: chain.id, local: true })
    const facilitator = options.facilitator ?? createBuiltInFacilitator({ sender, settleTimeoutMs: 20_000 })
    const payments = await openPayments({
      chain,
      addresses: place.deployment,
      keys: { account: operator, encryption: { publicKey: '0x', privateKey: new Uint8Array() } },
      memory,
      sender,
      facilitator,
      settings: {
        withdrawDelay: options.withdrawDelay ?? shopWithdrawDelay,
        exposureMax: options.exposureMax ?? 10_000_000n,
        deniableMax: options.deniableMax ?? 10_000_000n,
        depositMin: options.depositMin ?? 0n,
      },
    })
    const cashier = createCashier({ payments, sessions: undefined })
    const report = (error: unknown) => process.stderr.write(`${String(error)}\n`)
    const server = await serveHttp({
      host: '127.0.0.1',
      port,
      async fetch(request, client) {
        try {
          if (request.method === 'GET') return await cashier.offer(request, service)
          const body = new Uint8Array(await request.arrayBuffer())
          const call = {
            request,
            body,
            service,
            usageMax: { row: Number(request.headers.get('rows-max') ?? shopPriceMax) },
            streams: false,
            client,
          }
          return await cashier.sell(call, () => (options.work ?? work)(body))
        } catch (error) {
          return problemResponse(error, 'test', report)
        }
      },
      refuse: (error) => problemResponse(error, 'test', report),
    })
    return { journal, memory, payments, server }
  }

  let opened = await open(0)
  const { port } = opened.server
  async function shut(): Promise<void> {
    await opened.server.stop(0)
    await opened.payments.stop()
    if (options.journal === undefined) await opened.journal.close()
  }
  return {
    url: `http://127.0.0.1:${port}/call`,
    operator,
    service,
    /** The bodies that the service was run with. */
    calls,
    memory: () => opened.memory,
    payments: () => opened.payments,
    /** Ends and begins again with what is on the disk. */
    async restart(keep: 'records' | 'nothing' = 'records') {
      await shut()
      if (keep === 'nothing') await rm(path, { force: true })
      opened = await open(port)
    },
    async stop() {
      await shut()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Shop = Awaited<ReturnType<typeof startShop>>

function serviceOf({ governor }: Deployment, token: Address): ServedService {
  const serving: Serving = servingSchema.parse({
    runtime: 'upstream',
    apis: ['infer'],
    token,
    prices: [{ unit: 'row', amount: '1' }],
  })
  // Whose till it is does not matter here: any address takes a transfer.
  return {
    version: 7n,
    asset: 7n,
    owner: governor,
    till: '0x00000000000000000000000000000000000a11ce',
    name: 'Echo',
    serving,
  }
}

/** Reads the chain as wallets do. */
export const readerOf = (rpcUrl: string): PublicClient =>
  createPublicClient({ chain: foundry, transport: http(rpcUrl) })
