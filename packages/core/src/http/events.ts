import { z } from 'zod'
import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '../generated/abis.js'
import { bytes32Schema, unixSchema } from './primitives.js'

/** Events of the standards that the registry follows; nothing of ours is in them. */
const standardNames = ['Approval', 'ApprovalForAll', 'MetadataUpdate', 'BatchMetadataUpdate']

/** Every event that the contracts emit and an index keeps. No two contracts have one of the same name. */
export const eventNames: readonly string[] = [...assetRegistryAbi, ...revenueLedgerAbi, ...accessMarketAbi]
  .flatMap((entry) => (entry.type === 'event' ? [entry.name] : []))
  .filter((name) => !standardNames.includes(name))

/**
 * Where a reader of the event log is: block, log in it, and the first 8 bytes of the block's hash, by which a node sees
 * that the block was replaced meanwhile.
 */
export const eventCursorSchema = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})-(0|[1-9]\d{0,8})-[0-9a-f]{16}$/, 'must be the id of an event')

export const eventSchema = z.strictObject({
  /** Its place, and the cursor from which the log goes on after it. */
  id: eventCursorSchema,
  name: z.string(),
  contract: z.enum(['assetRegistry', 'revenueLedger', 'accessMarket']),
  block: z.number().int(),
  blockHash: bytes32Schema,
  logIndex: z.number().int(),
  transaction: bytes32Schema,
  timestamp: unixSchema,
  /** Ids and money are decimal strings, addresses are in lower case. */
  args: z.record(z.string(), z.unknown()),
})

/** A stretch of the event log, in the order of the chain. */
export const eventPageSchema = z.strictObject({
  /**
   * The chain took back blocks above this one since the reader was there: what it has of them is void, and this page goes
   * on after this block. Null almost always.
   */
  retractedAbove: z.number().int().nullable(),
  events: z.array(eventSchema),
  /** Where to go on; null while there is nothing at all. */
  cursor: z.string().nullable(),
  /** Whether there is more already. */
  more: z.boolean(),
})

export type ContractEvent = z.infer<typeof eventSchema>
export type EventPage = z.infer<typeof eventPageSchema>
