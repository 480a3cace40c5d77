import {
  AgoraiError,
  authorizationTypes,
  batchSettlementAbi,
  batchSettlementAddress,
  type ChannelConfig,
  channelDomain,
  channelTypes,
  depositCollectorAddress,
  loadChannelDigests,
  mandateSalt,
  operatorReceiverOf,
  type PaymentRequirements,
} from '@agorai/core'
import { type Address, getAddress, type Hex, isAddressEqual } from 'viem'
import { signerOf, signingDomainOf } from '../contributions/signRequest.js'
import { readContract } from '../transactions/readContract.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'
import type { Payer } from './payer.js'

/** The salt of a payer's channels: calls that are paid one by one use the first, each session one of those after it. */
export const channelSalt = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`

/** Sessions that one account has with an operator at the same time, each on a channel of its own. */
export const channelsMax = 16

const withdrawDelayDefault = 900

/** What decides a channel, of what an operator asks for. */
export type ChannelRequirements = Pick<PaymentRequirements, 'payTo' | 'asset' | 'extra'>

/**
 * The channel that requirements ask for, with its id.
 *
 * @throws AgoraiError `payment_refused` when it would pay anybody but the operator's receiver.
 */
export async function channelFor(
  payer: Payer,
  { payTo, asset, extra }: ChannelRequirements,
  salt: Hex,
): Promise<{ channel: Hex; config: ChannelConfig }> {
  const { client, mandate } = payer
  const { id, addresses } = client.info.chain
  const receiver = operatorReceiverOf(addresses, client.info.operator.address)
  if (!isAddressEqual(payTo, receiver))
    throw new AgoraiError('payment_refused', `It asks to pay ${payTo}, and the operator is paid at ${receiver}.`, {
      field: 'payTo',
    })
  const { receiverAuthorizer, withdrawDelay = withdrawDelayDefault } = extra
  if (typeof receiverAuthorizer !== 'string' || typeof withdrawDelay !== 'number')
    throw new AgoraiError('payment_refused', 'It does not say who signs for the operator.', { field: 'extra' })
  const config: ChannelConfig = {
    payer: getAddress(payer.address),
    payerAuthorizer: getAddress(payer.authorizer),
    receiver: getAddress(payTo),
    receiverAuthorizer: getAddress(receiverAuthorizer),
    token: getAddress(asset),
    withdrawDelay,
    salt: mandate === undefined ? salt : mandateSalt(signingDomainOf(client), mandate.mandate),
  }
  const { channelOf } = await loadChannelDigests(id)
  return { channel: channelOf(config), config }
}

/** What the chain has of a channel: what was deposited and not given back, and what was claimed of it. */
export async function readChannel(payer: Payer, channel: Hex): Promise<{ balance: bigint; totalClaimed: bigint }> {
  const [balance, totalClaimed] = await readContract(payer.client, {
    address: batchSettlementAddress,
    abi: batchSettlementAbi,
    functionName: 'channels',
    args: [channel],
  })
  return { balance, totalClaimed }
}

/** Signs the promise that the channel's calls may come to this much in all. */
export async function signVoucher(payer: Payer, channel: Hex, maxClaimableAmount: bigint) {
  const signature = await signMessage(payer.client, {
    domain: channelDomain(payer.client.info.chain.id),
    types: { Voucher: channelTypes.Voucher },
    primaryType: 'Voucher',
    message: { channelId: channel, maxClaimableAmount },
  })
  return { channelId: channel, maxClaimableAmount: String(maxClaimableAmount), signature }
}

/** Signs a deposit into the channel, which the operator brings to the chain. */
export async function signDeposit(
  payer: Payer,
  requirements: PaymentRequirements,
  { channel, amount }: { channel: Hex; amount: bigint },
) {
  const { id } = payer.client.info.chain
  const salt = randomWord()
  const { depositNonce } = await loadChannelDigests(id)
  const authorization = await signTransfer(payer, requirements, 'ReceiveWithAuthorization', {
    to: depositCollectorAddress,
    value: amount,
    nonce: depositNonce(channel, salt),
  })
  const { validAfter, validBefore, signature } = authorization
  return {
    amount: String(amount),
    authorization: {
      erc3009Authorization: { validAfter: String(validAfter), validBefore: String(validBefore), salt, signature },
    },
  }
}

/** Signs an EIP-3009 transfer in the token that the requirements name. */
export async function signTransfer(
  { client }: Payer,
  { asset, extra, maxTimeoutSeconds }: PaymentRequirements,
  primaryType: 'ReceiveWithAuthorization' | 'TransferWithAuthorization',
  { to, value, nonce }: { to: Address; value: bigint; nonce: Hex },
) {
  const { name, version } = extra
  if (typeof name !== 'string' || typeof version !== 'string')
    throw new AgoraiError('payment_refused', 'It does not name the domain of its token.', { field: 'extra' })
  const validBefore = BigInt(Math.floor(Date.now() / 1000) + maxTimeoutSeconds)
  const message = { from: signerOf(client), to: getAddress(to), value, validAfter: 0n, validBefore, nonce }
  const signature = await signMessage(client, {
    domain: { name, version, chainId: client.info.chain.id, verifyingContract: getAddress(asset) },
    types: { [primaryType]: authorizationTypes[primaryType] },
    primaryType,
    message,
  })
  return { ...message, signature }
}
