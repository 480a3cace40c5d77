import type { ContractEvent, EventPage } from '@agorai/core'
import type { Hex } from 'viem'
import { type ReadEventsParameters, reorgDepthMax } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'

type EventRow = {
  name: string
  contract: ContractEvent['contract']
  block_number: bigint
  log_index: number
  transaction_hash: Hex
  args: Record<string, unknown>
  hash: Hex
  timestamp: bigint
}

/** Above every log of a block. */
const endOfBlock = 2 ** 31 - 1

/** A page of the event log after the reader's last event, or after the last of them that is still on the chain. */
export async function readEvents(
  snapshot: Queryable,
  { after, earlier = [], names, limit }: ReadEventsParameters,
): Promise<EventPage> {
  const place = after === undefined ? undefined : await findPlace(snapshot, after, earlier)
  // A reader ahead of the index waits for it.
  if (place === 'ahead') return { retractedAbove: null, events: [], cursor: after ?? null, more: false }
  const rows = await snapshot.query<EventRow>(
    `SELECT e.*, b.hash, b.timestamp FROM (
       SELECT * FROM events
       WHERE (block_number, log_index) > ($1::bigint, $2::integer) AND ($3::text[] IS NULL OR name = ANY ($3::text[]))
       ORDER BY block_number, log_index LIMIT $4::integer
     ) e JOIN blocks b ON b.number = e.block_number ORDER BY e.block_number, e.log_index`,
    [place?.block ?? -1, place?.index ?? -1, names === undefined ? null : [...names], limit + 1],
  )
  const events = rows.slice(0, limit).map(toEvent)
  const retractedAbove = place?.isRetracted ? place.block : null
  // What is void is no place to go on from.
  const rest = place?.isRetracted ? await lastEvent(snapshot, place.block) : after
  return { retractedAbove, events, cursor: events.at(-1)?.id ?? rest ?? null, more: rows.length > limit }
}

/** The id of the last event up to a block, or of all. */
export async function lastEvent(database: Queryable, upTo?: number): Promise<string | undefined> {
  const [row] = await database.query<{ block_number: bigint; log_index: number; hash: Hex }>(
    `SELECT e.block_number, e.log_index, b.hash FROM (
       SELECT block_number, log_index FROM events WHERE block_number <= $1::bigint
       ORDER BY block_number DESC, log_index DESC LIMIT 1
     ) e JOIN blocks b ON b.number = e.block_number`,
    [upTo ?? Number.MAX_SAFE_INTEGER],
  )
  return row === undefined ? undefined : cursorOf(row)
}

const cursorOf = ({ block_number, log_index, hash }: Pick<EventRow, 'block_number' | 'log_index' | 'hash'>) =>
  `${block_number}-${log_index}-${hash.slice(2, 18)}`

const toEvent = (row: EventRow): ContractEvent => ({
  id: cursorOf(row),
  name: row.name,
  contract: row.contract,
  block: Number(row.block_number),
  blockHash: row.hash,
  logIndex: row.log_index,
  transaction: row.transaction_hash,
  timestamp: Number(row.timestamp),
  args: row.args,
})

function parseCursor(cursor: string) {
  const [block = '', index = '', hash = ''] = cursor.split('-')
  return { block: Number(block), index: Number(index), hash: `0x${hash}` }
}

type Place = { block: number; index: number; isRetracted: boolean }

async function findPlace(snapshot: Queryable, after: string, earlier: readonly string[]): Promise<Place | 'ahead'> {
  const places = [after, ...earlier].map(parseCursor)
  const [last] = places
  if (last === undefined) return 'ahead'
  const rows = await snapshot.query<{ number: bigint; hash: Hex }>(
    'SELECT number, hash FROM blocks WHERE number = ANY ($1::bigint[])',
    [places.map(({ block }) => `${block}`)],
  )
  const hashes = new Map(rows.map(({ number, hash }) => [Number(number), hash]))
  const held = places.find(({ block, hash }) => hashes.get(block)?.startsWith(hash))
  if (held === last) return { block: last.block, index: last.index, isRetracted: false }
  // A block with an event is never dropped, so the chain took it back.
  if (held !== undefined) return { block: held.block, index: endOfBlock, isRetracted: true }
  const [progress] = await snapshot.query<{ number: bigint | null }>('SELECT number FROM progress')
  if (last.block > Number(progress?.number ?? -1n)) return 'ahead'
  // Where the fork is nobody remembers; it is no deeper than this.
  return { block: Math.max(last.block - reorgDepthMax, -1), index: endOfBlock, isRetracted: true }
}
