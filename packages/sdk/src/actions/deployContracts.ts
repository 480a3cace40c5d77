import {
  AgoraiError,
  assertLocalChain,
  create2Deployer,
  type Deployment,
  deployerAbi,
  devAccounts,
  governorDelaySeconds,
  isLocalChain,
  localFeeBps,
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
  zeroAddress,
} from 'viem'
import {
  concatHex,
  encodeAbiParameters,
  getContractAddress,
  isAddressEqual,
  keccak256,
  parseAbiParameters,
} from 'viem/utils'
import { placeStandIns } from '../deployment/placeStandIns.js'
import { toAgoraiError } from '../transactions/toAgoraiError.js'
import { waitForReceipt } from '../transactions/waitForReceipt.js'

export type DeployContractsParameters = {
  rpcUrl: string
  /** Pays the gas; it gets no right by that. */
  account: LocalAccount
  /** Receives the protocol fee. */
  treasury: Address
  /** Announces what the governor is to do, and has it done after the delay. */
  proposer: Address
  /** May stop new purchases for some days. Default: the proposer. */
  guardian?: Address
  /** Payment tokens allowed from the start. On a local chain the token without value is one of them. */
  tokens?: readonly Address[]
  /** Protocol fee of 10,000, at most 500. Default 100. */
  feeBps?: number
}
export type DeployContractsReturnType = Deployment

const salt: Hex = `0x${'00'.repeat(32)}`

/**
 * Deploys the contracts at the addresses that their bytecode and arguments alone decide. What is there already is left as
 * it is, so a second call changes nothing, and one that was cut short is finished by the next, whoever makes it.
 *
 * @throws AgoraiError `chain_not_local` for a development account elsewhere, `chain_unavailable`, `funds_missing`
 */
export async function deployContracts(parameters: DeployContractsParameters): Promise<DeployContractsReturnType> {
  const { account, treasury, proposer, guardian = proposer } = parameters
  const connection = await connect(parameters)
  const { id } = connection.publicClient.chain
  const named = [account.address, treasury, proposer, guardian]
  if (devAccounts.some(({ address }) => named.some((each) => isAddressEqual(each, address)))) assertLocalChain(id)

  const testUsd = isLocalChain(id) ? await deployAlone(connection, bytecodes.TestUSD) : undefined
  const tokens = [...(parameters.tokens ?? []), ...(testUsd ? [testUsd] : [])]
  const creations = creationsOf({ ...parameters, guardian, tokens })
  const deployer = await deployAlone(connection, withArguments('Deployer', 'bytes32', [bundleOf(creations)]))
  const [governor, assetRegistry, revenueLedger, accessMarket] = await deployBundle(connection, deployer, creations)
  const contentProofs = await deployAlone(connection, withArguments('ContentProofs', 'address', [assetRegistry]))
  // Before the last transaction, so that the block it is in says that there is something to save.
  const standIns = await placeStandIns(connection.publicClient).catch(rethrow)
  const operatorReceivers = await deployAlone(
    connection,
    withArguments('OperatorReceivers', 'address', [revenueLedger]),
  )
  return {
    ...{ governor, assetRegistry, revenueLedger, accessMarket, contentProofs, operatorReceivers },
    ...standIns,
    ...(testUsd ? { testUsd } : {}),
  }
}

type Bundle<Item> = readonly [governor: Item, assetRegistry: Item, revenueLedger: Item, accessMarket: Item]
type Names = Required<Pick<DeployContractsParameters, 'treasury' | 'proposer' | 'guardian' | 'tokens'>>

/** The creation code of each contract, by its place in the Deployer's order. */
function creationsOf(parameters: Names & Pick<DeployContractsParameters, 'feeBps'>): Bundle<Hex> {
  const { treasury, proposer, guardian, tokens, feeBps = localFeeBps } = parameters
  return [
    withArguments('TimelockController', 'uint256, address[], address[], address', [
      BigInt(governorDelaySeconds),
      [proposer],
      [proposer],
      zeroAddress,
    ]),
    withArguments('AssetRegistry', 'uint16', [feeBps]),
    withArguments('RevenueLedger', 'address, address[]', [treasury, tokens]),
    withArguments('AccessMarket', 'address', [guardian]),
  ]
}

const withArguments = (name: keyof typeof bytecodes, types: string, values: readonly unknown[]): Hex =>
  concatHex([bytecodes[name], encodeAbiParameters(parseAbiParameters(types) as readonly { type: string }[], values)])

const hashesOf = (creations: Bundle<Hex>): Hex[] => creations.map((creation) => keccak256(creation))
const bundleOf = (creations: Bundle<Hex>): Hex => keccak256(concatHex(hashesOf(creations)))

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

/** By the deployer that is the same on every chain; its address decides all the others. */
async function deployAlone(connection: Connection, bytecode: Hex): Promise<Address> {
  const address = getContractAddress({ opcode: 'CREATE2', from: create2Deployer, salt, bytecode })
  const { walletClient } = connection
  await deployOnce(connection, address, () =>
    walletClient.sendTransaction({ to: create2Deployer, data: concatHex([salt, bytecode]) }),
  )
  return address
}

async function deployBundle(
  connection: Connection,
  deployer: Address,
  creations: Bundle<Hex>,
): Promise<Bundle<Address>> {
  const hashes = hashesOf(creations)
  const addressAt = (place: number): Address => getContractAddress({ from: deployer, nonce: BigInt(place + 1) })
  for (const [place, creation] of creations.entries()) {
    await deployOnce(connection, addressAt(place), () =>
      connection.walletClient.writeContract({
        address: deployer,
        abi: deployerAbi,
        functionName: 'deploy',
        args: [hashes, creation],
      }),
    )
  }
  return [addressAt(0), addressAt(1), addressAt(2), addressAt(3)]
}

/** Anyone may deploy, so it may have happened already, or happen meanwhile. */
async function deployOnce({ publicClient }: Connection, address: Address, send: () => Promise<Hex>): Promise<void> {
  const isDeployed = async (): Promise<boolean> => ((await publicClient.getCode({ address })) ?? '0x') !== '0x'
  try {
    if (await isDeployed()) return
    await waitForReceipt(publicClient, await send())
    if (await isDeployed()) return
  } catch (cause) {
    if (await isDeployed().catch(() => false)) return
    throw toAgoraiError(cause)
  }
  throw new AgoraiError('transaction_reverted', 'Nothing was deployed: the chain may lack the CREATE2 deployer.')
}

const rethrow = (cause: unknown): never => {
  throw toAgoraiError(cause)
}
