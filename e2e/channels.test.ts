import {
  batchSettlementAbi,
  type ChannelConfig,
  deployments,
  depositCollectorAbi,
  devMnemonic,
  loadChannelDigests,
  operatorReceiverAbi,
  operatorReceiverOf,
  operatorReceiversAbi,
} from '@agorai/core'
import { deployContracts, getDevAccount } from '@agorai/sdk'
import { claimBatchTypes, refundTypes } from '@x402/evm'
import { computeChannelId, signVoucher } from '@x402/evm/batch-settlement/client'
import { createTestClient, type Hex, http, publicActions, walletActions } from 'viem'
import { foundry } from 'viem/chains'
import { bytesToHex, hashTypedData, keccak256, numberToHex, pad, recoverAddress } from 'viem/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AnvilProcess, startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'
import { openRpcChain } from '../packages/node/src/adapters/chain/rpcChain.js'
import { findContracts, fundOperator } from '../packages/node/src/compose/chain.js'

/** What a local chain has of x402's, and the contract that an operator's channels pay to. */

const account = getDevAccount(0, foundry.id)
let anvil: AnvilProcess
beforeAll(async () => {
  anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
}, 60_000)
afterAll(() => anvil?.kill())

const connect = () =>
  createTestClient({ account, chain: foundry, mode: 'anvil', transport: http(anvil.rpcUrl), pollingInterval: 5 })
    .extend(publicActions)
    .extend(walletActions)

const wordOf = (value: number): Hex => keccak256(pad(numberToHex(value)))
const addressOf = (value: number): Hex => `0x${wordOf(value).slice(-40)}`

test('the stand-ins are at the addresses of x402, and a receiver is where core says', {
  timeout: 120_000,
}, async () => {
  const { rpcUrl } = anvil
  const deployment = await deployContracts({ rpcUrl, account, treasury: account.address, proposer: account.address })
  expect(deployment).toEqual(deployments[foundry.id])
  const { batchSettlement = '0x', depositCollector = '0x', operatorReceivers } = deployment
  const client = connect()
  const domain = { address: batchSettlement, abi: batchSettlementAbi, functionName: 'eip712Domain' } as const
  expect(await client.readContract(domain)).toEqual(
    expect.arrayContaining(['x402 Batch Settlement', '1', BigInt(foundry.id), batchSettlement]),
  )
  const collector = { address: depositCollector, abi: depositCollectorAbi } as const
  expect(await client.readContract({ ...collector, functionName: 'x402BatchSettlement' })).toBe(batchSettlement)

  const factory = { address: operatorReceivers, abi: operatorReceiversAbi } as const
  const operator = getDevAccount(5, foundry.id).address
  const receiver = operatorReceiverOf(deployment, operator)
  expect(await client.readContract({ ...factory, functionName: 'receiverOf', args: [operator] })).toBe(receiver)
  const hash = await client.writeContract({ ...factory, functionName: 'create', args: [operator] })
  await client.waitForTransactionReceipt({ hash })
  const made = { address: receiver, abi: operatorReceiverAbi } as const
  expect(await client.readContract({ ...made, functionName: 'owner' })).toBe(operator)
  expect(await client.readContract({ ...made, functionName: 'authorizer' })).toBe(operator)
})

test('a local chain that is in use gets what came with a later release', { timeout: 120_000 }, async () => {
  const client = connect()
  const { batchSettlement = '0x', depositCollector = '0x' } = deployments[foundry.id] ?? {}
  for (const address of [batchSettlement, depositCollector]) await client.setCode({ address, bytecode: '0x' })
  const chain = await openRpcChain({ rpcUrl: anvil.rpcUrl, confirmations: 0 })
  expect(await findContracts(chain, 'a folder', () => {})).toEqual(deployments[foundry.id])
  for (const address of [batchSettlement, depositCollector])
    expect(await client.getCode({ address })).toMatch(/^0x[\da-f]{100}/)
  const operator = addressOf(77)
  await fundOperator(chain, operator, () => {})
  expect(await client.getBalance({ address: operator })).toBeGreaterThan(10n ** 18n)
})

const network = `eip155:${foundry.id}` as const

/** Of every form that a channel can have: signers of its own or none, both ends of the delays, salts with and without bytes. */
const configAt = (place: number): ChannelConfig => ({
  payer: account.address,
  payerAuthorizer: place % 2 === 0 ? account.address : addressOf(0),
  receiver: addressOf(place + 1),
  receiverAuthorizer: addressOf(place + 2),
  token: addressOf(place + 3),
  withdrawDelay: [900, 2_592_000, 86_400][place % 3] ?? 900,
  salt: place % 4 === 0 ? pad('0x') : wordOf(place),
})

test('what is signed is the same for x402, for core and for the contract', { timeout: 120_000 }, async () => {
  const digests = await loadChannelDigests(foundry.id)
  const client = connect()
  const { batchSettlement = '0x' } = deployments[foundry.id] ?? {}
  const contract = { address: batchSettlement, abi: batchSettlementAbi } as const
  const domain = {
    name: 'x402 Batch Settlement',
    version: '1',
    chainId: foundry.id,
    verifyingContract: batchSettlement,
  }
  const claims = []
  for (let place = 0; place < 12; place++) {
    const config = configAt(place)
    const id = computeChannelId(config, foundry.id)
    expect(digests.channelOf(config)).toBe(id)
    expect(await client.readContract({ ...contract, functionName: 'getChannelId', args: [config] })).toBe(id)

    const amount = [0n, 1n, 2n ** 128n - 1n, 123_456_789n][place % 4] ?? 0n
    const voucher = await client.readContract({ ...contract, functionName: 'getVoucherDigest', args: [id, amount] })
    expect(bytesToHex(digests.voucher(id, amount))).toBe(voucher)
    const { signature } = await signVoucher(account, id, `${amount}`, network)
    expect(await recoverAddress({ hash: voucher, signature })).toBe(account.address)

    const message = { channelId: id, nonce: BigInt(place) ** 9n, amount }
    const refund = hashTypedData({ domain, types: refundTypes, primaryType: 'Refund', message })
    expect(bytesToHex(digests.refund(id, message.nonce, amount))).toBe(refund)
    const ofRefund = [id, message.nonce, amount] as const
    expect(await client.readContract({ ...contract, functionName: 'getRefundDigest', args: ofRefund })).toBe(refund)
    claims.push({ channel: config, channelId: id, maxClaimableAmount: amount, totalClaimed: amount / 2n })
  }
  for (const count of [0, 1, 2, 12]) {
    const some = claims.slice(0, count)
    const message = { claims: some }
    const batch = hashTypedData({ domain, types: claimBatchTypes, primaryType: 'ClaimBatch', message })
    expect(bytesToHex(digests.claimBatch(some.map((row) => ({ ...row, channel: row.channelId }))))).toBe(batch)
    const rows = some.map(({ channel, maxClaimableAmount, totalClaimed }) => ({
      voucher: { channel, maxClaimableAmount },
      signature: '0x' as const,
      totalClaimed,
    }))
    expect(await client.readContract({ ...contract, functionName: 'getClaimBatchDigest', args: [rows] })).toBe(batch)
  }
})
