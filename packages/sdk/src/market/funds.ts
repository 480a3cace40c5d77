import { AgoraiError, testUsdAbi } from '@agorai/core'
import { type Address, formatUnits } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { readContract } from '../transactions/readContract.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

/**
 * @returns What the client's account has of the token.
 * @throws AgoraiError `funds_missing` when that is less.
 */
export async function checkFunds(
  client: ChainClient,
  { token, amount }: { token: Address; amount: bigint },
): Promise<bigint> {
  const balance = await readContract(client, {
    address: token,
    abi: testUsdAbi,
    functionName: 'balanceOf',
    args: [walletOf(client).account.address],
  })
  if (balance >= amount) return balance
  const erc20 = { address: token, abi: testUsdAbi } as const
  const [symbol, decimals] = await Promise.all([
    readContract(client, { ...erc20, functionName: 'symbol', args: [] }),
    readContract(client, { ...erc20, functionName: 'decimals', args: [] }),
  ])
  const money = (units: bigint) => `${formatUnits(units, decimals)} ${symbol}`
  throw new AgoraiError('funds_missing', `The price is ${money(amount)}, the account has ${money(balance)}.`, {
    details: { price: String(amount), balance: String(balance), token },
  })
}

/** Lets the ledger take exactly this amount, so that nothing is left that anyone could spend later. */
export async function approveLedger(
  client: ChainClient,
  { token, amount }: { token: Address; amount: bigint },
): Promise<void> {
  const { revenueLedger } = client.info.chain.addresses
  const erc20 = { address: token, abi: testUsdAbi } as const
  const args = [walletOf(client).account.address, revenueLedger] as const
  const allowance = await readContract(client, { ...erc20, functionName: 'allowance', args })
  if (allowance >= amount) return
  const call = { ...erc20, functionName: 'approve', args: [revenueLedger, amount], eventName: 'Approval' } as const
  await sendAndDecode(client, call)
}
