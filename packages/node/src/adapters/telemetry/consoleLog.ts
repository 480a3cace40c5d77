import { pino } from 'pino'
import type { Log, LogFields } from '../../ports/log.js'

export type CreateLogOptions = {
  /** A JSON object a line, for machines; else text for people, without a line a request. */
  json: boolean
  /** Parts of the settings that must never be seen, such as a password. */
  secrets?: readonly string[]
}

/** What looks like a signature, an authorization or a password in a URL, wherever it came from. */
const patterns: readonly [RegExp, string][] = [
  [/0x[0-9a-fA-F]{130,}/g, '[redacted]'],
  [/\b(authorization|cookie|agorai-signature)(["']?\s*[:=]).*/gi, '$1$2 [redacted]'],
  [/\bbearer\s+\S+/gi, '[redacted]'],
  [/(\w+:\/\/[^\s/:@]*:)[^\s/@]+@/g, '$1[redacted]@'],
]

/** What is informative goes to the output stream, what went wrong to the error stream; each line is out when it is written. */
export function createLog({ json, secrets = [] }: CreateLogOptions): Log {
  const redact = redactor(secrets)
  if (!json) {
    const write = (stream: NodeJS.WriteStream, text: string) => stream.write(`${redact(text)}\n`)
    const cause = (fields?: LogFields) => (fields?.cause === undefined ? '' : `\n${fields.cause}`)
    return {
      info: (event, message) => void (event === 'request' || write(process.stdout, message)),
      warning: (_event, message, fields) => void write(process.stderr, `warning: ${message}${cause(fields)}`),
      error: (_event, message, fields) => void write(process.stderr, `error: ${message}${cause(fields)}`),
    }
  }
  const destination = (fd: number) => pino.destination({ fd, sync: true })
  const logger = pino(
    {
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label === 'warn' ? 'warning' : label }) },
    },
    pino.multistream(
      [
        { level: 'info', stream: destination(1) },
        { level: 'warn', stream: destination(2) },
      ],
      { dedupe: true },
    ),
  )
  const hidden = (event: string, fields: LogFields = {}) =>
    Object.fromEntries(
      Object.entries({ event, ...fields }).map(([name, value]) => [
        name,
        typeof value === 'string' ? redact(value) : value,
      ]),
    )
  return {
    info: (event, message, fields) => logger.info(hidden(event, fields), redact(message)),
    warning: (event, message, fields) => logger.warn(hidden(event, fields), redact(message)),
    error: (event, message, fields) => logger.error(hidden(event, fields), redact(message)),
  }
}

/** Short ones would hide half of every line. */
const secretLengthMin = 6

function redactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter(({ length }) => length >= secretLengthMin)
  return (text) => {
    const hidden = known.reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text)
    return patterns.reduce((left, [pattern, replacement]) => left.replace(pattern, replacement), hidden)
  }
}
