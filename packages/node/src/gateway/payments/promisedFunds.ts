import { type Address, erc20Abi, type PublicClient } from 'viem'
import { askChain } from '../askChain.js'

/** What payers have signed away by transfers that are not on the chain yet. Each alone is covered; together they may not be. */
export type PromisedFunds = {
  /**
   * Counts a transfer until `release`.
   *
   * @param amount Base units.
   * @returns Undefined where the payer has less than that beside all that is counted already.
   * @throws AgoraiError `chain_unavailable`
   */
  hold(token: Address, payer: Address, amount: bigint): Promise<{ release(): void } | undefined>
}

export function createPromisedFunds(publicClient: PublicClient): PromisedFunds {
  const promised = new Map<string, bigint>()

  function add(name: string, amount: bigint): bigint {
    const sum = (promised.get(name) ?? 0n) + amount
    if (sum === 0n) promised.delete(name)
    else promised.set(name, sum)
    return sum
  }

  return {
    async hold(token, payer, amount) {
      const name = `${token}/${payer}`.toLowerCase()
      // Counted before anything is waited for, so that those that come at once see one another.
      const sum = add(name, amount)
      const release = () => void add(name, -amount)
      if (sum === amount) return { release }
      try {
        const question = { address: token, abi: erc20Abi, functionName: 'balanceOf', args: [payer] } as const
        if ((await askChain(() => publicClient.readContract(question))) >= sum) return { release }
      } catch (error) {
        release()
        throw error
      }
      release()
      return undefined
    },
  }
}
