import {
  authorizationTypes,
  batchSettlementAbi,
  batchSettlementAddress,
  type ChannelConfig,
  channelDomain,
  channelTypes,
  depositCollectorAddress,
  operatorReceiversAbi,
} from '@agorai/core'
import { type Address, encodeAbiParameters, type Hex, hashTypedData, type LocalAccount, toHex } from 'viem'
import { foundry } from 'viem/chains'
import { keccak256 } from 'viem/utils'
import type { Marketplace } from '../marketplace.js'

/** Channels opened by hand, as a client that is not ours may open them. */

export type OpenChannel = { channel: Hex; config: ChannelConfig; sign(max: bigint): Promise<Hex> }

const settlement = { address: batchSettlementAddress, abi: batchSettlementAbi } as const

export const receiverOf = ({ chain, node }: Marketplace, operator: Address): Promise<Address> =>
  chain.readContract({
    address: node.info.chain.addresses.operatorReceivers,
    abi: operatorReceiversAbi,
    functionName: 'receiverOf',
    args: [operator],
  })

let salts = 0

/** Deposits into a channel of its own; the payer signs, another account sends. */
export async function openChannel(
  market: Marketplace,
  parameters: {
    payer: LocalAccount
    payerAuthorizer?: Address
    receiver: Address
    receiverAuthorizer?: Address
    amount: bigint
    withdrawDelay?: number
  },
): Promise<OpenChannel> {
  const { payer, payerAuthorizer = payer.address, receiver, amount, withdrawDelay = 900 } = parameters
  const { receiverAuthorizer = receiver } = parameters
  salts += 1
  const config: ChannelConfig = {
    payer: payer.address,
    payerAuthorizer,
    receiver,
    receiverAuthorizer,
    token: market.token,
    withdrawDelay,
    salt: toHex(salts, { size: 32 }),
  }
  const { ChannelConfig, Voucher } = channelTypes
  const domain = channelDomain(foundry.id)
  const channel = hashTypedData({ domain, types: { ChannelConfig }, primaryType: 'ChannelConfig', message: config })
  await deposit(market, payer, { channel, config, amount })
  const sign = (maxClaimableAmount: bigint) =>
    payer.signTypedData({
      domain,
      types: { Voucher },
      primaryType: 'Voucher',
      message: { channelId: channel, maxClaimableAmount },
    })
  return { channel, config, sign }
}

async function deposit(
  { chain, token }: Marketplace,
  payer: LocalAccount,
  { channel, config, amount }: { channel: Hex; config: ChannelConfig; amount: bigint },
): Promise<void> {
  const validBefore = (await chain.getBlock()).timestamp + 1_000_000n
  const { ReceiveWithAuthorization } = authorizationTypes
  const signature = await payer.signTypedData({
    domain: { name: 'Test USD (no value)', version: '1', chainId: foundry.id, verifyingContract: token },
    types: { ReceiveWithAuthorization },
    primaryType: 'ReceiveWithAuthorization',
    message: {
      from: payer.address,
      to: depositCollectorAddress,
      value: amount,
      validAfter: 0n,
      validBefore,
      nonce: keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [channel, 0n])),
    },
  })
  const data = encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
    [0n, validBefore, 0n, signature],
  )
  const args = [config, amount, depositCollectorAddress, data] as const
  const hash = await chain.writeContract({
    ...settlement,
    account: payer,
    chain: foundry,
    functionName: 'deposit',
    args,
  })
  await chain.waitForTransactionReceipt({ hash, pollingInterval: 5 })
}

/** The payer asks for its money back, and after the delay takes it. */
export async function withdraw(market: Marketplace, { config }: OpenChannel, payer: LocalAccount, amount: bigint) {
  const { chain } = market
  const write = async (functionName: 'initiateWithdraw' | 'finalizeWithdraw', args: readonly unknown[]) => {
    const call = { ...settlement, account: payer, chain: foundry, functionName, args } as never
    await chain.waitForTransactionReceipt({ hash: await chain.writeContract(call), pollingInterval: 5 })
  }
  await write('initiateWithdraw', [config, amount])
  return async () => {
    await market.passTime(config.withdrawDelay)
    await write('finalizeWithdraw', [config])
  }
}

export const channelOnChain = async ({ chain }: Marketplace, { channel }: Pick<OpenChannel, 'channel'>) => {
  const [balance, claimed] = await chain.readContract({ ...settlement, functionName: 'channels', args: [channel] })
  return { balance, claimed }
}
