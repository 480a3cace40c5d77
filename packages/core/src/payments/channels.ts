import type { Address, Hex } from 'viem'

/**
 * A payment channel of x402's `batch-settlement` scheme (specs/schemes/batch-settlement/scheme_batch_settlement_evm.md):
 * a payer deposits once and signs vouchers over a cumulative amount; who is paid claims the last of them.
 */
export type ChannelConfig = {
  payer: Address
  /** Signs the vouchers; the zero address leaves that to the payer, who may be a contract. */
  payerAuthorizer: Address
  receiver: Address
  receiverAuthorizer: Address
  token: Address
  /** Seconds from the wish to withdraw to the withdrawal. */
  withdrawDelay: number
  salt: Hex
}

/**
 * Whether a channel's payer is asked itself whether it signed a voucher: as a contract, which any account can become
 * (EIP-7702), it can say another thing when the voucher is claimed than when it paid. A key cannot.
 */
export const isDeniable = ({ payerAuthorizer }: Pick<ChannelConfig, 'payerAuthorizer'>): boolean =>
  payerAuthorizer === '0x0000000000000000000000000000000000000000'

/** Where the contract is on every chain that has it. */
export const batchSettlementAddress: Address = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003'
/** What takes a deposit by EIP-3009 and hands it to that contract. */
export const depositCollectorAddress: Address = '0x4020806089470a89826cB9fB1f4059150b550004'

/** Limits of the contract, in seconds. */
export const withdrawDelayMin = 900
export const withdrawDelayMax = 2_592_000

export const uint128Max = 2n ** 128n - 1n

export const channelTypes = {
  ChannelConfig: [
    { name: 'payer', type: 'address' },
    { name: 'payerAuthorizer', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'receiverAuthorizer', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'withdrawDelay', type: 'uint40' },
    { name: 'salt', type: 'bytes32' },
  ],
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
  ],
  Refund: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'nonce', type: 'uint256' },
    { name: 'amount', type: 'uint128' },
  ],
  ClaimBatch: [{ name: 'claims', type: 'ClaimEntry[]' }],
  ClaimEntry: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
    { name: 'totalClaimed', type: 'uint128' },
  ],
} as const

const authorization = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const

/** EIP-3009, for purchases, for a payer's deposit and for `exact`. */
export const authorizationTypes = {
  ReceiveWithAuthorization: authorization,
  TransferWithAuthorization: authorization,
} as const

export const channelDomain = (chainId: number) =>
  ({ name: 'x402 Batch Settlement', version: '1', chainId, verifyingContract: batchSettlementAddress }) as const

/** A row of a claim: `totalClaimed` is what is to be claimed in all, at most what the voucher allows. */
export type VoucherClaim = {
  channel: Hex
  config: ChannelConfig
  maxClaimableAmount: bigint
  signature: Hex
  totalClaimed: bigint
}

/** The claim as the contract takes it. */
export const toContractClaim = ({ config, maxClaimableAmount, signature, totalClaimed }: VoucherClaim) => ({
  voucher: { channel: config, maxClaimableAmount },
  signature,
  totalClaimed,
})
