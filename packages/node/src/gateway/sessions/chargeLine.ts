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
  /** Of the token that was bound to the call; empty for a bearer, whose calls have counters of their own. */
  mac: string
}

/** A line and not an object, as there are thousands of them in a record. No field can hold the separator. */
export const chargeLine = (call: ChargedCall): string =>
  `${call.counter}|${call.amount}|${call.version}|${call.at}|${call.usage}|${call.requestHash}|${call.responseHash}|${call.mac}`

export function parseChargeLine(line: string): ChargedCall {
  const [counter = '', amount = '0', version = '', at = '', usage = '', requestHash = '', responseHash = '', mac = ''] =
    line.split('|')
  const numbers = { counter: Number(counter), amount: BigInt(amount), at: Number(at) }
  return { ...numbers, version, usage, requestHash, responseHash, mac }
}

/**
 * What tells a call from others under its counter: the mac is over method, path and body. A body alone may be asked of a
 * cheap service and of a dear one.
 */
export const nameOfCall = ({ mac, requestHash }: ChargedCall): string => (mac === '' ? requestHash : mac)

/** The counter of a line, which stands first. */
export const counterOfLine = (line: string): number => Number(line.slice(0, line.indexOf('|')))
