/** Why a payment is refused, in x402's own words: clients act on some of them. */
export const x402Errors = {
  required: 'Payment required',
  noMatch: 'No matching payment requirements',
  invalidPayload: 'invalid_payload',
  // batch-settlement
  cumulativeMismatch: 'invalid_batch_settlement_evm_cumulative_amount_mismatch',
  belowClaimed: 'invalid_batch_settlement_evm_cumulative_below_claimed',
  exceedsBalance: 'invalid_batch_settlement_evm_cumulative_exceeds_balance',
  channelBusy: 'invalid_batch_settlement_evm_channel_busy',
  channelIdMismatch: 'invalid_batch_settlement_evm_channel_id_mismatch',
  channelNotFound: 'invalid_batch_settlement_evm_channel_not_found',
  receiverMismatch: 'invalid_batch_settlement_evm_receiver_mismatch',
  receiverAuthorizerMismatch: 'invalid_batch_settlement_evm_receiver_authorizer_mismatch',
  withdrawDelayMismatch: 'invalid_batch_settlement_evm_withdraw_delay_mismatch',
  tokenMismatch: 'invalid_batch_settlement_evm_token_mismatch',
  voucherSignature: 'invalid_batch_settlement_evm_voucher_signature',
  depositSignature: 'invalid_batch_settlement_evm_receive_authorization_signature',
  depositFailed: 'invalid_batch_settlement_evm_deposit_transaction_failed',
  depositTooSmall: 'invalid_batch_settlement_evm_deposit_below_min_deposit',
  depositTooEarly: 'invalid_batch_settlement_evm_payload_authorization_valid_after',
  depositTooLate: 'invalid_batch_settlement_evm_payload_authorization_valid_before',
  insufficientBalance: 'invalid_batch_settlement_evm_insufficient_balance',
  refundNoBalance: 'invalid_batch_settlement_evm_refund_no_balance',
  refundAmount: 'invalid_batch_settlement_evm_refund_amount_invalid',
  refundFailed: 'invalid_batch_settlement_evm_refund_transaction_failed',
  /** Ours: the payer has begun to withdraw, so the channel pays for nothing more. */
  channelExpiring: 'channel_expiring',
  /** Ours: a part was given back a short while ago; all of it is given back at any time. */
  refundTooSoon: 'refund_too_soon',
  /** Ours: the voucher paid before, and a claim may have shown it to everybody; one over another amount is taken. */
  voucherShown: 'voucher_shown',
  // exact
  exactSignature: 'invalid_exact_evm_signature',
  exactRecipient: 'invalid_exact_evm_recipient_mismatch',
  exactAmount: 'invalid_exact_evm_authorization_value',
  exactTooEarly: 'invalid_exact_evm_payload_authorization_valid_after',
  exactTooLate: 'invalid_exact_evm_payload_authorization_valid_before',
  exactNonceUsed: 'invalid_exact_evm_nonce_already_used',
  exactInsufficient: 'invalid_exact_evm_insufficient_balance',
  exactFailed: 'invalid_exact_evm_transaction_failed',
} as const

export type X402Error = (typeof x402Errors)[keyof typeof x402Errors]
