import { AgoraiError, assertLocalChain, testUsdAbi } from '@agorai/core'
import { type Address, createWalletClient, custom, type Hash, parseEther } from 'viem'
import { getDevAccount } from '../accounts/getDevAccount.js'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { readContract } from '../transactions/readContract.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'
import { toAgoraiError } from '../transactions/toAgoraiError.js'
import { waitForReceipt } from '../transactions/waitForReceipt.js'

export type FundAccountParameters = {
  /** Base units of the test token. Default 100 tUSD. */
  amount?: bigint | undefined
  /** Who receives it. Default: the client's account. */
  account?: Address | undefined
}
/** `amount` was minted to `account`, which has `balance` now. Base units. */
export type FundAccountReturnType = { account: Address; token: Address; amount: bigint; balance: bigint; hash: Hash }

/** The development account that relays: it sends what is minted here, so that the receiver needs no ether. */
const sender = 7
const gasMoney = parseEther('1')
const amountDefault = 100_000_000n

/**
 * Mints test money, and ether for gas where there is none. Local chains only: the token has no value, and everybody may.
 *
 * @throws AgoraiError `chain_not_local`, `invalid_request` without an account, `chain_unavailable`
 */
export async function fundAccount(
  client: ChainClient,
  parameters: FundAccountParameters = {},
): Promise<FundAccountReturnType> {
  const { id, addresses } = client.info.chain
  assertLocalChain(id)
  const { amount = amountDefault } = parameters
  const account = parameters.account ?? walletOf(client).account.address
  const token = addresses.testUsd
  if (token === undefined)
    throw new AgoraiError('deployment_unknown', 'The test token of this chain is not known.', { field: 'testUsd' })
  const { publicClient } = client
  const wallet = createWalletClient({
    account: getDevAccount(sender, id),
    chain: publicClient.chain,
    transport: custom({ request: publicClient.request }),
  })
  const { events, hash } = await sendAndDecode(
    { ...client, wallet },
    { address: token, abi: testUsdAbi, functionName: 'mint', args: [account, amount], eventName: 'Transfer' },
  )
  onlyEvent(events)
  try {
    if ((await publicClient.getBalance({ address: account })) < gasMoney)
      await waitForReceipt(publicClient, await wallet.sendTransaction({ to: account, value: gasMoney }))
  } catch (cause) {
    throw toAgoraiError(cause)
  }
  const balance = await readContract(client, {
    address: token,
    abi: testUsdAbi,
    functionName: 'balanceOf',
    args: [account],
  })
  return { account, token, amount, balance, hash }
}
