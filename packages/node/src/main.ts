import { readFileSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AgoraiError, type Deployment, deployments, localFeeBps } from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import type { Address } from 'viem'
import { openLocalChain } from './adapters/chain/localChain.js'
import { openRpcChain } from './adapters/chain/rpcChain.js'
import { openPglite } from './adapters/database/pglite.js'
import { openPostgres } from './adapters/database/postgres.js'
import { lockFolder } from './adapters/folder/lockFolder.js'
import { openFileJournal } from './adapters/journal/fileJournal.js'
import { openFileKeys } from './adapters/keys/fileKeys.js'
import { openDiskStorage } from './adapters/storage/diskStorage.js'
import type { NodeConfig } from './config.js'
import { startGateway } from './gateway/createGateway.js'
import { assertPortFree } from './gateway/http/serveHttp.js'
import { createIndexer } from './indexer/createIndexer.js'
import type { Chain } from './ports/chain.js'
import type { Database } from './ports/database.js'
import type { Journal } from './ports/journal.js'
import { createCatalogue } from './queries/createCatalogue.js'
import { runNode } from './runNode.js'

export type RunningNode = {
  /** Where the node answers. */
  url: string
  /** JSON-RPC of its chain, without the gateway in between. */
  rpcUrl: string
  /** Resolves with the reason when the node can no longer do its work. */
  failed: Promise<AgoraiError>
  /** Finishes what is under way, saves the local chain, and ends every child. */
  stop(): Promise<void>
}

export type StartNodeOptions = {
  /** Told what happens, in one short sentence each. */
  onProgress?(message: string): void
  /** Told what went wrong without ending the node. */
  onWarning?(message: string, cause?: unknown): void
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/**
 * Starts a whole node: chain, index and gateway in this process. What was opened is closed again when a later part fails.
 *
 * @throws AgoraiError `folder_locked`, `folder_read_only`, `port_in_use`, `chain_unavailable`, `chain_damaged`,
 * `journal_damaged`, `database_unavailable`, `config_invalid`
 */
export async function startNode(config: NodeConfig, options: StartNodeOptions = {}): Promise<RunningNode> {
  const { onProgress = () => {}, onWarning = () => {} } = options
  const closing: (() => Promise<void>)[] = []
  // Last opened, first closed; each is closed even if another cannot be.
  const stop = async () => {
    for (const close of closing.splice(0).reverse())
      await close().catch((cause: unknown) => onWarning('A part of the node did not close cleanly.', cause))
  }
  let fail: (error: AgoraiError) => void = () => {}
  const failed = new Promise<AgoraiError>((resolve) => {
    fail = resolve
  })

  try {
    const inFolder = (...parts: string[]) => join(config.dataFolder, ...parts)
    const lock = await lockFolder(config.dataFolder)
    closing.push(lock.release)
    await assertPortFree(config.host, config.port)
    if (config.fresh) await forget(config)

    const journal = await openFileJournal(inFolder('journal', 'journal.log'))
    closing.push(journal.close)
    const keys = await openFileKeys(inFolder('keys', 'operator.json'), { isFirstStart: await isEmpty(journal) })
    const storage = await openDiskStorage(inFolder('storage'))

    onProgress(config.rpcUrl === undefined ? 'Starting the local chain.' : 'Connecting to the chain.')
    const chain = await openChain(config, onWarning, fail)
    closing.push(chain.stop)
    const addresses = await findContracts(chain, onProgress)

    onProgress('Opening the index.')
    const database = await openDatabase(config, chain, keys.account.address)
    closing.push(database.close)
    const indexer = await createIndexer({
      database,
      client: chain.publicClient,
      addresses,
      manifests: { get: storage.getManifest },
      startBlock: BigInt(addresses.deployedAtBlock ?? 0),
      ...(chain.local ? { pollMs: 50 } : {}),
    })
    indexer.start()
    closing.push(indexer.stop)

    const server = await startGateway({
      version,
      host: config.host,
      port: config.port,
      hosts: config.hosts,
      chain,
      rpc: chain.local ? '/rpc' : (config.publicRpcUrl ?? chain.rpcUrl),
      addresses,
      storage,
      journal,
      keys,
      catalogue: createCatalogue(database),
      manifests: {
        // A manifest that the index cannot take now is found again in the store once its version is published.
        addManifest: (bytes) =>
          indexer.addManifest(bytes).catch((cause: unknown) => onWarning('A manifest waits to be indexed.', cause)),
      },
      indexHealth: indexer.health,
      contentBytesMax: config.contentBytesMax,
      webFolder: config.webFolder,
      report: (cause, requestId) => onWarning(`Request ${requestId} failed.`, cause),
    })
    closing.push(server.stop)
    const host = config.host.includes(':') ? `[${config.host}]` : config.host
    return { url: `http://${host}:${server.port}`, rpcUrl: chain.rpcUrl, failed, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function isEmpty(journal: Journal): Promise<boolean> {
  for await (const _ of journal.replay()) return false
  return true
}

/** What a fresh start forgets. The operator's keys stay, and nothing but the index is forgotten of a chain that others use. */
async function forget({ dataFolder, rpcUrl }: NodeConfig): Promise<void> {
  const folders = rpcUrl === undefined ? ['chain', 'journal', 'storage', 'index'] : ['index']
  for (const folder of folders) await rm(join(dataFolder, folder), { recursive: true, force: true })
}

function openChain(
  { rpcUrl, confirmations, dataFolder }: NodeConfig,
  onWarning: (message: string) => void,
  onEnded: (error: AgoraiError) => void,
): Promise<Chain> {
  if (rpcUrl !== undefined) return openRpcChain({ rpcUrl, confirmations })
  return openLocalChain({ folder: join(dataFolder, 'chain'), onWarning, onEnded })
}

/** The contracts of the chain; on an empty local chain they are deployed first. */
async function findContracts(chain: Chain, onProgress: (message: string) => void): Promise<Deployment> {
  const addresses = deployments[chain.id]
  if (addresses === undefined)
    throw new AgoraiError('config_invalid', `No contracts are known on chain ${chain.id}.`, { field: 'AGORAI_RPC_URL' })
  const code = await chain.publicClient.getCode({ address: addresses.accessMarket })
  if (code !== undefined) return addresses
  if (!chain.local)
    throw new AgoraiError('config_invalid', `The contracts are not on chain ${chain.id} at their addresses.`, {
      field: 'AGORAI_RPC_URL',
    })
  onProgress('Deploying the contracts.')
  const account = getDevAccount(0, chain.id)
  const { address } = account
  await deployContracts({ rpcUrl: chain.rpcUrl, account, treasury: address, governor: address, feeBps: localFeeBps })
  return addresses
}

/** Gateways of one chain share its index; but every local chain is another, known by the operator that it was made for. */
async function openDatabase(
  { databaseUrl, dataFolder, fresh }: NodeConfig,
  chain: Chain,
  operator: Address,
): Promise<Database> {
  const schema = chain.local ? `agorai_${chain.id}_${operator.slice(2, 18).toLowerCase()}` : `agorai_${chain.id}`
  if (databaseUrl === undefined) return openPglite({ folder: join(dataFolder, 'index'), schema })
  const database = await openPostgres({ url: databaseUrl, schema })
  if (fresh) {
    await database.query(`DROP SCHEMA "${schema}" CASCADE`)
    await database.query(`CREATE SCHEMA "${schema}"`)
  }
  return database
}

const isEntryPoint = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
if (isEntryPoint) await runNode(startNode)
