import { join } from 'node:path'
import { AgoraiError, create2Deployer, type Deployment, deployerAbi, deployments } from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import { type Address, createWalletClient, custom, type Hex, RpcError } from 'viem'
import { getAbiItem, numberToHex, toFunctionSelector } from 'viem/utils'
import { openLocalChain } from '../adapters/chain/localChain.js'
import { openRpcChain } from '../adapters/chain/rpcChain.js'
import type { MakeTransport } from '../adapters/telemetry/observe.js'
import type { NodeConfig } from '../config.js'
import type { Chain } from '../ports/chain.js'

export type OpenChainOptions = {
  onWarning(message: string): void
  /** Told when the chain of its own ended by itself. */
  onEnded(error: AgoraiError): void
  makeTransport: MakeTransport
}

/** The chain that the settings name: somebody else's, or one of the node's own. */
export function openChain(config: NodeConfig, options: OpenChainOptions): Promise<Chain> {
  const { rpcUrl, confirmations, dataFolder } = config
  const { onWarning, onEnded, makeTransport } = options
  if (rpcUrl !== undefined) return openRpcChain({ rpcUrl, confirmations, makeTransport })
  return openLocalChain({ folder: join(dataFolder, 'chain'), onWarning, onEnded, makeTransport })
}

/**
 * The contracts of the chain; on an empty local chain they are deployed first. x402's are used where the chain has them, or
 * lets them be placed.
 *
 * @throws AgoraiError `config_invalid` where ours are missing
 */
export async function findContracts(
  chain: Chain,
  dataFolder: string,
  onProgress: (message: string) => void,
): Promise<Deployment> {
  const addresses = deployments[chain.id]
  if (addresses === undefined)
    throw new AgoraiError('config_invalid', `No contracts are known on chain ${chain.id}.`, { field: 'AGORAI_RPC_URL' })
  const missing = await missingContracts(chain, addresses)
  if (missing.length === 0) return addresses
  const ours = missing.filter((address) => !isOfX402(addresses, address))
  if (!chain.local && ours.length > 0)
    throw new AgoraiError('config_invalid', `Chain ${chain.id} has no contract at ${ours.join(', ')}.`, {
      field: 'AGORAI_RPC_URL',
    })
  const { governor, assetRegistry, revenueLedger, accessMarket } = addresses
  // What came with later releases has no rights over what was there before, so it may also come later.
  const isOlder = [governor, assetRegistry, revenueLedger, accessMarket].some((address) => missing.includes(address))
  if (isOlder && (await isUsed(chain)))
    throw new AgoraiError(
      'config_invalid',
      `The local chain in ${dataFolder} has the contracts of another release, and what was sold there. Keep it and ` +
        'choose another folder with --data-dir, or forget it with --fresh.',
      { field: 'AGORAI_DATA_DIR' },
    )
  if (chain.local) {
    if (ours.length > 0) onProgress('Deploying the contracts.')
    const account = getDevAccount(0, chain.id)
    await deployContracts({ rpcUrl: chain.rpcUrl, account, treasury: account.address, proposer: account.address })
  }
  if (!(await missingContracts(chain, addresses)).some((address) => isOfX402(addresses, address))) return addresses
  onProgress(`Chain ${chain.id} has no payment channels of x402: calls are paid one by one, by exact transfers.`)
  const { batchSettlement: _, depositCollector: __, ...others } = addresses
  return others
}

const isOfX402 = ({ batchSettlement, depositCollector }: Deployment, address: Address): boolean =>
  address === batchSettlement || address === depositCollector

type SetBalance = { Method: 'anvil_setBalance'; Parameters: [Address, Hex]; ReturnType: null }
const testEtherMin = 10n ** 18n
const testEther = 100n * testEtherMin

/** On a local chain, what an operator settles and creates costs it nothing: its account is given test ether. */
export async function fundOperator(
  chain: Chain,
  operator: Address,
  onProgress: (message: string) => void,
): Promise<void> {
  const { publicClient } = chain
  if (!chain.local || (await publicClient.getBalance({ address: operator })) >= testEtherMin) return
  try {
    // Not sent by anybody: a transaction would say that the chain is in use.
    await publicClient.request<SetBalance>({ method: 'anvil_setBalance', params: [operator, numberToHex(testEther)] })
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    await sendTestEther(chain, operator).catch(() =>
      onProgress(`This chain gives no test ether: send some to the operator ${operator}, which pays the gas.`),
    )
  }
}

/** From the account that deployed the contracts, on a chain that sets no balances. */
async function sendTestEther({ id, publicClient }: Chain, operator: Address): Promise<void> {
  const account = getDevAccount(0, id)
  const wallet = createWalletClient({ account, chain: publicClient.chain, transport: custom(publicClient) })
  const hash = await wallet.sendTransaction({ to: operator, value: testEther, chain: publicClient.chain })
  await publicClient.waitForTransactionReceipt({ hash, pollingInterval: 50, timeout: fundTimeoutMs })
}

const fundTimeoutMs = 10_000

async function missingContracts(chain: Chain, addresses: Deployment): Promise<Address[]> {
  const { deployedAtBlock: _, testUsd: __, ...contracts } = addresses
  const wanted = Object.values(contracts)
  const codes = await Promise.all(wanted.map((address) => chain.publicClient.getCode({ address })))
  return wanted.filter((_, index) => codes[index] === undefined)
}

const deploySelector = toFunctionSelector(getAbiItem({ abi: deployerAbi, name: 'deploy' }))

/** Whether anything but a deployment, which may have been cut short, ever happened on a local chain. */
async function isUsed({ publicClient }: Chain): Promise<boolean> {
  const head = await publicClient.getBlockNumber({ cacheTime: 0 })
  for (let blockNumber = 1n; blockNumber <= head; blockNumber++) {
    const { transactions } = await publicClient.getBlock({ blockNumber, includeTransactions: true })
    for (const { to, input } of transactions) {
      const deploys = to?.toLowerCase() === create2Deployer.toLowerCase() || input.startsWith(deploySelector)
      if (!deploys) return true
    }
  }
  return false
}
