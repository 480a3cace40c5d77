import { AgoraiError, accessMarketAbi, revenueLedgerAbi } from '@agorai/core'
import {
  BaseError,
  ChainMismatchError,
  ContractFunctionExecutionError,
  ContractFunctionRevertedError,
  HttpRequestError,
  InsufficientFundsError,
  TimeoutError,
  UserRejectedRequestError,
} from 'viem'
import { mainnet } from 'viem/chains'
import { encodeErrorResult } from 'viem/utils'
import { expect, test } from 'vitest'
import { toAgoraiError } from './toAgoraiError.js'

const wrap = (cause: BaseError): BaseError =>
  new ContractFunctionExecutionError(cause, { abi: accessMarketAbi, functionName: 'buy', args: [] })

test('a revert keeps its name and values, also when another contract was the one that reverted', () => {
  const data = encodeErrorResult({
    abi: revenueLedgerAbi,
    errorName: 'AccessMarket_PriceAboveMax',
    args: [10n, 9n],
  })
  // The ABI of the call knows nothing of this error.
  const reverted = new ContractFunctionRevertedError({ abi: [], data, functionName: 'buy' })
  expect(toAgoraiError(wrap(reverted))).toMatchObject({
    code: 'price_above_max',
    details: { revert: 'AccessMarket_PriceAboveMax', price: '10', amountMax: '9' },
  })
})

test('an unknown revert is still a revert', () => {
  const reverted = new ContractFunctionRevertedError({ abi: [], data: '0x12345678', functionName: 'buy' })
  expect(toAgoraiError(wrap(reverted))).toMatchObject({ code: 'transaction_reverted' })
})

test.each([
  ['chain_unavailable', new HttpRequestError({ url: 'http://127.0.0.1:1' })],
  ['chain_unavailable', new TimeoutError({ body: {}, url: 'http://127.0.0.1:1' })],
  ['funds_missing', new InsufficientFundsError()],
  ['wallet_declined', new UserRejectedRequestError(new Error('no'))],
  ['wrong_chain', new ChainMismatchError({ chain: mainnet, currentChainId: 31_337 })],
  ['transaction_reverted', new BaseError('something else')],
] as const)('%s', (code, cause) => {
  const error = toAgoraiError(new BaseError('failed', { cause }))
  expect(error.code).toBe(code)
  expect(error.walk((each) => each === cause)).toBe(cause)
})

test('an error of ours stays as it is, and a stranger is internal', () => {
  const error = new AgoraiError('not_found', 'Nothing.')
  expect(toAgoraiError(error)).toBe(error)
  expect(toAgoraiError(new TypeError('x'))).toMatchObject({ code: 'internal' })
})
