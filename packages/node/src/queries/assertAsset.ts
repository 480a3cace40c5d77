import { AgoraiError } from '@agorai/core'
import type { Queryable } from '../ports/database.js'

/** @throws AgoraiError `not_found` */
export async function assertAsset(database: Queryable, asset: bigint): Promise<void> {
  const [row] = await database.query('SELECT 1 FROM asset_owners WHERE asset = $1::numeric', [asset])
  if (row === undefined) throw noAsset(asset)
}

export const noAsset = (asset: bigint): AgoraiError =>
  new AgoraiError('not_found', `There is no asset ${asset}.`, { field: 'id' })
