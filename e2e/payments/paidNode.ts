import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenedSession, operatorReceiverOf } from '@agorai/core'
import { type Hex, toHex } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { type Program, startProgram } from '../../packages/node/test/program.js'
import { newFolder, nodeAt, removeFolder, type TestNode } from '../../packages/node/test/support.js'
import { type Marketplace, startMarketplace } from '../marketplace.js'
import { openChannel } from './channels.js'
import { createDatabase, postgresUrl } from './fleet.js'
import { callBody, type PaidService, publishPaidService, startServing } from './paidService.js'
import { startUpstream } from './upstream.js'
import { createVoucherClient, readRequirements, type VoucherClient } from './voucherClient.js'

/** A program that sells calls, with its journal and its charge log in files, whose chain outlives it. */
export type PaidNode = {
  service: PaidService
  /** What the program left when it was ended in peace. Copied for each test. */
  template: string
  newFolder(): Promise<string>
  start(folder: string): Promise<Running>
  /** The market on whose chain it sells. */
  market: Marketplace
  /** A payer with money and no channel. */
  newPayer(): Promise<PrivateKeyAccount>
  /** A payer with a channel of its own. */
  newClient(): Promise<VoucherClient>
  stop(): Promise<void>
}

export type Running = Program & { node: TestNode }

const budget = 1_000_000n
export const target = '/v1/completions'

export async function startPaidNode(): Promise<PaidNode> {
  const market = await startMarketplace({ roles: ['gateway', 'indexer'] })
  await market.mint(market.curie, 1_000_000_000_000n)
  const upstream = await startUpstream()
  const service = await publishPaidService(market)
  const template = await newFolder()
  // Where there is a server, the index is in it: a node then starts in half the time.
  const database = postgresUrl === undefined ? undefined : await createDatabase()

  async function start(folder: string): Promise<Running> {
    const program = await startProgram({
      // The tracer counts calls by thread, so all files are written by one.
      ...{ HOME: folder, UV_THREADPOOL_SIZE: '1', AGORAI_DATA_DIR: folder, AGORAI_ROLES: 'gateway,indexer' },
      AGORAI_STORAGE_DIR: join(market.node.folder, 'storage'),
      AGORAI_RPC_URL: market.node.rpcUrl,
      AGORAI_CONFIRMATIONS: '0',
      ...(database === undefined ? {} : { DATABASE_URL: database.url }),
      AGORAI_UPSTREAMS: await upstream.nameIn(market.node.folder, service.asset),
    })
    return { ...program, node: { ...(await nodeAt(program.url, folder)), rpcUrl: market.node.rpcUrl } }
  }

  const first = await start(template)
  await startServing(first.node, service)
  const body = callBody(service, 'how much?')
  const headers = { 'content-type': 'application/json' }
  const requirements = await readRequirements(await fetch(`${first.url}${target}`, { method: 'POST', headers, body }))
  const { operator } = first.node.info
  const receiver = operatorReceiverOf(market.node.info.chain.addresses, operator.address)
  first.child.kill('SIGTERM')
  await first.exited

  return {
    service,
    template,
    start,
    async newFolder() {
      const folder = await newFolder()
      await mkdir(folder, { recursive: true })
      await cp(template, folder, { recursive: true })
      return folder
    },
    market,
    newPayer: async () => privateKeyToAccount((await fundPayer(market)).key),
    newClient: () => openClient(market, { receiver, requirements }),
    async stop() {
      await upstream.stop()
      await market.stop()
      await database?.drop()
      await removeFolder(template)
    },
  }
}

type ClientOptions = { receiver: Hex; requirements: Awaited<ReturnType<typeof readRequirements>> }

async function fundPayer(market: Marketplace) {
  const key = generatePrivateKey()
  const payer = privateKeyToAccount(key)
  await market.chain.setBalance({ address: payer.address, value: 10n ** 18n })
  await market.send(market.curie, payer.address, budget)
  return { key, payer }
}

async function openClient(market: Marketplace, { receiver, requirements }: ClientOptions): Promise<VoucherClient> {
  const { key, payer } = await fundPayer(market)
  const withdrawDelay = Number(requirements.extra.withdrawDelay)
  const open = await openChannel(market, { payer, receiver, amount: budget, withdrawDelay })
  return createVoucherClient(open, requirements, key)
}

/** What a payer knows of its channel and of the session on it, and how often it has asked. */
export type Purse = {
  client: VoucherClient
  /** Acknowledged, cumulative base units, without the session. */
  charged: bigint
  calls: number
  session: { nonce: string; opened: OpenedSession | undefined; answered: Set<number> } | undefined
}

export const newPurse = (client: VoucherClient): Purse => ({ client, charged: 0n, calls: 0, session: undefined })
export const randomNonce = (): string => toHex(crypto.getRandomValues(new Uint8Array(32)))
