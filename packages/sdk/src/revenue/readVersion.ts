import { AgoraiError, type Version } from '@agorai/core'
import { getVersions } from '../actions/getVersions.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { assetOfVersion } from './assetOfVersion.js'

/**
 * A version as the index has it, however many its asset published since: pages go on below the id that their cursor names.
 *
 * @throws AgoraiError `not_found` also where the node does not know it yet
 */
export async function readVersion(client: AgoraiClient, id: bigint): Promise<Version> {
  const asset = await assetOfVersion(client, id)
  const { versions } = await getVersions(client, { asset, cursor: `${id + 1n}`, limit: 1 })
  const [version] = versions
  if (version === undefined || BigInt(version.id) !== id)
    throw new AgoraiError('not_found', `The node does not know version ${id} yet.`, { details: { version: `${id}` } })
  return version
}
