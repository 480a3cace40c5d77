import { AgoraiError } from '@agorai/core'
import { type AbiEvent, decodeEventLog, type Hex, parseAbiItem, toEventSelector } from 'viem'

/** What ERC-20 and ERC-721 both call a transfer; they differ in whether the last word is indexed. */
export const transferEvents = [
  'Transfer(address indexed from, address indexed to, uint256 value)',
  'Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
] as const

export type HistoryEvents = {
  /** As they were given, without the word `event`. */
  signatures: string[]
  selectors: readonly Hex[]
  /** Name and arguments of a log, as JSON: whole numbers are decimal strings. Nothing where no signature fits. */
  decode(log: { topics: readonly Hex[]; data: Hex }): { event?: string; args?: Record<string, unknown> }
}

/** @throws AgoraiError `invalid_request` with the signature that cannot be read. */
export function readEvents(given: readonly string[]): HistoryEvents {
  const signatures = given.map((signature) => signature.trim().replace(/^event\s+/, ''))
  const parsed = signatures.map(parseEvent)
  const bySelector = parsed.map((event) => ({
    event,
    selector: toEventSelector(event),
    topics: 1 + event.inputs.filter(({ indexed }) => indexed).length,
  }))
  return {
    signatures,
    selectors: [...new Set(bySelector.map(({ selector }) => selector))],
    decode({ topics, data }) {
      const fits = bySelector.find((each) => each.selector === topics[0] && each.topics === topics.length)
      if (fits === undefined) return {}
      try {
        const { args } = decodeEventLog({ abi: [fits.event], topics: [...topics] as [Hex, ...Hex[]], data })
        return { event: fits.event.name, args: toJson(args ?? {}) as Record<string, unknown> }
      } catch {
        // A contract may log what its signature does not describe; the row still has the words themselves.
        return {}
      }
    },
  }
}

function parseEvent(signature: string): AbiEvent {
  const bad = (cause?: unknown): AgoraiError =>
    new AgoraiError('invalid_request', `"${signature}" is not the signature of an event.`, { field: 'events', cause })
  try {
    const item = parseAbiItem([`event ${signature}`] as readonly string[]) as AbiEvent
    if (item.inputs.every(({ name }) => name !== undefined && name !== '')) return item
  } catch (cause) {
    throw bad(cause)
  }
  throw bad()
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toJson(each)]))
}
