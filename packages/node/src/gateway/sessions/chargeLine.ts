/** One call of a session as it is written down. */
export type ChargedCall = {
  counter: number
  /** Base units of the session's token. */
  amount: bigint
  version: string
  /** Unix seconds. */
  at: number
  /** As `formatUsage` writes it. */
  usage: string
  /** sha-256 of the bodies in base64url. */
  requestHash: string
  responseHash: string
}

/** A line and not an object, as there are thousands of them in a record. No field can hold the separator. */
export const chargeLine = (call: ChargedCall): string =>
  `${call.counter}|${call.amount}|${call.version}|${call.at}|${call.usage}|${call.requestHash}|${call.responseHash}`

export function parseChargeLine(line: string): ChargedCall {
  const [counter = '', amount = '0', version = '', at = '', usage = '', requestHash = '', responseHash = ''] =
    line.split('|')
  return { counter: Number(counter), amount: BigInt(amount), version, at: Number(at), usage, requestHash, responseHash }
}

/** The counter of a line, which stands first. */
export const counterOfLine = (line: string): number => Number(line.slice(0, line.indexOf('|')))
