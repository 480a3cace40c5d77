import { AgoraiError, errorCodes, isAgoraiError } from '@agorai/core'
import { plain } from './format.js'

/** Where a command's words go: results to stdout, progress and errors to stderr. */
export type Output = {
  /** With `--json`, the one object that stdout gets. Without it, the lines for people. */
  result(value: unknown, lines: readonly string[]): void
  /** What is being waited for, and how far it is; nothing unless stderr is a terminal. */
  progress(phase: string, done?: number, total?: number): void
  /** Tells what happened, what is `safe`, and what to do. @returns The exit code of the error. */
  fail(error: unknown, safe?: string): number
}

const barCells = 24
const clearLine = '\r\x1b[2K'

export function createOutput(json: boolean): Output {
  const live = process.stderr.isTTY === true && !json
  let shown = false
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
      process.stderr.write(
        `${clearLine}${phase}${total === undefined || done === undefined ? '' : ` ${bar(done, total)}`}`,
      )
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

/** What happened, where, what is safe, and what to do about it. */
function describe(error: AgoraiError, safe: string | undefined): string[] {
  const { title } = errorCodes[error.code]
  return [
    `${title} (${error.code})`,
    ...(error.shortMessage === '' ? [] : [`  ${plain(error.shortMessage)}`]),
    ...(error.field === undefined ? [] : [`  field: ${plain(error.field)}`]),
    ...(safe === undefined ? [] : [`  ${safe}`]),
    `  → ${error.remedy}`,
  ]
}
