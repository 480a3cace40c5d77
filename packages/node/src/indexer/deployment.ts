import { AgoraiError, revenueLedgerAbi } from '@agorai/core'
import type { PublicClient } from 'viem'
import type { Database } from '../ports/database.js'
import type { Addresses } from './events.js'

type DeploymentRow = {
  chain_id: bigint
  asset_registry: string
  revenue_ledger: string
  access_market: string
  start_block: bigint
}

/**
 * Writes down whose index this is when it is new, and refuses to mix two deployments in one.
 *
 * @throws AgoraiError `config_invalid`
 */
export async function assertDeployment(
  database: Database,
  client: PublicClient,
  addresses: Addresses,
  startBlock: bigint,
): Promise<void> {
  const wanted: DeploymentRow = {
    chain_id: BigInt(await client.getChainId()),
    asset_registry: addresses.assetRegistry.toLowerCase(),
    revenue_ledger: addresses.revenueLedger.toLowerCase(),
    access_market: addresses.accessMarket.toLowerCase(),
    start_block: startBlock,
  }
  const [found] = await database.query<DeploymentRow>(
    'SELECT chain_id, asset_registry, revenue_ledger, access_market, start_block FROM progress',
  )
  if (found !== undefined) return refuseOther(found, wanted)
  const treasury = await client.readContract({
    address: addresses.revenueLedger,
    abi: revenueLedgerAbi,
    functionName: 'treasury',
  })
  await database.query(
    `INSERT INTO progress (chain_id, asset_registry, revenue_ledger, access_market, treasury, start_block, finalised)
     VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::bigint) ON CONFLICT DO NOTHING`,
    [
      wanted.chain_id,
      wanted.asset_registry,
      wanted.revenue_ledger,
      wanted.access_market,
      treasury.toLowerCase(),
      startBlock,
      startBlock - 1n,
    ],
  )
}

function refuseOther(found: DeploymentRow, wanted: DeploymentRow): void {
  for (const key of Object.keys(wanted) as (keyof DeploymentRow)[]) {
    if (found[key] === wanted[key]) continue
    throw new AgoraiError('config_invalid', `The index was made with ${key} ${found[key]}, not ${wanted[key]}.`, {
      field: key,
    })
  }
}
