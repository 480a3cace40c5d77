import { authorizationTypes, testUsdAbi, toTypedData } from '@agorai/core'
import { type Address, type Hex, parseSignature, zeroHash } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { chainTime } from '../transactions/chainTime.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { signMessage } from '../transactions/signMessage.js'

/** What a buyer agrees to, as the market takes it. */
export type PurchaseArgument = {
  offerId: bigint
  version: bigint
  holder: Address
  quantity: number
  amountMax: bigint
  nonce: number
  proof: readonly Hex[]
}

export type Permit = { amount: bigint; deadline: bigint; v: number; r: Hex; s: Hex }

/** No permit: the allowance is there. */
export const noPermit: Permit = { amount: 0n, deadline: 0n, v: 0, r: zeroHash, s: zeroHash }

const validForSeconds = 3_600n

const expiryOf = async (client: ChainClient): Promise<bigint> => (await chainTime(client)) + validForSeconds

/** Signs a purchase that anyone may send: `Purchase` of the market. */
export async function signPurchase(
  client: ChainClient,
  purchase: PurchaseArgument,
): Promise<{ expiry: bigint; signature: Hex }> {
  const expiry = await expiryOf(client)
  const { id: chainId, addresses } = client.info.chain
  const { proof: _, ...message } = purchase
  const document = toTypedData({ chainId, accessMarket: addresses.accessMarket }, 'Purchase', {
    ...message,
    payer: walletOf(client).account.address,
    expiry,
  })
  return { expiry, signature: await signMessage(client, document) }
}

/** Signs an EIP-2612 permit of exactly `amount` to the ledger. */
export async function signPermit(
  client: ChainClient,
  { token, amount }: { token: Address; amount: bigint },
): Promise<Permit> {
  const owner = walletOf(client).account.address
  const [domain, nonce, deadline] = await Promise.all([
    domainOf(client, token),
    readContract(client, { address: token, abi: testUsdAbi, functionName: 'nonces', args: [owner] }),
    expiryOf(client),
  ])
  const signature = await signMessage(client, {
    domain,
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: { owner, spender: client.info.chain.addresses.revenueLedger, value: amount, nonce, deadline },
  })
  const { r, s, yParity } = parseSignature(signature)
  return { amount, deadline, v: 27 + yParity, r, s }
}

export type Authorization = {
  from: Address
  amount: bigint
  validAfter: bigint
  validBefore: bigint
  signature: Hex
}

/**
 * Signs the payment of a purchase as an EIP-3009 `ReceiveWithAuthorization`: to the ledger when the sale is final, else to
 * the market, where the money waits. Its nonce names the purchase and the holder, so it pays for nothing else.
 */
export async function signAuthorization(
  client: ChainClient,
  parameters: { purchase: PurchaseArgument; token: Address; amount: bigint; final: boolean },
): Promise<Authorization> {
  const { purchase, token, amount, final } = parameters
  const { accessMarket, revenueLedger } = client.info.chain.addresses
  const from = walletOf(client).account.address
  const [domain, nonce, validBefore] = await Promise.all([
    domainOf(client, token),
    readContract(client, { ...marketOf(client), functionName: 'authorizationNonceOf', args: [purchase, from] }),
    expiryOf(client),
  ])
  const to = final ? revenueLedger : accessMarket
  const signature = await signMessage(client, {
    domain,
    types: { ReceiveWithAuthorization: authorizationTypes.ReceiveWithAuthorization },
    primaryType: 'ReceiveWithAuthorization',
    message: { from, to, value: amount, validAfter: 0n, validBefore, nonce },
  })
  return { from, amount, validAfter: 0n, validBefore, signature }
}

/** The EIP-712 domain of a token that has `name` and `version`, as those with EIP-2612 and EIP-3009 do. */
async function domainOf(client: ChainClient, token: Address) {
  const erc20 = { address: token, abi: testUsdAbi } as const
  const [name, version] = await Promise.all([
    readContract(client, { ...erc20, functionName: 'name', args: [] }),
    readContract(client, { ...erc20, functionName: 'version', args: [] }),
  ])
  return { name, version, chainId: client.info.chain.id, verifyingContract: token }
}
