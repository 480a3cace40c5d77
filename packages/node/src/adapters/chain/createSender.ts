import { AgoraiError, batchSettlementAbi, isAgoraiError } from '@agorai/core'
import {
  BaseError,
  createWalletClient,
  custom,
  decodeErrorResult,
  type Hex,
  InsufficientFundsError,
  type LocalAccount,
  type PublicClient,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from 'viem'
import type { SendTransaction } from '../../ports/settlement.js'

export type CreateSenderOptions = {
  publicClient: PublicClient
  account: LocalAccount
  /** How often a receipt is asked for. */
  pollMs: number
  /** How long a transaction may wait before it is sent again for more. */
  patienceMs: number
}

/** How often a transaction is sent, each time for a quarter more. */
const attemptsMax = 5
/** Other processes send from the same account. */
const collisionsMax = 5
const collision = /nonce too low|already known|replacement transaction underpriced|nonce too high/i

/**
 * Sends transactions of one account, one after the other. What is not mined for its price is sent again at a higher one,
 * under the same nonce, so it is never done twice.
 */
export function createSender(options: CreateSenderOptions): SendTransaction {
  const { publicClient, account } = options
  const wallet = createWalletClient({ account, chain: publicClient.chain, transport: custom(publicClient) })
  let last: Promise<unknown> = Promise.resolve()

  async function sendOnce(call: Parameters<SendTransaction>[0]): Promise<Hex> {
    // Estimated first: what the contract refuses costs nothing.
    const gas = ((await publicClient.estimateGas({ account, ...call })) * 5n) / 4n
    const nonce = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' })
    let fees = await publicClient.estimateFeesPerGas()
    const sent: Hex[] = []
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const hash = await wallet.sendTransaction({ ...call, chain: publicClient.chain, account, gas, nonce, ...fees })
      sent.push(hash)
      const receipt = await minedOf(sent, options)
      if (receipt?.status === 'success') return receipt.transactionHash
      if (receipt !== undefined)
        throw new AgoraiError('transaction_reverted', `Transaction ${receipt.transactionHash} was reverted.`)
      const { maxFeePerGas, maxPriorityFeePerGas } = fees
      fees = { maxFeePerGas: raise(maxFeePerGas), maxPriorityFeePerGas: raise(maxPriorityFeePerGas) }
    }
    throw new AgoraiError('chain_unavailable', `Transaction ${sent.at(-1)} was not mined.`)
  }

  async function send(call: Parameters<SendTransaction>[0]): Promise<Hex> {
    for (let attempt = 1; ; attempt++)
      try {
        return await sendOnce(call)
      } catch (cause) {
        const collided = attempt < collisionsMax && cause instanceof Error && collision.test(cause.message)
        if (!collided) throw isAgoraiError(cause) ? cause : toSendError(cause)
      }
  }

  return (call) => {
    const sending = last.then(() => send(call))
    last = sending.catch(() => {})
    return sending
  }
}

const raise = (fee: bigint): bigint => (fee * 5n) / 4n + 1n

/** The receipt of whichever of the transactions was mined; undefined while none is. */
async function minedOf(
  hashes: readonly Hex[],
  { publicClient, pollMs, patienceMs }: CreateSenderOptions,
): Promise<TransactionReceipt | undefined> {
  for (const until = Date.now() + patienceMs; ; ) {
    for (const hash of hashes) {
      try {
        return await publicClient.getTransactionReceipt({ hash })
      } catch (error) {
        if (!(error instanceof TransactionReceiptNotFoundError)) throw error
      }
    }
    if (Date.now() >= until) return undefined
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/** What the failure of an estimate or of a sending means. */
function toSendError(cause: unknown): AgoraiError {
  if (!(cause instanceof BaseError)) return new AgoraiError('internal', 'The chain client failed.', { cause })
  if (cause.walk((error) => error instanceof InsufficientFundsError) !== null)
    return new AgoraiError('funds_missing', 'The operator’s account cannot pay for gas.', { cause })
  const reverted = cause.walk((error) => error instanceof Error && /revert/i.test(error.message))
  if (reverted === null) return new AgoraiError('chain_unavailable', 'The chain took no transaction.', { cause })
  const data = cause.walk((error) => typeof (error as { data?: unknown }).data === 'string') as { data?: Hex } | null
  const name = data?.data === undefined ? undefined : nameOf(data.data)
  return new AgoraiError('transaction_reverted', `The contract refused: ${name ?? 'it gave no reason'}.`, { cause })
}

/** Each generated ABI carries the errors of all contracts. */
function nameOf(data: Hex): string | undefined {
  try {
    return decodeErrorResult({ abi: batchSettlementAbi, data }).errorName
  } catch {
    return undefined
  }
}
