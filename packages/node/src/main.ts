import { readFileSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AgoraiError } from '@agorai/core'
import { lockFolder } from './adapters/folder/lockFolder.js'
import { createLog } from './adapters/telemetry/consoleLog.js'
import { createClosing } from './compose/closing.js'
import { startGatewayRole } from './compose/gateway.js'
import { readyParts } from './compose/health.js'
import { openParts } from './compose/parts.js'
import { startWorkerRole } from './compose/worker.js'
import type { NodeConfig } from './config.js'
import { startHealthServer } from './gateway/createGateway.js'
import { assertPortFree } from './gateway/http/serveHttp.js'
import type { Log } from './ports/log.js'
import { runNode } from './runNode.js'

export type RunningNode = {
  /** Where the node answers. Without the role of a gateway, where its metrics are; empty when it answers nothing. */
  url: string
  /** Where its metrics are, when they are apart. */
  metricsUrl?: string
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
  /** Takes a line a request. */
  log?: Log
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/**
 * Starts what the roles say: a whole node with chain, index and gateway in this process, or a part of a larger one. What
 * was opened is closed again when a later part fails.
 *
 * @throws AgoraiError `folder_locked`, `folder_read_only`, `port_in_use`, `chain_unavailable`, `chain_damaged`,
 * `journal_damaged`, `database_unavailable`, `config_invalid`
 */
export async function startNode(config: NodeConfig, options: StartNodeOptions = {}): Promise<RunningNode> {
  const { onProgress = () => {}, onWarning = () => {}, log = noLog } = options
  const closing = createClosing((cause) => onWarning('A part of the node did not close cleanly.', cause))
  let onFailed: (error: AgoraiError) => void = () => {}
  const failed = new Promise<AgoraiError>((resolve) => {
    onFailed = resolve
  })
  try {
    const lock = await lockFolder(config.dataFolder)
    closing.add(lock.release)
    if (config.roles.includes('gateway')) await assertPortFree(config.host, config.port)
    if (config.fresh) await forget(config)

    const parts = await openParts(config, { version, closing, log, onProgress, onWarning, onFailed })
    const { telemetry, chain, gateway } = parts
    const { metrics } = telemetry
    const health = { parts: readyParts(config, parts), isDraining: closing.isClosing }
    const report = (cause: unknown, requestId: string) => {
      metrics.count('agorai_errors_total', { part: 'request' })
      onWarning(`Request ${requestId} failed.`, cause)
    }
    let url = ''
    if (gateway !== undefined) {
      const role = { version, closing, health, report, onWarning }
      url = urlOf(config.host, await startGatewayRole(config, { ...parts, gateway }, role))
    }
    if (config.roles.includes('worker')) await startWorkerRole(config, parts, { closing, onProgress, onWarning })
    let metricsUrl: string | undefined
    if (typeof config.metrics === 'object') {
      const own = { ...config.metrics, health: { ...health, metrics }, observer: telemetry, report }
      const server = await startHealthServer(own)
      // It answers until everything else has stopped.
      closing.addLast(server.stop)
      metricsUrl = urlOf(config.metrics.host, server.port)
    }
    return {
      url: url || (metricsUrl ?? ''),
      ...(metricsUrl === undefined ? {} : { metricsUrl }),
      rpcUrl: chain.rpcUrl,
      failed,
      stop: closing.close,
    }
  } catch (error) {
    await closing.close()
    throw error
  }
}

const noLog: Log = { info() {}, warning() {}, error() {} }

const urlOf = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** What a fresh start forgets. The operator's keys stay, and nothing but the index is forgotten of a chain that others use. */
async function forget({ dataFolder, rpcUrl }: NodeConfig): Promise<void> {
  const folders =
    rpcUrl === undefined
      ? ['chain', 'journal', 'charges', 'storage', 'keystore', 'index', 'chains']
      : ['index', 'chains']
  for (const folder of folders) await rm(join(dataFolder, folder), { recursive: true, force: true })
}

const isEntryPoint = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
if (isEntryPoint) await runNode(startNode, createLog)
