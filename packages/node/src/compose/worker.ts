import { AgoraiError } from '@agorai/core'
import type { NodeConfig } from '../config.js'
import type { OperatorKeys } from '../ports/keys.js'
import { createPublications } from '../queries/createPublications.js'
import { connectIpfsNode } from '../worker/pushToIpfs.js'
import { createReplication } from '../worker/replicate.js'
import type { Closing } from './closing.js'
import { openKeys } from './identity.js'
import type { Parts } from './parts.js'
import { openRecords } from './records.js'
import { openSender } from './sender.js'
import { openSettlement } from './settlement.js'
import { openDenyList } from './takedowns.js'

export type StartWorkerRoleOptions = {
  closing: Closing
  onProgress(message: string): void
  onWarning(message: string, cause?: unknown): void
}

/** Settles channels, and brings what peers and IPFS have where any of them is named. */
export async function startWorkerRole(
  config: NodeConfig,
  parts: Parts,
  options: StartWorkerRoleOptions,
): Promise<void> {
  startReplication(config, parts, options)
  const { chain, addresses, gateway, telemetry } = parts
  const { closing, onProgress, onWarning } = options
  const records = parts.records ?? (config.journal === 'postgres' ? await openRecords(config) : undefined)
  if (records === undefined) {
    onProgress('Channels are not settled here: the journal is in a file of another process.')
    return
  }
  closing.add(records.close)
  const keys = gateway?.keys ?? (await keysIfAny(config))
  if (keys === undefined) {
    onProgress('Channels are not settled here: AGORAI_OPERATOR_KEYS names no file.')
    return
  }
  const { metrics } = telemetry
  const sender = gateway?.sender ?? openSender(chain, keys)
  if (gateway === undefined) closing.add(sender.stop)
  const settlement = await openSettlement(config, { chain, addresses, keys, sender, records, metrics, onWarning })
  settlement?.start()
  if (settlement !== undefined) closing.add(settlement.stop)
}

/** A worker without the operator's keys still brings what others have. */
async function keysIfAny(config: NodeConfig): Promise<OperatorKeys | undefined> {
  try {
    return await openKeys(config, undefined)
  } catch (error) {
    if (error instanceof AgoraiError && error.code === 'config_invalid') return undefined
    throw error
  }
}

function startReplication(
  config: NodeConfig,
  { database, storage, indexer, chain }: Parts,
  { closing, onWarning }: StartWorkerRoleOptions,
): void {
  const { peers, replicate, ipfs, contentBytesMax } = config
  if (peers.length === 0 && ipfs.api === undefined && ipfs.gateway === undefined) return
  const replication = createReplication({
    publications: createPublications(database),
    storage,
    manifests: indexer,
    peers,
    withContent: replicate === 'content',
    ipfsGateway: ipfs.gateway,
    ipfsNode: ipfs.api === undefined ? undefined : connectIpfsNode(ipfs.api),
    denyList: openDenyList(config, onWarning),
    contentBytesMax,
    pollMs: chain.local ? 250 : 15_000,
    onWarning,
  })
  replication.start()
  closing.add(replication.stop)
}
