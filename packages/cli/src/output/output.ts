import { AgoraiError, errorCodes, isAgoraiError } from '@agorai/core'
import { plain } from './format.js'

/** Where a command's words go: results to stdout, progress and errors to stderr. */
export type Output = {
  /** With `--json`, the one object that stdout gets. Without it, the lines for people. */
  result(value: unknown, lines: readonly string[]): void
  /** What is being waited for, and how far it is in bytes; nothing unless stderr is a terminal. */
  progress(phase: string, done?: number, total?: number): void
  /** A line for people before the result, such as a price; nothing with `--json`. */
  note(line: string): void
  /** A part of a result that comes as it is made; nothing with `--json`. */
  piece(text: string): void
  /** Tells what happened, what is `safe`, and what to do. @returns The exit code of the error. */
  fail(error: unknown, safe?: string): number
}

const barCells = 24
/** Before this a rate says little. */
const rateAfterMs = 1_000
const clearLine = '\r\x1b[2K'

export function createOutput(json: boolean): Output {
  const live = process.stderr.isTTY === true && !json
  let shown = false
  let measured: { phase: string; since: number; from: number } | undefined
  const clear = (): void => {
    if (shown) process.stderr.write(clearLine)
    shown = false
  }
  return {
    result(value, lines) {
      clear()
      process.stdout.write(
        json ? `${JSON.stringify(value, bigintAsText)}\n` : lines.map((line) => `${line}\n`).join(''),
      )
    },
    progress(phase, done, total) {
      if (!live) return
      shown = true
      if (total === undefined || done === undefined) return void process.stderr.write(`${clearLine}${phase}`)
      // What was there before this run began, such as an upload that goes on, says nothing of its pace.
      if (measured?.phase !== phase) measured = { phase, since: Date.now(), from: done }
      const elapsedMs = Date.now() - measured.since
      const rate = elapsedMs < rateAfterMs ? '' : ` ${describeRate(done - measured.from, elapsedMs, total - done)}`
      process.stderr.write(`${clearLine}${phase} ${bar(done, total)}${rate}`)
    },
    note(line) {
      clear()
      if (!json) process.stderr.write(`${line}\n`)
    },
    piece(text) {
      clear()
      if (!json) process.stdout.write(text)
    },
    fail(cause, safe) {
      clear()
      const error: AgoraiError = isAgoraiError(cause)
        ? cause
        : new AgoraiError('internal', 'An unexpected failure.', { cause })
      if (json) process.stdout.write(`${JSON.stringify({ error: error.toProblem() }, bigintAsText)}\n`)
      else process.stderr.write(`${describe(error, safe).join('\n')}\n`)
      return errorCodes[error.code].exit
    },
  }
}

/** Money, ids and weights are decimal strings in JSON: its numbers are not exact. */
const bigintAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)

function bar(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(share * barCells)
  return `${'█'.repeat(filled)}${'░'.repeat(barCells - filled)} ${Math.floor(share * 100)} %`
}

/** How fast, and how long it will take: `23.4 MB/s, 2 min left`. */
export function describeRate(bytes: number, elapsedMs: number, bytesLeft: number): string {
  const perSecond = (bytes * 1_000) / elapsedMs
  const speed = perSecond < 1e6 ? `${(perSecond / 1e3).toFixed(0)} kB/s` : `${(perSecond / 1e6).toFixed(1)} MB/s`
  if (perSecond === 0 || bytesLeft <= 0) return speed
  const seconds = Math.ceil(bytesLeft / perSecond)
  const left =
    seconds < 90
      ? `${seconds} s`
      : seconds < 5_400
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3_600)} h`
  return `${speed}, ${left} left`
}

/** What happened, where, what is safe, and what to do about it. */
function describe(error: AgoraiError, safe: string | undefined): string[] {
  const { title } = errorCodes[error.code]
  return [
    `${title} (${error.code})`,
    ...(error.shortMessage === '' ? [] : [`  ${plain(error.shortMessage)}`]),
    ...(error.field === undefined ? [] : [`  field: ${plain(error.field)}`]),
    ...(safe === undefined ? [] : [`  ${safe}`]),
    `  → ${remedyOf(error)}`,
  ]
}

/** Where only the option is missing that says who signs, that says more than the general remedy. */
const remedyOf = ({ code, field, remedy }: AgoraiError): string =>
  code === 'invalid_request' && field === 'account'
    ? 'Say who signs: `--account dev:6` on the local chain, else `--account <file with a private key>` or AGORAI_KEY.'
    : remedy
