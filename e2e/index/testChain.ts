import { devMnemonic } from '@agorai/core'
import { bytecodes } from '@agorai/core/bytecode'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import { getContractAddress } from 'viem'
import { foundry } from 'viem/chains'
import { startAnvil } from '../../packages/node/src/adapters/chain/anvilProcess.js'
import type { Random } from './random.js'
import { createRandomCalls } from './randomCalls.js'
import { accounts, type Call, connect, createContracts } from './testContracts.js'

const [treasury = '0x'] = accounts

/** A chain with the contracts, on which money is minted and approved; blocks are mined when the test says so. */
export type TestChain = Awaited<ReturnType<typeof startTestChain>>

export async function startTestChain() {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const deployer = getDevAccount(0, foundry.id)
  const { rpcUrl } = anvil
  const deployment = await deployContracts({ rpcUrl, account: deployer, treasury, proposer: treasury })
  const client = connect(rpcUrl)
  const { governor, testUsd = '0x' } = deployment
  const nonce = await client.getTransactionCount({ address: treasury })
  const second = getContractAddress({ from: treasury, nonce: BigInt(nonce) })
  const contracts = createContracts(client, deployment, [testUsd, second])
  const { registry, ledger, market, onToken } = contracts

  // What is governed waits two days in the timelock; here the timelock speaks for itself.
  await client.impersonateAccount({ address: governor })
  await client.setBalance({ address: governor, value: 10n ** 20n })

  /** Mines one block with these calls in it. Some may revert: a chain has such transactions, too. */
  async function mineBlock(calls: readonly Call[]): Promise<void> {
    for (const { from, ...call } of calls)
      await client.sendTransaction({ account: from, chain: foundry, gas: 1_500_000n, ...call })
    await client.mine({ blocks: 1 })
  }

  await client.setAutomine(false)
  await client.sendTransaction({ account: treasury, chain: foundry, data: bytecodes.TestUSD, gas: 3_000_000n })
  await mineBlock([
    ledger(governor, 'setTokenAllowed', [second, true]),
    // Rulings, fees and guardians change hands like anything else.
    ledger(governor, 'setArbiter', [treasury]),
    ...accounts.flatMap((account) =>
      [testUsd, second].flatMap((token) => [
        onToken(account, 'mint', [account, 10n ** 24n], token),
        onToken(account, 'approve', [deployment.revenueLedger, 2n ** 256n - 1n], token),
      ]),
    ),
  ])

  const firstFreeBlock = Number(await client.getBlockNumber())
  const randomCall = createRandomCalls(contracts)

  return {
    ...anvil,
    ...contracts,
    registry,
    market,
    anyone: treasury,
    /** Contracts and money are in the blocks up to here, which no test takes back. */
    firstFreeBlock,
    mineBlock,
    randomCall,
    headNumber: () => client.getBlockNumber(),
    /** Mines blocks without transactions. */
    mineEmpty: (blocks: number) => client.mine({ blocks }),
    /** Mines blocks with up to `callsMax` random calls each. Now and then days pass between two of them. */
    async mineRandom(random: Random, blocks: number, callsMax: number): Promise<void> {
      for (let block = 0; block < blocks; block++) {
        if (random.chance(0.1)) await client.increaseTime({ seconds: random.below(3 * 86_400) })
        const calls: Call[] = []
        for (let i = random.below(callsMax + 1); i > 0; i--) calls.push(await randomCall(random))
        await mineBlock(calls)
      }
    },
    /** Replaces the last `depth` blocks by as many others, one of which has one of the calls again. */
    async reorg(depth: number, calls: readonly (readonly [Call, number])[]): Promise<void> {
      await client.request({ method: 'anvil_reorg', params: [depth, calls] } as never)
    },
    /** Takes the last `depth` blocks away. */
    async rollback(depth: number): Promise<void> {
      await client.request({ method: 'anvil_rollback', params: [depth] } as never)
    },
  }
}
