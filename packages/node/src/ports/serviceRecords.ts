import type { Address, Hex } from 'viem'

/** The owner of a service asked this operator to serve it. */
export type ServiceStarted = {
  kind: 'service-started'
  /** EIP-712 digest of the signed request: handed in again, it changes nothing. */
  request: Hex
  asset: string
  owner: Address
  /** The offer of the model whose pass the owner holds. */
  offer?: string
  /** Unix seconds. */
  at: number
}

/** The owner asked to serve it no more. */
export type ServiceStopped = { kind: 'service-stopped'; request: Hex; asset: string; owner: Address; at: number }

export type ServiceJournalRecord = ServiceStarted | ServiceStopped
