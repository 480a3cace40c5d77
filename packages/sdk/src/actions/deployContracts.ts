import {
  AgoraiError,
  assertLocalChain,
  create2Deployer,
  type Deployment,
  devAccounts,
  isLocalChain,
  localFeeBps,
  revenueLedgerAbi,
} from '@agorai/core'
import { bytecodes } from '@agorai/core/bytecode'
import {
  type Address,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  type LocalAccount,
} from 'viem'
import { concatHex, encodeAbiParameters, getContractAddress, isAddressEqual, parseAbiParameters } from 'viem/utils'
import { toAgoraiError } from '../transactions/toAgoraiError.js'
import { waitForReceipt } from '../transactions/waitForReceipt.js'

export type DeployContractsParameters = {
  rpcUrl: string
  /** Pays the gas; it gets no right by that. */
  account: LocalAccount
  /** Receives the protocol fee. */
  treasury: Address
  /** Allows payment tokens. */
  governor: Address
  /** Protocol fee of 10,000, at most 500. Default 100. */
  feeBps?: number
}
export type DeployContractsReturnType = Deployment

const salt: Hex = `0x${'00'.repeat(32)}`

/**
 * Deploys the contracts at the addresses that their bytecode and arguments alone decide. What is there already is left as
 * it is, so a second call changes nothing. On a local chain the token without value is deployed and allowed too.
 *
 * @throws AgoraiError `chain_not_local` for a development account elsewhere, `chain_unavailable`, `funds_missing`
 */
export async function deployContracts(parameters: DeployContractsParameters): Promise<DeployContractsReturnType> {
  const { account, treasury, governor, feeBps = localFeeBps } = parameters
  const connection = await connect(parameters)
  const { id } = connection.publicClient.chain
  const named = [account.address, treasury, governor]
  if (devAccounts.some(({ address }) => named.some((each) => isAddressEqual(each, address)))) assertLocalChain(id)

  const assetRegistry = await deploy(connection, 'AssetRegistry', encode('uint16', [feeBps]))
  const revenueLedger = await deploy(
    connection,
    'RevenueLedger',
    encode('address, address, address', [assetRegistry, treasury, governor]),
  )
  const accessMarket = await deploy(
    connection,
    'AccessMarket',
    encode('address, address', [assetRegistry, revenueLedger]),
  )
  const deployment = { assetRegistry, revenueLedger, accessMarket }
  if (!isLocalChain(id)) return deployment
  const testUsd = await deploy(connection, 'TestUSD', '0x')
  if (isAddressEqual(governor, account.address)) await allowToken(connection, revenueLedger, testUsd)
  return { ...deployment, testUsd }
}

const encode = (types: string, values: readonly unknown[]): Hex =>
  encodeAbiParameters(parseAbiParameters(types) as readonly { type: string }[], values)

type Connection = Awaited<ReturnType<typeof connect>>

async function connect({ rpcUrl, account }: DeployContractsParameters) {
  const transport = http(rpcUrl)
  const id = await createPublicClient({ transport }).getChainId().catch(rethrow)
  const chain = defineChain({
    id,
    name: `Chain ${id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  return {
    publicClient: createPublicClient({ chain, transport, cacheTime: 0, pollingInterval: isLocalChain(id) ? 5 : 1_000 }),
    walletClient: createWalletClient({ account, chain, transport }),
  }
}

async function deploy(
  { publicClient, walletClient }: Connection,
  name: keyof typeof bytecodes,
  constructorArguments: Hex,
): Promise<Address> {
  const bytecode = concatHex([bytecodes[name], constructorArguments])
  const address = getContractAddress({ opcode: 'CREATE2', from: create2Deployer, salt, bytecode })
  const isDeployed = async (): Promise<boolean> => ((await publicClient.getCode({ address })) ?? '0x') !== '0x'
  try {
    if (await isDeployed()) return address
    const hash = await walletClient.sendTransaction({ to: create2Deployer, data: concatHex([salt, bytecode]) })
    await waitForReceipt(publicClient, hash)
    if (await isDeployed()) return address
  } catch (cause) {
    throw toAgoraiError(cause)
  }
  throw new AgoraiError('transaction_reverted', `${name} was not deployed: the chain may lack the CREATE2 deployer.`)
}

async function allowToken({ publicClient, walletClient }: Connection, ledger: Address, token: Address): Promise<void> {
  const contract = { address: ledger, abi: revenueLedgerAbi } as const
  try {
    if (await publicClient.readContract({ ...contract, functionName: 'isTokenAllowed', args: [token] })) return
    const hash = await walletClient.writeContract({ ...contract, functionName: 'setTokenAllowed', args: [token, true] })
    await waitForReceipt(publicClient, hash)
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}

const rethrow = (cause: unknown): never => {
  throw toAgoraiError(cause)
}
