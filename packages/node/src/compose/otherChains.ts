import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, addressSchema, deployments, parseWith, toChainName } from '@agorai/core'
import { z } from 'zod'
import { openRpcChain } from '../adapters/chain/rpcChain.js'
import type { NodeConfig } from '../config.js'
import { createIndexer } from '../indexer/createIndexer.js'
import { indexName } from '../indexer/schema.js'
import type { IndexedChain } from '../ports/catalogue.js'
import type { Storage } from '../ports/storage.js'
import { createCatalogue } from '../queries/createCatalogue.js'
import type { Closing } from './closing.js'
import { leadIndex, openDatabase, watchIndex } from './index.js'
import { indexReaders } from './indexReaders.js'
import type { Telemetry } from './telemetry.js'

export type OpenOtherChainsOptions = {
  /** The node's own chain, which is none of them. */
  ownId: number
  storage: Storage
  closing: Closing
  telemetry: Telemetry
  onWarning(message: string, cause?: unknown): void
}

const deploymentSchema = z.object({
  assetRegistry: addressSchema,
  revenueLedger: addressSchema,
  accessMarket: addressSchema,
  deployedAtBlock: z.number().int().min(0).optional(),
})

/** Chains that are indexed for reading, each in a schema of its own, each following its own reorgs. */
export async function openOtherChains(config: NodeConfig, options: OpenOtherChainsOptions): Promise<IndexedChain[]> {
  const chains: IndexedChain[] = []
  for (const chain of config.otherChains) {
    const opened = await openOtherChain(config, chain, options)
    if (opened.id === options.ownId || chains.some(({ id }) => id === opened.id))
      throw invalid(`${toChainName(opened.id)} is indexed already.`)
    chains.push(opened)
  }
  return chains
}

async function openOtherChain(
  config: NodeConfig,
  { rpcUrl, deploymentFile }: NodeConfig['otherChains'][number],
  { storage, closing, telemetry, onWarning }: OpenOtherChainsOptions,
): Promise<IndexedChain> {
  const chain = await openRpcChain({
    rpcUrl,
    confirmations: config.confirmations,
    makeTransport: telemetry.makeTransport,
  })
  closing.add(chain.stop)
  const addresses = deploymentFile === undefined ? deployments[chain.id] : await readDeployment(deploymentFile)
  if (addresses === undefined)
    throw invalid(`No contracts are known on ${toChainName(chain.id)}: name a file of them, as <url>|<file>.`)
  const startBlock = BigInt(addresses.deployedAtBlock ?? 0)
  const name = indexName({ chainId: chain.id, addresses, startBlock })
  // In a folder of its own: what stands beside an index in its folder is of no use any more, and taken away.
  const database = await openDatabase({ ...config, dataFolder: join(config.dataFolder, 'chains', `${chain.id}`) }, name)
  closing.add(database.close)
  const manifests = { get: storage.getManifest }
  const readers = indexReaders(rpcUrl, telemetry)
  const indexer = await createIndexer({ database, ...readers, addresses, manifests, startBlock })
  const catalogue = createCatalogue(database)
  const watched = watchIndex(catalogue, chain)
  if (!config.roles.includes('indexer')) return { id: chain.id, addresses, catalogue, health: watched }
  // The node goes on with its own chain when another process takes this one over.
  const onLost = (error: AgoraiError) =>
    onWarning(`The index of ${toChainName(chain.id)} is no longer made here.`, error)
  const lead = leadIndex(config, name, { start: indexer.start, onWaiting: () => {}, onLost })
  closing.add(lead.release, indexer.stop)
  return { id: chain.id, addresses, catalogue, health: async () => (lead.leads() ? indexer.health() : watched()) }
}

async function readDeployment(path: string) {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new AgoraiError('config_invalid', `AGORAI_CHAINS: ${path} cannot be read.`, { field: 'AGORAI_CHAINS', cause })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(`${path} is not JSON.`)
  }
  return parseWith(deploymentSchema, value, 'config_invalid')
}

const invalid = (message: string) =>
  new AgoraiError('config_invalid', `AGORAI_CHAINS: ${message}`, { field: 'AGORAI_CHAINS' })
