import type { AgoraiError, Deployment } from '@agorai/core'
import { openChargeLog } from '../adapters/journal/chargeLog.js'
import { sealAnswers, sealCharges } from '../adapters/journal/sealedAnswers.js'
import { observeJournal, observeStorage } from '../adapters/telemetry/observe.js'
import type { NodeConfig } from '../config.js'
import { createIndexer, type Indexer } from '../indexer/createIndexer.js'
import { indexName } from '../indexer/schema.js'
import type { Catalogue, IndexedChain, IndexHealth } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { ChargeLog } from '../ports/chargeLog.js'
import type { Database } from '../ports/database.js'
import type { Journal } from '../ports/journal.js'
import type { KeyStore } from '../ports/keyStore.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { Log } from '../ports/log.js'
import type { OperatorSender } from '../ports/operatorSender.js'
import type { SettlementRecords } from '../ports/settlement.js'
import type { Storage } from '../ports/storage.js'
import { createCatalogue } from '../queries/createCatalogue.js'
import { findContracts, fundOperator, openChain } from './chain.js'
import type { Closing } from './closing.js'
import { forgetAnswers } from './forgetAnswers.js'
import { holdGatewayName } from './gatewayName.js'
import { openJournal, openKeys } from './identity.js'
import { leadIndex, nameOtherIndexes, openDatabase, watchIndex } from './index.js'
import { indexReaders } from './indexReaders.js'
import { openKeyStore } from './keyStore.js'
import { migrateJournal } from './migrateJournal.js'
import { openOtherChains } from './otherChains.js'
import { chargesPath } from './readJournal.js'
import { shareJournal } from './records.js'
import { openSender } from './sender.js'
import { openStorage } from './storage.js'
import { openTelemetry, type Telemetry } from './telemetry.js'

export type OpenPartsOptions = {
  version: string
  closing: Closing
  log: Log
  onProgress(message: string): void
  onWarning(message: string, cause?: unknown): void
  /** Told why the node can no longer do its work. */
  onFailed(error: AgoraiError): void
}

/** What only a gateway has. */
export type GatewayParts = {
  /** What it acknowledged. */
  journal: Journal
  /** What it charged on sessions and has not given to the journal yet. */
  charges: ChargeLog
  /** Who it is. */
  keys: OperatorKeys
  /** What it gives to buyers. */
  keyStore: KeyStore
  sender: OperatorSender
}

/** Everything that the roles of a process stand on, opened. */
export type Parts = {
  telemetry: Telemetry
  storage: Storage
  chain: Chain
  addresses: Deployment
  /** No event of ours is below this block. */
  startBlock: bigint
  database: Database
  indexer: Indexer
  catalogue: Catalogue
  indexHealth(): Promise<IndexHealth>
  /** Chains that are indexed for reading besides. */
  otherChains: readonly IndexedChain[]
  gateway: GatewayParts | undefined
  /** What this process's gateway writes down, for its worker, where nobody else can read it. */
  records: SettlementRecords | undefined
}

/** @throws AgoraiError for the part that cannot be opened. What was opened before is in `closing`. */
export async function openParts(config: NodeConfig, options: OpenPartsOptions): Promise<Parts> {
  const { version, closing, log, onProgress, onWarning, onFailed } = options
  const telemetry = openTelemetry(config, version, log)
  closing.add(telemetry.close)
  const isGateway = config.roles.includes('gateway')
  if (isGateway && (await migrateJournal(config))) onProgress('Keys were moved from the journal to the key store.')
  const ownJournal = isGateway ? await openJournal(config) : undefined
  if (ownJournal !== undefined) closing.add(ownJournal.close, forgetAnswers(ownJournal, onWarning))
  const storage = observeStorage(await openStorage(config), telemetry)
  const ownKeys = isGateway || config.rpcUrl === undefined ? await openKeys(config, ownJournal) : undefined

  onProgress(config.rpcUrl === undefined ? 'Starting the local chain.' : 'Connecting to the chain.')
  const { makeTransport } = telemetry
  const chain = await openChain(config, { onWarning, onEnded: onFailed, makeTransport })
  closing.add(chain.stop)
  const addresses = await findContracts(chain, config.dataFolder, onProgress)
  const startBlock = BigInt(addresses.deployedAtBlock ?? 0)
  // The index of a local chain is named after its operator, so every role asks who that is.
  const keys = ownKeys ?? (chain.local ? await openKeys(config, undefined) : undefined)
  if (keys !== undefined) await fundOperator(chain, keys.account.address, onProgress)

  onProgress('Opening the index.')
  const operator = chain.local && keys !== undefined ? { operator: keys.account.address } : {}
  const name = indexName({ chainId: chain.id, addresses, startBlock, ...operator })
  const database = await openDatabase(config, name)
  closing.add(database.close)
  if (!chain.local) await nameOtherIndexes(database, chain.id, onProgress)
  const indexer = await createIndexer({
    database,
    ...indexReaders(chain.rpcUrl, telemetry),
    addresses,
    manifests: { get: storage.getManifest },
    startBlock,
    ...(chain.local ? { pollMs: 50 } : {}),
  })
  const catalogue = createCatalogue(database)
  const indexHealth = followIndex(config, options, { name, indexer, catalogue, chain, telemetry })

  const otherChains = await openOtherChains(config, { ownId: chain.id, storage, closing, telemetry, onWarning })

  const index = { database, indexer, catalogue, indexHealth, otherChains }
  const common = { telemetry, storage, chain, addresses, startBlock, ...index }
  if (ownJournal === undefined || keys === undefined) return { ...common, gateway: undefined, records: undefined }
  const { keyStore } = await openKeyStore(config)
  closing.add(keyStore.close)
  const isRead = config.journal === 'file' && config.roles.includes('worker')
  const { journal, records } = isRead ? shareJournal(ownJournal) : { journal: ownJournal, records: undefined }
  const charges = await openChargeLog(chargesPath(config.dataFolder))
  closing.add(charges.close)
  if (config.journal === 'postgres' && config.databaseUrl !== undefined) {
    const { databaseUrl } = config
    closing.add(await holdGatewayName({ databaseUrl, gateway: charges.gateway, onProgress, onFailed }))
  }
  const sender = openSender(chain, keys)
  closing.add(sender.stop)
  const { privateKey } = keys.encryption
  const gateway = {
    journal: sealAnswers(observeJournal(journal, telemetry), privateKey),
    charges: sealCharges(charges, privateKey),
    ...{ keys, keyStore, sender },
  }
  return { ...common, gateway, records }
}

type FollowIndexParts = Pick<Parts, 'indexer' | 'catalogue' | 'chain' | 'telemetry'> & { name: string }

/** Makes the index where that is this process's role, and no other does. @returns How it is doing, whoever makes it. */
function followIndex(
  config: NodeConfig,
  { closing, onProgress, onFailed }: OpenPartsOptions,
  { name, indexer, catalogue, chain, telemetry }: FollowIndexParts,
): () => Promise<IndexHealth> {
  const watched = watchIndex(catalogue, chain)
  let leads = () => false
  if (config.roles.includes('indexer')) {
    const onWaiting = () => onProgress('Another process makes the index; this one stands by.')
    const lead = leadIndex(config, name, { start: indexer.start, onWaiting, onLost: onFailed })
    leads = lead.leads
    closing.add(lead.release, indexer.stop)
  }
  telemetry.metrics.gauge('agorai_index_leader', {}, () => (leads() ? 1 : 0))
  return async () => (leads() ? indexer.health() : watched())
}
