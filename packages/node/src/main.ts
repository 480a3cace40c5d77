import { readFileSync, realpathSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AgoraiError, create2Deployer, type Deployment, deployerAbi, deployments } from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import type { Address } from 'viem'
import { getAbiItem, toFunctionSelector } from 'viem/utils'
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
import { indexName } from './indexer/schema.js'
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
    const addresses = await findContracts(chain, config.dataFolder, onProgress)
    const startBlock = BigInt(addresses.deployedAtBlock ?? 0)

    onProgress('Opening the index.')
    const name = indexName({
      chainId: chain.id,
      addresses,
      startBlock,
      ...(chain.local ? { operator: keys.account.address } : {}),
    })
    const database = await openDatabase(config, name)
    closing.push(database.close)
    if (!chain.local) await nameOtherIndexes(database, chain.id, onProgress)
    const indexer = await createIndexer({
      database,
      client: chain.publicClient,
      addresses,
      manifests: { get: storage.getManifest },
      startBlock,
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
async function findContracts(
  chain: Chain,
  dataFolder: string,
  onProgress: (message: string) => void,
): Promise<Deployment> {
  const addresses = deployments[chain.id]
  if (addresses === undefined)
    throw new AgoraiError('config_invalid', `No contracts are known on chain ${chain.id}.`, { field: 'AGORAI_RPC_URL' })
  const missing = await missingContracts(chain, addresses)
  if (missing.length === 0) return addresses
  if (!chain.local)
    throw new AgoraiError('config_invalid', `Chain ${chain.id} has no contract at ${missing.join(', ')}.`, {
      field: 'AGORAI_RPC_URL',
    })
  if (await isUsed(chain))
    throw new AgoraiError(
      'config_invalid',
      `The local chain in ${dataFolder} has the contracts of another release, and what was sold there. Keep it and ` +
        'choose another folder with --data-dir, or forget it with --fresh.',
      { field: 'AGORAI_DATA_DIR' },
    )
  onProgress('Deploying the contracts.')
  const account = getDevAccount(0, chain.id)
  await deployContracts({ rpcUrl: chain.rpcUrl, account, treasury: account.address, proposer: account.address })
  return addresses
}

async function missingContracts(chain: Chain, addresses: Deployment): Promise<Address[]> {
  const { governor, assetRegistry, revenueLedger, accessMarket } = addresses
  const wanted = [governor, assetRegistry, revenueLedger, accessMarket]
  const codes = await Promise.all(wanted.map((address) => chain.publicClient.getCode({ address })))
  return wanted.filter((_, index) => codes[index] === undefined)
}

const deploySelector = toFunctionSelector(getAbiItem({ abi: deployerAbi, name: 'deploy' }))

/** Whether anything but a deployment, which may have been cut short, ever happened on a local chain. */
async function isUsed({ publicClient }: Chain): Promise<boolean> {
  const head = await publicClient.getBlockNumber({ cacheTime: 0 })
  for (let blockNumber = 1n; blockNumber <= head; blockNumber++) {
    const { transactions } = await publicClient.getBlock({ blockNumber, includeTransactions: true })
    for (const { to, input } of transactions) {
      const deploys = to?.toLowerCase() === create2Deployer.toLowerCase() || input.startsWith(deploySelector)
      if (!deploys) return true
    }
  }
  return false
}

/** An index of the given name, which is made from the chain when there is none. */
async function openDatabase({ databaseUrl, dataFolder, fresh }: NodeConfig, name: string): Promise<Database> {
  if (databaseUrl === undefined) {
    const folder = join(dataFolder, 'index')
    // Nobody else opens this folder, so what has another name is of no use any more.
    const others = (await readdir(folder).catch(() => [])).filter((entry) => entry !== name)
    for (const other of others) await rm(join(folder, other), { recursive: true, force: true })
    return openPglite({ folder: join(folder, name), schema: name })
  }
  const database = await openPostgres({ url: databaseUrl, schema: name })
  if (fresh) {
    await database.query(`DROP SCHEMA "${name}" CASCADE`)
    await database.query(`CREATE SCHEMA "${name}"`)
  }
  return database
}

/** Indexes that nodes of other releases made: only people know whether any of these nodes still runs. */
async function nameOtherIndexes(
  database: Database,
  chainId: number,
  onProgress: (message: string) => void,
): Promise<void> {
  const rows = await database.query<{ name: string }>(
    `SELECT schema_name AS name FROM information_schema.schemata
     WHERE schema_name ~ $1::text AND schema_name <> current_schema() ORDER BY name`,
    [`^agorai_${chainId}(_|$)`],
  )
  const names = rows.map(({ name }) => name).join(', ')
  if (names !== '')
    onProgress(`The database has indexes of other releases, too; drop them when they are not used: ${names}.`)
}

const isEntryPoint = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
if (isEntryPoint) await runNode(startNode)
