import type { Pass } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { getAddress } from 'viem/utils'
import type { Queryable } from '../ports/database.js'

/** Passes shown of one holder: the newest. */
const passesMax = 1_000

type PassRow = {
  offer: bigint
  asset: bigint
  holder: Address
  version: bigint
  amount: bigint
  transaction_hash: Hex
  block_number: bigint
}

export async function getPasses(database: Queryable, holder: Address): Promise<Pass[]> {
  const rows = await database.query<PassRow>(
    `SELECT offer, asset, holder, version, amount, transaction_hash, block_number FROM pass_granted
     WHERE holder = $1::text ORDER BY block_number DESC, log_index DESC LIMIT ${passesMax}`,
    [holder.toLowerCase()],
  )
  return rows.reverse().map((row) => ({
    offer: `${row.offer}`,
    asset: `${row.asset}`,
    holder: getAddress(row.holder),
    version: `${row.version}`,
    amount: `${row.amount}`,
    transaction: row.transaction_hash,
    block: Number(row.block_number),
  }))
}
