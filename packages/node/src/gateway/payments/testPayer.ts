import {
  authorizationTypes,
  type ChannelConfig,
  type ChannelDigests,
  depositCollectorAddress,
  encodeHeader,
  loadChannelDigests,
  type PaymentRequired,
  type PaymentRequirements,
  type PaymentResponse,
} from '@agorai/core'
import { bytesToHex, type Hex } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'

type Change = Record<string, unknown>

const readHeader = <document>(response: Response, name: string): document =>
  JSON.parse(Buffer.from(response.headers.get(name) ?? '', 'base64').toString())

export const requiredBy = (response: Response): PaymentRequired => readHeader(response, 'PAYMENT-REQUIRED')
export const settledBy = (response: Response): PaymentResponse => readHeader(response, 'PAYMENT-RESPONSE')

/**
 * Signs payments by hand, right ones and wrong ones. For tests.
 *
 * @param call A call by which the price is asked: its body, and its headers, which all calls have.
 */
export async function createTestPayer(
  url: string,
  account: PrivateKeyAccount,
  {
    chainId = 31_337,
    headers = {},
    body: first = 'x',
  }: { chainId?: number; headers?: Record<string, string>; body?: string } = {},
) {
  const digests: ChannelDigests = await loadChannelDigests(chainId)
  const offered = requiredBy(await fetch(url, { method: 'POST', headers, body: first }))
  const wayOf = (scheme: string) => offered.accepts.find((way) => way.scheme === scheme) as PaymentRequirements
  const batch = wayOf('batch-settlement')
  const exact = wayOf('exact')
  const config: ChannelConfig = {
    payer: account.address,
    payerAuthorizer: account.address,
    receiver: batch.payTo,
    receiverAuthorizer: batch.payTo,
    token: batch.asset,
    withdrawDelay: batch.extra.withdrawDelay as number,
    salt: `0x${'00'.repeat(32)}`,
  }
  const { address } = account
  const domain = {
    name: exact.extra.name as string,
    version: exact.extra.version as string,
    chainId,
    verifyingContract: exact.asset,
  }
  const later = () => BigInt(Math.floor(Date.now() / 1_000) + 300)
  const randomHex = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

  const channelOf = (changes: Partial<ChannelConfig> = {}) => digests.channelOf({ ...config, ...changes })

  /** A voucher over so much in all. */
  async function voucher(max: bigint | string, changes: Partial<ChannelConfig> = {}) {
    const channelConfig = { ...config, ...changes }
    const channelId = digests.channelOf(channelConfig)
    const signable = typeof max === 'bigint' ? max : 0n
    const signature = await account.sign({ hash: bytesToHex(digests.voucher(channelId, signable)) })
    return { type: 'voucher', channelConfig, voucher: { channelId, maxClaimableAmount: String(max), signature } }
  }

  async function deposit(max: bigint, amount: bigint, changes: Partial<ChannelConfig> = {}, validBefore = later()) {
    const payload = await voucher(max, changes)
    const salt = randomHex()
    const nonce = digests.depositNonce(payload.voucher.channelId, salt)
    const message = { from: address, to: depositCollectorAddress, value: amount, validAfter: 0n, validBefore, nonce }
    const primaryType = 'ReceiveWithAuthorization'
    const signature = await account.signTypedData({ domain, types: authorizationTypes, primaryType, message })
    const erc3009Authorization = { validAfter: '0', validBefore: String(validBefore), salt, signature }
    return { ...payload, type: 'deposit', deposit: { amount: String(amount), authorization: { erc3009Authorization } } }
  }

  async function transfer(changes: { to?: Hex; value?: bigint; validBefore?: bigint; nonce?: Hex } = {}) {
    const fields = {
      to: exact.payTo,
      value: BigInt(exact.amount),
      validBefore: later(),
      nonce: randomHex(),
      ...changes,
    }
    const message = { from: address, validAfter: 0n, ...fields }
    const primaryType = 'TransferWithAuthorization'
    const signature = await account.signTypedData({ domain, types: authorizationTypes, primaryType, message })
    const { value, validAfter, validBefore, ...rest } = message
    const numbers = { value: String(value), validAfter: String(validAfter), validBefore: String(validBefore) }
    return { signature, authorization: { ...rest, ...numbers } }
  }

  const send = (accepted: PaymentRequirements | Change, payload: object, body: string, method = 'POST') =>
    fetch(url, {
      method,
      headers: { ...headers, 'PAYMENT-SIGNATURE': encodeHeader({ x402Version: 2, accepted, payload }) },
      ...(method === 'GET' ? {} : { body }),
    })

  return {
    account,
    config,
    batch,
    exact,
    channelOf,
    voucher,
    deposit,
    transfer,
    send,
    /** Pays on the channel. */
    pay: (payload: object, body = 'x') => send(batch, payload, body),
    /** Pays by a transfer. */
    payExact: (payload: object, body = 'x') => send(exact, payload, body),
  }
}

export type TestPayer = Awaited<ReturnType<typeof createTestPayer>>
