import { AgoraiError, errorCodes, isAgoraiError } from '@agorai/core'
import { type NodeConfig, readConfig } from './config.js'

type Running = { url: string; failed: Promise<AgoraiError>; stop(): Promise<void> }
type Start = (
  config: NodeConfig,
  options: { onProgress(message: string): void; onWarning(message: string, cause?: unknown): void },
) => Promise<Running>

type Line = { level: 'info' | 'warning' | 'error'; event: string; message: string } & Record<string, unknown>

/** Runs a node until a signal or a failure ends it. Sets the exit code of the failure. */
export async function runNode(start: Start): Promise<void> {
  const asJson = process.argv.includes('--json')
  const print = (line: Line) => {
    const text = asJson ? JSON.stringify({ time: new Date().toISOString(), ...line }) : human(line)
    // People's lines and machines' lines go out; what went wrong goes to the error stream.
    ;(line.level === 'info' ? process.stdout : process.stderr).write(`${text}\n`)
  }
  let node: Running
  try {
    const { config } = readConfig()
    node = await start(config, {
      onProgress: (message) => print({ level: 'info', event: 'progress', message }),
      onWarning: (message, cause) => print({ level: 'warning', event: 'warning', message, ...causeOf(cause) }),
    })
  } catch (error) {
    end(print, error)
    return
  }
  print({ level: 'info', event: 'ready', message: `Agorai is ready at ${node.url}`, url: node.url })

  const reason = await Promise.race([signal(), node.failed])
  print({ level: 'info', event: 'stopping', message: 'Stopping.' })
  await node.stop()
  if (isAgoraiError(reason)) end(print, reason)
  else {
    print({ level: 'info', event: 'stopped', message: 'Stopped; everything is kept.' })
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

function end(print: (line: Line) => void, error: unknown): void {
  const known = isAgoraiError(error)
    ? error
    : new AgoraiError('internal', 'The node could not start.', { cause: error })
  const { code, shortMessage, remedy, field } = known
  const title = errorCodes[code].title
  print({
    level: 'error',
    event: 'failed',
    message: `${title}. ${shortMessage} ${remedy}`,
    code,
    detail: shortMessage,
    remedy,
    ...(field === undefined ? {} : { field }),
    ...(code === 'internal' ? causeOf(error) : {}),
  })
  process.exit(errorCodes[code].exit)
}

/** The trace of an unexpected failure, for the operator's eyes only. */
const causeOf = (cause: unknown): { cause?: string } =>
  cause instanceof Error ? { cause: cause.stack ?? cause.message } : {}

const human = ({ level, message, cause }: Line): string =>
  `${level === 'info' ? '' : `${level}: `}${message}${typeof cause === 'string' ? `\n${cause}` : ''}`
