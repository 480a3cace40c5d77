import { AgoraiError, accessMarketAbi, fromRevert } from '@agorai/core'
import { BaseError, ContractFunctionRevertedError, type Hex } from 'viem'
import { decodeErrorResult } from 'viem/utils'

/** Names that viem gives to failures which say nothing of the request itself. */
const unreachable = new Set(['HttpRequestError', 'TimeoutError', 'WebSocketRequestError', 'SocketClosedError'])

/**
 * What a failed call, transaction or signature means. This is the one place where failures of the chain are decoded; the
 * original stays in `cause`.
 */
export function toAgoraiError(cause: unknown): AgoraiError {
  if (cause instanceof AgoraiError) return cause
  if (!(cause instanceof BaseError)) return new AgoraiError('internal', 'The chain client failed.', { cause })
  const named = (names: ReadonlySet<string>): boolean =>
    cause.walk((error) => error instanceof Error && names.has(error.name)) !== null
  const reverted = cause.walk((error) => error instanceof ContractFunctionRevertedError)
  if (reverted instanceof ContractFunctionRevertedError) return withCause(decodeRevert(reverted), cause)
  if (named(new Set(['UserRejectedRequestError'])))
    return new AgoraiError('wallet_declined', 'The wallet did not sign.', { cause })
  if (named(new Set(['ChainMismatchError'])))
    return new AgoraiError('wrong_chain', cause.shortMessage.slice(0, 300), { cause })
  if (named(new Set(['InsufficientFundsError'])))
    return new AgoraiError('funds_missing', 'The account cannot pay for the gas of this transaction.', { cause })
  if (named(unreachable)) return new AgoraiError('chain_unavailable', 'The chain did not answer.', { cause })
  return new AgoraiError('transaction_reverted', cause.shortMessage.slice(0, 300), { cause })
}

function decodeRevert({ data, raw, reason }: ContractFunctionRevertedError): AgoraiError {
  if (data !== undefined) return fromRevert(data.errorName, data.args ?? [])
  const decoded = raw === undefined ? undefined : decodeRaw(raw)
  if (decoded !== undefined) return fromRevert(decoded.errorName, decoded.args ?? [])
  return fromRevert('Error', reason === undefined ? [] : [reason])
}

/** Each generated ABI carries the errors of all contracts, so one of them decodes whatever a nested call reverted with. */
function decodeRaw(data: Hex): { errorName: string; args?: readonly unknown[] } | undefined {
  try {
    return decodeErrorResult({ abi: accessMarketAbi, data })
  } catch {
    return undefined
  }
}

const withCause = (error: AgoraiError, cause: unknown): AgoraiError =>
  new AgoraiError(error.code, error.shortMessage, { details: { ...error.details }, cause })
