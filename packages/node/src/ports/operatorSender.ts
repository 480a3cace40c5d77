import type { Address, Hex, TransactionReceipt } from 'viem'

export type OperatorCall = {
  to: Address
  data: Hex
  /** As `estimate` gave it; asked for when it is missing. */
  gas?: bigint
  /**
   * What takes more counts as refused: where contracts of strangers are asked, they decide what it takes. A transaction gets
   * a quarter more than was estimated.
   */
  gasMax?: bigint
}

/** Sends transactions from the operator's account, as many at once as are wanted. */
export type OperatorSender = {
  /**
   * The gas that a call would take now.
   *
   * @throws AgoraiError `transaction_reverted` when the contract refuses it, which `details.revert` names; `chain_unavailable`
   */
  estimate(call: OperatorCall): Promise<bigint>
  /**
   * Sends a call and waits until it is mined. What is not mined for its price is sent again for more under the same nonce, so
   * it is done once; whoever does not wait any longer does not end that.
   *
   * @param timeoutMs How long is waited; as long as it is tried where it is missing.
   * @throws AgoraiError `transaction_reverted`; `funds_missing` when the account cannot pay for the gas; `chain_unavailable`
   * when it could not be sent, or when it is not known whether it was mined: then `details.transaction` names it.
   */
  send(call: OperatorCall, timeoutMs?: number): Promise<TransactionReceipt>
  /** Ends all waiting. What was sent may still be mined. */
  stop(): Promise<void>
}
