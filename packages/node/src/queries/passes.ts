import { decodeOfferFlags, type Pass, type PassList, perpetualExpiry } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { getAddress } from 'viem/utils'
import type { GetPassesParameters } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'

type PassRow = {
  offer: bigint
  asset: bigint
  kind: 'granted' | 'received' | 'refunded' | 'transferred'
  payer: Address
  version: bigint
  amount: bigint
  expiry: bigint
  refund_until: bigint
  flags: number
  released: boolean
  now: bigint
  transaction_hash: Hex
  block_number: bigint
  log_index: number | bigint
}

/**
 * The pass that an account holds, or held last, of each offer; those that moved last come first. A pass that came from
 * another account is followed back to its purchase.
 */
export async function getPasses(
  database: Queryable,
  { holder, asset, limit, cursor }: GetPassesParameters,
): Promise<PassList> {
  const [block, log] = cursor?.split('-') ?? []
  const rows = await database.query<PassRow>(
    `WITH RECURSIVE latest AS (
       SELECT * FROM (
         SELECT DISTINCT ON (offer) offer, kind, transaction_hash, block_number, log_index FROM pass_moves
         WHERE holder = $1::text AND ($2::numeric IS NULL OR offer IN (SELECT offer FROM offer_listed WHERE asset = $2::numeric))
         ORDER BY offer, block_number DESC, log_index DESC
       ) m WHERE $3::bigint IS NULL OR (block_number, log_index) < ($3::bigint, $4::bigint)
       ORDER BY block_number DESC, log_index DESC LIMIT $5::integer
     ), walk (offer, holder, block_number, log_index, until_block, until_log, next_holder, is_purchase) AS (
       -- Where each of its holders got it, and until when that one had it; the first row is yet to be found.
       SELECT offer, NULL, block_number, log_index,
         CASE WHEN kind IN ('granted', 'received') THEN NULL ELSE block_number END,
         CASE WHEN kind IN ('granted', 'received') THEN NULL ELSE log_index END, $1::text, false
       FROM latest
       UNION ALL
       SELECT w.offer, w.next_holder, p.block_number, p.log_index,
         CASE WHEN w.holder IS NULL THEN w.until_block ELSE w.block_number END,
         CASE WHEN w.holder IS NULL THEN w.until_log ELSE w.log_index END,
         coalesce(p.sender, w.next_holder), p.kind = 'granted'
       FROM walk w CROSS JOIN LATERAL (
         SELECT m.kind, m.sender, m.block_number, m.log_index FROM pass_moves m
         WHERE m.offer = w.offer AND m.holder = w.next_holder AND m.kind IN ('granted', 'received')
           AND (m.block_number, m.log_index) <= (w.block_number, w.log_index)
         ORDER BY m.block_number DESC, m.log_index DESC LIMIT 1
       ) p WHERE NOT w.is_purchase
     )
     SELECT l.offer, l.kind, l.transaction_hash, l.block_number, l.log_index, g.asset, g.payer, g.version, g.amount, g.expiry,
       g.refund_until, o.flags, (SELECT timestamp FROM blocks ORDER BY number DESC LIMIT 1) AS now,
       EXISTS (
         SELECT 1 FROM walk h JOIN pass_released r ON r.offer = h.offer AND r.holder = h.holder
         WHERE h.offer = l.offer AND (r.block_number, r.log_index) > (h.block_number, h.log_index)
           AND (h.until_block IS NULL OR (r.block_number, r.log_index) < (h.until_block, h.until_log))
       ) AS released
     FROM latest l JOIN walk w ON w.offer = l.offer AND w.is_purchase
     JOIN pass_granted g ON g.block_number = w.block_number AND g.log_index = w.log_index
     JOIN offer_listed o ON o.offer = l.offer
     ORDER BY l.block_number DESC, l.log_index DESC`,
    [holder.toLowerCase(), asset ?? null, block ?? null, log ?? null, limit + 1],
  )
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    passes: page.map((row) => toPass(row, holder)),
    nextCursor: last === undefined ? null : `${last.block_number}-${last.log_index}`,
  }
}

function toPass(row: PassRow, holder: Address): Pass {
  return {
    offer: `${row.offer}`,
    asset: `${row.asset}`,
    holder: getAddress(holder),
    payer: getAddress(row.payer),
    version: `${row.version}`,
    amount: `${row.amount}`,
    timed: decodeOfferFlags(row.flags).timed,
    expiry: row.expiry === perpetualExpiry ? null : Number(row.expiry),
    refundUntil: row.refund_until === 0n || row.released ? null : Number(row.refund_until),
    state: stateOf(row),
    transaction: row.transaction_hash,
    block: Number(row.block_number),
  }
}

/** The market looks at the time of the block that asks; here it is that of the last indexed one. */
function stateOf({ kind, expiry, now }: PassRow): Pass['state'] {
  if (kind === 'refunded' || kind === 'transferred') return kind
  return expiry > now ? 'running' : 'expired'
}
