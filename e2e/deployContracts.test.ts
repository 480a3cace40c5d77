import {
  accessMarketAbi,
  assetRegistryAbi,
  create2Deployer,
  deployments,
  devAccounts,
  devMnemonic,
  governorAbi,
  governorDelaySeconds,
  localFeeBps,
  revenueLedgerAbi,
} from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import { type Address, createTestClient, http, keccak256, publicActions, toHex, walletActions } from 'viem'
import { foundry } from 'viem/chains'
import { afterEach, expect, test } from 'vitest'
import { startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'

const proposer = devAccounts[0]?.address as Address
const guardian = devAccounts[1]?.address as Address
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

async function startChain() {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  stops.push(anvil.kill)
  const client = createTestClient({ chain: foundry, mode: 'anvil', transport: http(anvil.rpcUrl) })
    .extend(publicActions)
    .extend(walletActions)
  const deploy = (index: number, options = {}) =>
    deployContracts({
      rpcUrl: anvil.rpcUrl,
      account: getDevAccount(index, foundry.id),
      treasury: proposer,
      proposer,
      ...options,
    })
  return { client, deploy }
}

test('the local deployment is where everybody expects it, whoever makes it, and a second one changes nothing', async () => {
  const { client, deploy } = await startChain()
  const deployment = await deploy(3)
  expect(deployment).toEqual(deployments[foundry.id])
  const blocks = await client.getBlockNumber()
  expect(await deploy(4)).toEqual(deployment)
  expect(await client.getBlockNumber()).toBe(blocks)

  const { governor, assetRegistry, revenueLedger, accessMarket, testUsd = '0x' } = deployment
  const read = client.readContract
  const ledger = { address: revenueLedger, abi: revenueLedgerAbi } as const
  expect(await read({ ...ledger, functionName: 'market' })).toBe(accessMarket)
  expect(await read({ ...ledger, functionName: 'treasury' })).toBe(proposer)
  expect(await read({ ...ledger, functionName: 'isTokenAllowed', args: [testUsd] })).toBe(true)
  expect(await read({ address: assetRegistry, abi: assetRegistryAbi, functionName: 'feeBps' })).toBe(localFeeBps)
  expect(await read({ address: accessMarket, abi: accessMarketAbi, functionName: 'guardian' })).toBe(proposer)
  const timelock = { address: governor, abi: governorAbi } as const
  expect(await read({ ...timelock, functionName: 'getMinDelay' })).toBe(BigInt(governorDelaySeconds))
  for (const role of ['PROPOSER_ROLE', 'EXECUTOR_ROLE', 'CANCELLER_ROLE'])
    expect(await read({ ...timelock, functionName: 'hasRole', args: [keccak256(toHex(role)), proposer] })).toBe(true)
  const adminRole = { ...timelock, functionName: 'hasRole', args: [`0x${'00'.repeat(32)}`, proposer] } as const
  expect(await read(adminRole), 'nobody but the timelock itself may give roles').toBe(false)
})

test('another guardian, fee or treasury is another deployment', async () => {
  const { deploy } = await startChain()
  const deployment = await deploy(0, { guardian, feeBps: 0 })
  const usual = deployments[foundry.id]
  expect(deployment.testUsd).toBe(usual?.testUsd)
  for (const key of ['governor', 'assetRegistry', 'revenueLedger', 'accessMarket'] as const)
    expect(deployment[key]).not.toBe(usual?.[key])
})

test('a deployment that was cut short is finished by the next', async () => {
  const { client, deploy } = await startChain()
  const state = await client.snapshot()
  await deploy(0)
  const usual = deployments[foundry.id]
  const blockOf = async (address: Address): Promise<bigint> => {
    for (let block = 1n; ; ++block) if (await client.getCode({ address, blockNumber: block })) return block
  }
  const cut = await blockOf(usual?.assetRegistry as Address)
  const transactions = []
  for (let block = 1n; block <= cut; ++block) {
    const {
      transactions: [transaction],
    } = await client.getBlock({ blockNumber: block, includeTransactions: true })
    if (transaction) transactions.push(transaction)
  }
  await client.revert({ id: state })
  for (const { from, to, input, gas } of transactions)
    await client.waitForTransactionReceipt({
      hash: await client.sendTransaction({ account: from, to, data: input, gas }),
    })
  expect(await client.getCode({ address: usual?.assetRegistry as Address })).toBeDefined()
  expect(await client.getCode({ address: usual?.revenueLedger as Address })).toBeUndefined()
  expect(await deploy(5)).toEqual(usual)
})

test('a chain without the CREATE2 deployer is told so', async () => {
  const { client, deploy } = await startChain()
  await client.setCode({ address: create2Deployer, bytecode: '0x' })
  await expect(deploy(0)).rejects.toMatchObject({ code: 'transaction_reverted' })
})
