// What payment channels cost: a hundred claimed at once, and handed on to versions by the operator's receiver.
import { batchSettlementAbi, operatorReceiverAbi, operatorReceiverOf, operatorReceiversAbi } from '@agorai/core'
import { encodeAbiParameters, keccak256, parseAbiParameters, zeroHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { deployer, hashOf, relayer } from './chain.mjs'

const channels = 100
const deposited = 1_000_000n
const voucherTypes = {
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
  ],
}

/**
 * @param signReceive signs an EIP-3009 authorization of `token`, by an account, to an address, with a nonce
 * @param versions ten that nobody has paid yet
 */
export async function measurePayments(chain, { chainId, deployment, token, signReceive, versions, measure }) {
  const settlement = chain.at(deployment.batchSettlement, batchSettlementAbi)
  await chain.at(deployment.operatorReceivers, operatorReceiversAbi).write('create', [deployer.address])
  const receiver = chain.at(operatorReceiverOf(deployment, deployer.address), operatorReceiverAbi)
  // Both have held the token.
  for (const { address } of [settlement, receiver]) await token.write('mint', [address, 1n])
  const domain = { name: 'x402 Batch Settlement', version: '1', chainId, verifyingContract: settlement.address }

  /** As x402's own client makes it: no salt, and the payer signs itself. */
  const open = async (place) => {
    const payer = privateKeyToAccount(hashOf(`payer ${place}`))
    const config = {
      payer: payer.address,
      payerAuthorizer: payer.address,
      receiver: receiver.address,
      receiverAuthorizer: receiver.address,
      token: token.address,
      withdrawDelay: 900,
      salt: zeroHash,
    }
    const channelId = await settlement.read('getChannelId', [config])
    await token.write('mint', [payer.address, 10n * deposited])
    const nonce = keccak256(encodeAbiParameters(parseAbiParameters('bytes32, uint256'), [channelId, 1n]))
    const { signature, validBefore } = await signReceive(payer, deployment.depositCollector, deposited, nonce)
    const data = encodeAbiParameters(parseAbiParameters('uint256, uint256, uint256, bytes'), [
      0n,
      validBefore,
      1n,
      signature,
    ])
    const call = settlement.tx('deposit', [config, deposited, deployment.depositCollector, data], relayer)
    await chain.send(call)
    return { payer, config, channelId }
  }
  const opened = []
  for (let place = 0; place < channels; place++) opened.push(await open(place))

  const claim = async (total) => {
    const rows = []
    for (const { payer, config, channelId } of opened) {
      const message = { channelId, maxClaimableAmount: total }
      const signature = await payer.signTypedData({ domain, types: voucherTypes, primaryType: 'Voucher', message })
      rows.push({ voucher: { channel: config, maxClaimableAmount: total }, signature, totalClaimed: total })
    }
    const hash = await settlement.read('getClaimBatchDigest', [rows])
    return settlement.tx('claimWithSignature', [rows, await deployer.sign({ hash })], relayer)
  }
  await chain.send(await claim(10_000n))
  await measure('claim a hundred channels', await claim(25_000n))

  let settled = 0n
  const distribute = async (count, total) => {
    await chain.send(await claim(total))
    await settlement.write('settle', [receiver.address, token.address])
    const sum = total * BigInt(channels)
    const part = (sum - settled) / BigInt(count)
    settled = sum
    const history = await receiver.read('historyOf', [token.address])
    const amounts = versions.slice(0, count).map(() => part)
    return receiver.tx('distribute', [token.address, history, versions.slice(0, count), amounts, hashOf('receipts')])
  }
  await chain.send(await distribute(versions.length, 50_000n))
  await measure('distribute to ten versions', await distribute(versions.length, 60_000n))
  await measure('distribute to one version', await distribute(1, 70_000n))
}
