import { setTimeout as pause } from 'node:timers/promises'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { LocalAccount, PublicClient, TransactionReceipt } from 'viem'
import { BaseError, ExecutionRevertedError, type Hex, InsufficientFundsError, NonceTooLowError } from 'viem'
import type { OperatorCall, OperatorSender } from '../../ports/operatorSender.js'

export type CreateOperatorSenderOptions = {
  publicClient: PublicClient
  account: LocalAccount
  chainId: number
  local: boolean
}

const sendAttemptsMax = 12
const feesMs = 10_000
const timeoutMsDefault = 60_000

/**
 * Sends from one account. Nonces are given out one after the other; where another process of the operator was faster, the
 * next one is taken. A transaction whose nonce went to another is sent again, so what is sent here must be harmless twice.
 */
export function createOperatorSender(options: CreateOperatorSenderOptions): OperatorSender {
  const { publicClient, account, chainId, local } = options
  let turn: Promise<unknown> = Promise.resolve()
  let next: number | undefined
  let underWay = 0
  let fees: { at: number; maxFeePerGas: bigint; maxPriorityFeePerGas: bigint } | undefined

  async function currentFees() {
    if (fees !== undefined && Date.now() - fees.at < feesMs) return fees
    const { maxFeePerGas, maxPriorityFeePerGas } = await publicClient.estimateFeesPerGas()
    // Twice the fee of now, so that it is still enough some blocks later; what is not needed is not paid.
    fees = { at: Date.now(), maxFeePerGas: 2n * maxFeePerGas, maxPriorityFeePerGas }
    return fees
  }

  /** One at a time: whoever has the turn has the next nonce. */
  function inTurn<value>(work: () => Promise<value>): Promise<value> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  async function submit({ to, data }: OperatorCall, gas: bigint): Promise<{ hash: Hex; nonce: number }> {
    for (let attempt = 1; ; attempt++) {
      const { maxFeePerGas, maxPriorityFeePerGas } = await currentFees()
      // While nothing is under way the chain knows best; it may have lost what was sent before.
      if (next === undefined || underWay === 0)
        next = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' })
      const nonce = next
      const serialized = await account.signTransaction({
        chainId,
        type: 'eip1559',
        to,
        data,
        gas,
        nonce,
        maxFeePerGas,
        maxPriorityFeePerGas,
      })
      try {
        const hash = await publicClient.sendRawTransaction({ serializedTransaction: serialized })
        next = nonce + 1
        return { hash, nonce }
      } catch (error) {
        next = undefined
        if (!isNonceTaken(error) || attempt >= sendAttemptsMax) throw error
        await pause(5 * attempt)
      }
    }
  }

  async function estimate({ to, data }: OperatorCall): Promise<bigint> {
    try {
      const gas = await publicClient.estimateGas({ account: account.address, to, data })
      return (gas * 5n) / 4n
    } catch (error) {
      throw toSendError(error)
    }
  }

  return {
    estimate,
    async send(call, timeoutMs = timeoutMsDefault) {
      const gas = call.gas ?? (await estimate(call))
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const sent = await inTurn(() => submit(call, gas)).catch((error: unknown) => {
          throw toSendError(error)
        })
        underWay += 1
        try {
          const receipt = await untilMined(publicClient, { ...sent, from: account.address, deadline, local })
          if (receipt === undefined) continue
          if (receipt.status === 'success') return receipt
          throw new AgoraiError('transaction_reverted', 'The contract refused the transaction when it was mined.', {
            details: { transaction: sent.hash },
          })
        } finally {
          underWay -= 1
        }
      }
    },
  }
}

type Waiting = { hash: Hex; nonce: number; from: Hex; deadline: number; local: boolean }

/** @returns Undefined when another transaction took the nonce, so that this one will never be mined. */
async function untilMined(client: PublicClient, waiting: Waiting): Promise<TransactionReceipt | undefined> {
  const { hash, nonce, from, deadline, local } = waiting
  let waitMs = local ? 2 : 250
  for (let look = 1; ; look++) {
    const found = await client.getTransactionReceipt({ hash }).catch(() => undefined)
    if (found !== undefined) return found
    if (Date.now() > deadline)
      throw new AgoraiError('chain_unavailable', 'The transaction was sent; it is not known whether it was mined.', {
        details: { transaction: hash },
      })
    if (look % 8 === 0) {
      const used = await client.getTransactionCount({ address: from, blockTag: 'latest' }).catch(() => 0)
      // The receipt may have come in between.
      if (used > nonce) return client.getTransactionReceipt({ hash }).catch(() => undefined)
    }
    await pause(waitMs)
    waitMs = Math.min(2 * waitMs, local ? 200 : 2_000)
  }
}

const textOf = (error: unknown): string =>
  error instanceof BaseError ? `${error.details} ${error.message}`.toLowerCase() : ''

const isNonceTaken = (error: unknown): boolean =>
  error instanceof BaseError &&
  (error.walk((cause) => cause instanceof NonceTooLowError) !== null ||
    /nonce too low|already known|already imported|underpriced|nonce too high/.test(textOf(error)))

const isPoor = (error: unknown): boolean =>
  error instanceof BaseError &&
  (error.walk((cause) => cause instanceof InsufficientFundsError) !== null || /insufficient funds/.test(textOf(error)))

function toSendError(error: unknown): unknown {
  if (isAgoraiError(error) || !(error instanceof BaseError)) return error
  if (isPoor(error)) return new AgoraiError('funds_missing', 'The operator has no ether for gas.', { cause: error })
  const refused =
    error.walk((cause) => cause instanceof ExecutionRevertedError) !== null ||
    /revert|evm error|invalid opcode|out of gas/.test(textOf(error))
  if (refused) return new AgoraiError('transaction_reverted', 'The contract refuses the transaction.', { cause: error })
  return new AgoraiError('chain_unavailable', 'The chain does not answer; nothing was sent.', { cause: error })
}
