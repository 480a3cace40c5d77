import { AgoraiError, assertLocalChain, type Deployment, deployments, devAccounts, isLocalChain } from '@agorai/core'
import {
  type Account,
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  type LocalAccount,
  type PublicClient,
  type Transport,
  type WalletClient,
} from 'viem'
import { isAddressEqual } from 'viem/utils'
import { toAgoraiError } from './transactions/toAgoraiError.js'

export type Wallet = WalletClient<Transport, Chain | undefined, Account>

/** `testUsd` is there on local chains, channels where x402 has them, `deployedAtBlock` when it is known. */
type Addresses = Omit<Deployment, 'batchSettlement' | 'depositCollector' | 'testUsd' | 'deployedAtBlock'> & {
  batchSettlement?: Address | undefined
  depositCollector?: Address | undefined
  testUsd?: Address | undefined
  deployedAtBlock?: number | undefined
}

/** What verbs of money and rights need: the chain and its contracts, no node. */
export type ChainClient = {
  info: { chain: { id: number; local: boolean; addresses: Addresses } }
  /** Reads the chain itself: money and rights are never taken from a node's word. */
  publicClient: PublicClient<Transport, Chain>
  /** Signs and sends. Without it the client can read only. */
  wallet?: Wallet
}

export type CreateChainClientParameters = {
  /** JSON-RPC of the chain. */
  rpcUrl: string
  /** Signs with a key in this process. */
  account?: LocalAccount | undefined
  /** Signs elsewhere, in a browser's wallet for instance. It must have an account. */
  walletClient?: WalletClient | undefined
  /** Contracts to trust. Default: those that are known for the chain. */
  deployment?: Deployment | undefined
}

/**
 * Connects to a chain and to nothing else. Every verb that moves money or rights takes such a client, so nobody needs a
 * node to get at what is theirs.
 *
 * @throws AgoraiError `chain_unavailable`, `deployment_unknown`, `invalid_request` for a wallet without account,
 * `chain_not_local` for a development account on any chain but the local one.
 * @example const client = await createChainClient({ rpcUrl: 'http://127.0.0.1:8545', account })
 */
export async function createChainClient(parameters: CreateChainClientParameters): Promise<ChainClient> {
  const { rpcUrl } = parameters
  const id = await createPublicClient({ transport: http(rpcUrl) })
    .getChainId()
    .catch((cause: unknown) => {
      throw toAgoraiError(cause)
    })
  const addresses = parameters.deployment ?? deployments[id]
  if (addresses === undefined)
    throw new AgoraiError('deployment_unknown', `No contracts are known on chain ${id}.`, { field: 'deployment' })
  const local = isLocalChain(id)
  return { info: { chain: { id, local, addresses } }, ...connectChain({ ...parameters, id, local }) }
}

/** The viem clients of a chain, for whoever knows its id already. */
export function connectChain(
  parameters: Pick<CreateChainClientParameters, 'rpcUrl' | 'account' | 'walletClient'> & { id: number; local: boolean },
): Pick<ChainClient, 'publicClient' | 'wallet'> {
  const { id, local, rpcUrl, account, walletClient } = parameters
  const chain = defineChain({
    id,
    name: local ? 'Local chain' : `Chain ${id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  // Reads that are asked for in the same moment travel together.
  const transport = http(rpcUrl, { batch: { batchSize: 50 }, retryCount: 2 })
  const pollingInterval = local ? 20 : 1_000
  const publicClient = createPublicClient({ chain, transport, pollingInterval, cacheTime: 0 })
  const wallet = account ? createWalletClient({ account, chain, transport, pollingInterval }) : walletClient
  if (wallet === undefined) return { publicClient }
  if (wallet.account === undefined)
    throw new AgoraiError('invalid_request', 'The wallet has no account.', { field: 'walletClient' })
  const { address } = wallet.account
  if (devAccounts.some((development) => isAddressEqual(development.address, address))) assertLocalChain(id)
  return { publicClient, wallet: wallet as Wallet }
}

/** The client's wallet, for verbs that sign. */
export function walletOf(client: Pick<ChainClient, 'wallet'>): Wallet {
  if (client.wallet !== undefined) return client.wallet
  throw new AgoraiError('invalid_request', 'This needs an account to sign with, and the client has none.', {
    field: 'account',
  })
}
