import {
  AgoraiError,
  batchSettlementAbi,
  errorCodes,
  fromRevert,
  isAgoraiError,
  type operatorReceiverAbi,
} from '@agorai/core'
import {
  BaseError,
  type ContractErrorName,
  ExecutionRevertedError,
  type Hex,
  HttpRequestError,
  InsufficientFundsError,
  NonceTooLowError,
  TimeoutError,
} from 'viem'
import { decodeErrorResult } from 'viem/utils'

type Refusal = ContractErrorName<typeof batchSettlementAbi> | ContractErrorName<typeof operatorReceiverAbi>

const otherOperator =
  'The channel names another operator: AGORAI_OPERATOR_KEYS must be the keys that it was opened for.'

/** What to do about refusals of the contracts that the operator sends to; those of the ledger have codes of their own. */
const remedies: Partial<Record<Refusal, string>> = {
  InvalidChannel: 'Read the channel again: its terms are not those that it was opened with.',
  DepositOverflow: 'Deposit less; a channel holds less than 2^128 base units.',
  InvalidSignature: 'Have it signed again, by the key that the channel names.',
  NotReceiverAuthorizer: otherOperator,
  NotAuthorizedToClaim: otherOperator,
  NotAuthorizedToRefund: otherOperator,
  ClaimExceedsCeiling: 'Ask the payer for a voucher over what was charged.',
  ClaimExceedsBalance: 'Claim what the channel still holds: its payer has withdrawn the rest.',
  WithdrawDelayOutOfRange: 'Set AGORAI_WITHDRAW_DELAY to 900 seconds at least and 2592000 at most.',
  DepositCollectionFailed:
    'Have the payer look at its balance and sign again: the token refused the transfer, as one that is used, expired or not covered.',
  InvalidRefundNonce: 'Read the channel again and sign for its present nonce: another refund came first.',
  OperatorReceiver_NotOwner: 'Send it from the account that the receiver belongs to.',
  OperatorReceiver_NotStater: 'Send it from the account that the receiver belongs to, or from its authorizer.',
  OperatorReceiver_HistoryDiffers: 'Compute the parts again: something was handed on since.',
  OperatorReceiver_NotSettled: 'State at most what was settled and still waits in the receiver.',
  OperatorReceiver_NothingToRescue: 'Nothing is to be done: the receiver holds none of this token beside what is owed.',
  OperatorReceiver_BadPayee: 'Name an account that is neither zero nor one of the contracts.',
}

/** What the failure of an estimate or of a sending means. */
export function toSendError(error: unknown): unknown {
  if (isAgoraiError(error) || !(error instanceof BaseError)) return error
  if (isPoor(error)) return new AgoraiError('funds_missing', 'The operator has no ether for gas.', { cause: error })
  const data = revertDataOf(error)
  const refused =
    data !== undefined ||
    error.walk((cause) => cause instanceof ExecutionRevertedError) !== null ||
    /revert|evm error|invalid opcode|out of gas/.test(textOf(error)) ||
    // More than a block, or a transaction, may take: no endpoint will ever send it.
    /gas required exceeds|exceeds block gas limit|gas limit too high/.test(textOf(error))
  if (refused) return toRefusal(data, { cause: error })
  return new AgoraiError('chain_unavailable', 'The chain does not answer; nothing was sent.', { cause: error })
}

/** A `transaction_reverted` that names the contract's error and, where there is one, the remedy. */
export function toRefusal(
  data: Hex | undefined,
  { cause, transaction }: { cause?: unknown; transaction?: Hex } = {},
): AgoraiError {
  const named = data === undefined ? undefined : decode(data)
  const said = named?.shortMessage ?? 'The contract refused it and gave no reason.'
  const details = { ...named?.details, ...(transaction === undefined ? {} : { transaction }) }
  return new AgoraiError('transaction_reverted', said, { details, cause })
}

function decode(data: Hex): { shortMessage: string; details: AgoraiError['details'] } | undefined {
  try {
    // Each generated ABI carries the errors of all contracts, so this also names what a nested call refused.
    const { errorName, args = [] } = decodeErrorResult({ abi: batchSettlementAbi, data })
    const { code, shortMessage, details } = fromRevert(errorName, args as readonly unknown[])
    const remedy =
      Object.entries(remedies).find(([name]) => name === errorName)?.[1] ??
      (code === 'transaction_reverted' ? undefined : errorCodes[code].remedy)
    return { shortMessage: remedy === undefined ? shortMessage : `${shortMessage} ${remedy}`, details }
  } catch {
    return undefined
  }
}

/** What a call reverted with, as far as the endpoint tells. */
export function revertDataOf(error: unknown): Hex | undefined {
  if (!(error instanceof BaseError)) return undefined
  const holder = error.walk((cause) => isHex((cause as { data?: unknown }).data)) as { data: Hex } | null
  return holder?.data
}

const isHex = (value: unknown): value is Hex => typeof value === 'string' && /^0x([0-9a-f]{2})*$/i.test(value)

/** The chain has this very transaction. */
export const isKnown = (error: unknown): boolean => /already known|already imported/.test(textOf(error))

export const isNonceTaken = (error: unknown): boolean =>
  error instanceof BaseError &&
  (error.walk((cause) => cause instanceof NonceTooLowError) !== null ||
    /nonce too low|underpriced|nonce too high/.test(textOf(error)))

/** Whether the endpoint gave no answer, so that it may have done what it was asked. */
export function isSilent(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false
  const silence = error.walk((cause) => cause instanceof TimeoutError || cause instanceof HttpRequestError)
  if (silence === null) return false
  const status = silence instanceof HttpRequestError ? silence.status : undefined
  return status === undefined ? !everythingSaid(error).includes('ECONNREFUSED') : status >= 500
}

const isPoor = (error: BaseError): boolean =>
  error.walk((cause) => cause instanceof InsufficientFundsError) !== null || /insufficient funds/.test(textOf(error))

const textOf = (error: unknown): string =>
  error instanceof BaseError ? `${error.details} ${error.message}`.toLowerCase() : ''

/** Node names why it could not connect in the causes of the failure, or in their codes. */
function everythingSaid(error: unknown): string {
  const said: string[] = []
  // Bounded: a chain of causes may be a circle.
  for (let depth = 0, at = error; depth < 16 && at instanceof Error; depth++, at = at.cause)
    said.push(at.message, String((at as { code?: unknown }).code ?? ''))
  return said.join(' ')
}
