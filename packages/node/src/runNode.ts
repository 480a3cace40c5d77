import { AgoraiError, errorCodes, isAgoraiError } from '@agorai/core'
import { type NodeConfig, readConfig } from './config.js'
import type { Log } from './ports/log.js'

type Running = { url: string; metricsUrl?: string; failed: Promise<AgoraiError>; stop(): Promise<void> }
type StartOptions = { onProgress(message: string): void; onWarning(message: string, cause?: unknown): void; log: Log }
type CreateLog = (options: { json: boolean; secrets?: readonly string[] }) => Log
type Start = (config: NodeConfig, options: StartOptions) => Promise<Running>

/** Runs a node until a signal or a failure ends it. Sets the exit code of the failure. */
export async function runNode(
  start: Start,
  createLog: CreateLog,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const json = args.includes('--json')
  let log = createLog({ json })
  let node: Running
  try {
    const { config } = readConfig(args)
    log = createLog({ json, secrets: config.secrets })
    node = await start(config, {
      onProgress: (message) => log.info('progress', message),
      onWarning: (message, cause) => log.warning('warning', message, causeOf(cause)),
      log,
    })
    const { url, metricsUrl } = node
    log.info('ready', url === '' ? 'Agorai is ready.' : `Agorai is ready at ${url}`, {
      url,
      metricsUrl,
      roles: config.roles.join(','),
    })
  } catch (error) {
    end(log, error)
    return
  }

  const reason = await Promise.race([signal(), node.failed])
  log.info('stopping', 'Stopping.')
  await node.stop()
  if (isAgoraiError(reason)) end(log, reason)
  else {
    log.info('stopped', 'Stopped; everything is kept.')
    process.exit(0)
  }
}

/** The first signal asks to stop; a second one is not waited for. */
function signal(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(name, () => {
        process.once(name, () => process.exit(130))
        resolve(name)
      })
    }
  })
}

function end(log: Log, error: unknown): void {
  const known = isAgoraiError(error)
    ? error
    : new AgoraiError('internal', 'The node could not start.', { cause: error })
  const { code, shortMessage, remedy, field } = known
  const { title, exit } = errorCodes[code]
  log.error('failed', `${title}. ${shortMessage} ${remedy}`, {
    code,
    detail: shortMessage,
    remedy,
    field,
    ...(code === 'internal' ? causeOf(error) : {}),
  })
  process.exit(exit)
}

/** The trace of an unexpected failure, for the operator's eyes only. */
const causeOf = (cause: unknown): { cause?: string } =>
  cause instanceof Error ? { cause: cause.stack ?? cause.message } : {}
