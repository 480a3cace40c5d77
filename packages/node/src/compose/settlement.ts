import { channelDomain, channelTypes, type VoucherClaim } from '@agorai/core'
import type { NodeConfig } from '../config.js'
import type { Chain } from '../ports/chain.js'
import type { OperatorKeys } from '../ports/keys.js'
import { type Metrics, noMetrics } from '../ports/metrics.js'
import type { OperatorSender } from '../ports/operatorSender.js'
import type { SettlementRecords } from '../ports/settlement.js'
import { connectSettlement } from '../worker/connectSettlement.js'
import { createSettlement, type Settlement } from '../worker/createSettlement.js'
import type { Parts } from './parts.js'

export type OpenSettlementOptions = {
  chain: Chain
  addresses: Parts['addresses']
  keys: OperatorKeys
  sender: OperatorSender
  records: SettlementRecords
  metrics?: Metrics
  onWarning(message: string, cause?: unknown): void
}

/** Payers wait for what is settled on a local chain; elsewhere each round costs gas. */
const secondsDefault = { local: 10, elsewhere: 3_600 }

/** @returns Undefined on a chain without payment channels. */
export async function openSettlement(
  { settle, payments }: NodeConfig,
  options: OpenSettlementOptions,
): Promise<Settlement | undefined> {
  const { chain, addresses, keys, sender, records, metrics = noMetrics, onWarning } = options
  if (addresses.batchSettlement === undefined) return undefined
  const { publicClient, local, id } = chain
  const { account } = keys
  return createSettlement({
    records,
    chain: connectSettlement({ publicClient, operator: account.address, addresses, sender }),
    authorize: (rows) => account.signTypedData(batchToSign(id, rows)),
    policy: {
      value: settle.value,
      // Half of what such a channel may owe, so that a call that asks for the other half never waits for the age.
      deniableValue: payments.deniableMax / 2n,
      seconds: settle.seconds ?? secondsDefault[local ? 'local' : 'elsewhere'],
    },
    pollMs: local ? 1_000 : 12_000,
    metrics,
    onWarning,
  })
}

export const batchToSign = (chainId: number, rows: readonly VoucherClaim[]) => ({
  domain: channelDomain(chainId),
  types: { ClaimBatch: channelTypes.ClaimBatch, ClaimEntry: channelTypes.ClaimEntry },
  primaryType: 'ClaimBatch' as const,
  message: {
    claims: rows.map(({ channel, maxClaimableAmount, totalClaimed }) => ({
      channelId: channel,
      maxClaimableAmount,
      totalClaimed,
    })),
  },
})
