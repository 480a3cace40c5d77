// A local chain with the contracts, and payers with money, channels and sessions on it.
import { randomBytes } from 'node:crypto'
import { authorizationTypes, depositCollectorAddress, devMnemonic, loadChannelDigests, testUsdAbi } from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import { bytesToHex, createTestClient, createWalletClient, http, publicActions } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { startAnvil } from '../../packages/node/dist/adapters/chain/anvilProcess.js'

const minted = 10n ** 12n
const validBefore = 2n ** 40n
const random = () => bytesToHex(randomBytes(32))

/** @returns The chain, and what makes new accounts on it. */
export async function startChain() {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const account = getDevAccount(0, foundry.id)
  const { address } = account
  const deployment = await deployContracts({ rpcUrl: anvil.rpcUrl, account, treasury: address, proposer: address })
  const transport = http(anvil.rpcUrl)
  const test = createTestClient({ chain: foundry, mode: 'anvil', transport }).extend(publicActions)
  const wallet = createWalletClient({ account, chain: foundry, transport })
  const token = deployment.testUsd
  const ask = (functionName) => test.readContract({ address: token, abi: testUsdAbi, functionName })
  return {
    rpcUrl: anvil.rpcUrl,
    deployment,
    token,
    /** What the token's signatures are bound to. */
    tokenDomain: { address: token, name: await ask('name'), version: await ask('version') },
    stop: () => anvil.kill(),
    /** An account that can pay for gas. */
    async createOperator() {
      const key = generatePrivateKey()
      const operator = privateKeyToAccount(key)
      await test.setBalance({ address: operator.address, value: 10n ** 21n })
      return { key, address: operator.address }
    },
    async createPayer() {
      const key = generatePrivateKey()
      const payer = privateKeyToAccount(key)
      const mint = { address: token, abi: testUsdAbi, functionName: 'mint', args: [payer.address, minted] }
      await test.waitForTransactionReceipt({ hash: await wallet.writeContract(mint), pollingInterval: 5 })
      return { key, account: payer }
    },
    balanceOf: (owner) =>
      test.readContract({ address: token, abi: testUsdAbi, functionName: 'balanceOf', args: [owner] }),
  }
}

/** What a route asks for, and how. */
export async function readChallenge(url, body) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const header = response.headers.get('payment-required')
  if (response.status !== 402 || header === null)
    throw new Error(`${url} did not ask for a payment: ${response.status} ${(await response.text()).slice(0, 500)}`)
  return JSON.parse(Buffer.from(header, 'base64'))
}

export const acceptedOf = (challenge, scheme) => challenge.accepts.find((each) => each.scheme === scheme)

/** Signs an EIP-3009 authorization of the token. */
function authorize(account, accepted, type, { to, value, nonce }) {
  const { name, version } = accepted.extra
  return account.signTypedData({
    domain: { name, version, chainId: foundry.id, verifyingContract: accepted.asset },
    types: { [type]: authorizationTypes[type] },
    primaryType: type,
    message: { from: account.address, to, value, validAfter: 0n, validBefore, nonce },
  })
}

/** A channel of a new payer that is not on the chain yet. */
export async function createChannel(payer, { receiver, token }) {
  const config = {
    payer: payer.account.address,
    payerAuthorizer: payer.account.address,
    receiver,
    receiverAuthorizer: receiver,
    token,
    withdrawDelay: 900,
    salt: random(),
  }
  const digests = await loadChannelDigests(foundry.id)
  return { id: digests.channelOf(config), config, key: payer.key, account: payer.account, charged: '0' }
}

/** The payload that deposits on a channel, with its first voucher. */
export async function depositOn(channel, accepted, voucher, amount) {
  const digests = await loadChannelDigests(foundry.id)
  const salt = random()
  const nonce = digests.depositNonce(channel.id, salt)
  const terms = { to: depositCollectorAddress, value: amount, nonce }
  const signature = await authorize(channel.account, accepted, 'ReceiveWithAuthorization', terms)
  const erc3009Authorization = { validAfter: '0', validBefore: `${validBefore}`, salt, signature }
  const deposit = { amount: `${amount}`, authorization: { erc3009Authorization } }
  return { type: 'deposit', channelConfig: channel.config, voucher, deposit }
}

/** The payload of a payment by `exact`. */
export async function payExactly(account, accepted) {
  const terms = { to: accepted.payTo, value: BigInt(accepted.amount), nonce: random() }
  const signature = await authorize(account, accepted, 'TransferWithAuthorization', terms)
  const { to, nonce } = terms
  const authorization = {
    from: account.address,
    to,
    value: accepted.amount,
    validAfter: '0',
    validBefore: `${validBefore}`,
    nonce,
  }
  return { signature, authorization }
}
