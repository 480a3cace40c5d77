import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { AgoraiError } from '@agorai/core'
import type { Hex, LocalAccount, PublicClient, TransactionReceipt } from 'viem'
import { keccak256 } from 'viem'
import type { OperatorCall, OperatorSender } from '../../ports/operatorSender.js'
import { type Fate, followTransaction, type SentTransaction } from './followTransaction.js'
import { isKnown, isNonceTaken, isSilent, revertDataOf, toRefusal, toSendError } from './sendErrors.js'

export type CreateOperatorSenderOptions = {
  publicClient: PublicClient
  account: LocalAccount
  chainId: number
  local: boolean
  /** How long a transaction may wait until it is sent again for a quarter more. */
  patienceMs?: number
}

type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }
type Transaction = OperatorCall & SentTransaction & Fees & { gas: bigint }

const sendAttemptsMax = 12
const feesMs = 10_000
/** How long the next nonce is known after a transaction was mined. */
const nonceMs = 1_000
const patienceMsDefault = { local: 10_000, elsewhere: 60_000 }

/**
 * Sends from one account. Nonces are given out one after the other; where another process of the operator was faster, the
 * next one is taken. What is not mined for its price is sent again for more under its nonce. A transaction whose nonce went
 * to another is sent again, if the contract still takes it; so what is sent here must be harmless twice.
 */
export function createOperatorSender(options: CreateOperatorSenderOptions): OperatorSender {
  const { publicClient, account, chainId, local } = options
  const { patienceMs = patienceMsDefault[local ? 'local' : 'elsewhere'] } = options
  const stopping = new AbortController()
  // As many transactions as there are listen to it while they are followed.
  setMaxListeners(0, stopping.signal)
  const underWay = new Map<number, Promise<Fate>>()
  let turn: Promise<unknown> = Promise.resolve()
  let next: number | undefined
  let minedAt = 0
  let fees: (Fees & { at: number }) | undefined

  async function currentFees(): Promise<Fees> {
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

  async function estimate({ to, data, gasMax }: OperatorCall): Promise<bigint> {
    const asked = publicClient.estimateGas({ account: account.address, to, data })
    const gas = await asked.catch((error: unknown) => {
      throw toSendError(error)
    })
    if (gasMax !== undefined && gas > gasMax)
      throw new AgoraiError('transaction_reverted', `It takes ${gas} gas, and ${gasMax} is the most that is paid for.`)
    return (gas * 5n) / 4n
  }

  /** Hands a transaction to the chain. No answer is not a no: it is followed by its hash, which is known before. */
  async function broadcast(transaction: Transaction): Promise<void> {
    const { to, data, gas, nonce, maxFeePerGas, maxPriorityFeePerGas, hashes } = transaction
    const fields = { chainId, type: 'eip1559', to, data, gas, nonce, maxFeePerGas, maxPriorityFeePerGas } as const
    const serialized = await account.signTransaction(fields)
    hashes.push(keccak256(serialized))
    try {
      await publicClient.sendRawTransaction({ serializedTransaction: serialized })
    } catch (cause) {
      if (!isKnown(cause) && !isSilent(cause)) throw cause
    }
  }

  async function submit(call: OperatorCall, gas: bigint): Promise<Transaction> {
    let enough = gas
    for (let attempt = 1; ; attempt++) {
      stopping.signal.throwIfAborted()
      const { maxFeePerGas, maxPriorityFeePerGas } = await currentFees()
      // While nothing has been under way for a while the chain knows best; it may have lost what was sent before.
      if (next === undefined || (underWay.size === 0 && Date.now() - minedAt > nonceMs))
        next = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' })
      const transaction = { ...call, gas: enough, nonce: next, hashes: [], maxFeePerGas, maxPriorityFeePerGas }
      try {
        await broadcast(transaction)
        next += 1
        return transaction
      } catch (error) {
        next = undefined
        if (!isNonceTaken(error) || attempt >= sendAttemptsMax) throw error
        await pause(5 * attempt)
        // Whoever was faster may have done the same: what the contract refuses now costs nothing.
        enough = await estimate(call)
      }
    }
  }

  /** A quarter more, or what is asked for now if that is still more. */
  async function replace(transaction: Transaction): Promise<void> {
    const asked = await currentFees().catch(() => transaction)
    transaction.maxFeePerGas = larger(raise(transaction.maxFeePerGas), asked.maxFeePerGas)
    transaction.maxPriorityFeePerGas = larger(raise(transaction.maxPriorityFeePerGas), asked.maxPriorityFeePerGas)
    // Whatever the chain says of it, one that was sent before may be mined.
    await broadcast(transaction).catch(() => {})
  }

  function follow(transaction: Transaction): Promise<Fate> {
    const { nonce } = transaction
    const fate = followTransaction(transaction, {
      publicClient,
      from: account.address,
      local,
      patienceMs,
      isFirst: () => ![...underWay.keys()].some((other) => other < nonce),
      replace: () => replace(transaction),
      signal: stopping.signal,
    }).finally(() => {
      if (underWay.get(nonce) === fate) underWay.delete(nonce)
    })
    underWay.set(nonce, fate)
    return fate
  }

  /** What the contract says to it now, as it was refused when it was mined. */
  async function refusalOf({ to, data }: OperatorCall, { transactionHash, blockNumber }: TransactionReceipt) {
    const call = { account: account.address, to, data, blockNumber }
    const reason = await publicClient.call(call).then(() => undefined, revertDataOf)
    return toRefusal(reason, { transaction: transactionHash })
  }

  return {
    estimate,
    async send(call, timeoutMs) {
      const isLate = late(timeoutMs)
      try {
        for (let attempt = 1; attempt <= sendAttemptsMax; attempt++) {
          const gas = (attempt === 1 ? call.gas : undefined) ?? (await estimate(call))
          const sending = inTurn(async () => {
            const transaction = await submit(call, gas)
            return { transaction, followed: follow(transaction) }
          })
          const { transaction, followed } = await sending.catch((error: unknown) => {
            throw toSendError(error)
          })
          const fate = await Promise.race([followed, isLate.promise])
          if (fate === 'unknown') throw unsure(transaction.hashes.at(-1))
          if (fate === 'lost') continue
          minedAt = Date.now()
          if (fate.status === 'success') return fate
          throw await refusalOf(call, fate)
        }
        throw new AgoraiError('chain_unavailable', 'Other processes took the nonce of the transaction again and again.')
      } finally {
        isLate.cancel()
      }
    },
    async stop() {
      stopping.abort(new AgoraiError('chain_unavailable', 'The node is stopping; nothing was sent.'))
      await Promise.allSettled([turn, ...underWay.values()])
    },
  }
}

const raise = (fee: bigint): bigint => (fee * 5n) / 4n + 1n
const larger = (left: bigint, right: bigint): bigint => (left > right ? left : right)

const unsure = (transaction: Hex | undefined): AgoraiError =>
  new AgoraiError('chain_unavailable', 'The transaction was sent; it is not known whether it was mined.', {
    details: transaction === undefined ? {} : { transaction },
  })

/** Resolves when the time is over. */
function late(timeoutMs: number | undefined): { promise: Promise<'unknown'>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<'unknown'>((resolve) => {
    if (timeoutMs !== undefined) timer = setTimeout(() => resolve('unknown'), timeoutMs)
  })
  return { promise, cancel: () => clearTimeout(timer) }
}
