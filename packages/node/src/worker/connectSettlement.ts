import {
  batchSettlementAbi,
  batchSettlementAddress,
  type Deployment,
  isDeniable,
  operatorReceiverAbi,
  operatorReceiverOf,
  operatorReceiversAbi,
  revenueLedgerAbi,
  toContractClaim,
  withRightParity,
} from '@agorai/core'
import { type Address, encodeFunctionData, type Hex, type PublicClient } from 'viem'
import { getAbiItem } from 'viem/utils'
import type { OperatorCall, OperatorSender } from '../ports/operatorSender.js'
import { nothingHandedOn } from './handedOn.js'
import type { SettlementChain } from './settlementChain.js'

export type ConnectSettlementOptions = {
  publicClient: PublicClient
  operator: Address
  addresses: Pick<Deployment, 'operatorReceivers' | 'revenueLedger'>
  sender: Pick<OperatorSender, 'send'>
}

/** Of a claim whose payer's contract is asked for its signature, which thinks at the operator's cost. */
const walletGasMax = 1_000_000n
/** Questions that are asked at once. */
const questionsMax = 50
/** Most RPC endpoints answer for at least so many blocks at once. */
const blocksMax = 10_000n
const withdrawalEvent = getAbiItem({ abi: batchSettlementAbi, name: 'WithdrawInitiated' })
const receivedEvent = getAbiItem({ abi: revenueLedgerAbi, name: 'RevenueReceived' })
const settlement = { address: batchSettlementAddress, abi: batchSettlementAbi } as const

export function connectSettlement(options: ConnectSettlementOptions): SettlementChain {
  const { publicClient, operator, addresses, sender } = options
  const send = async (call: OperatorCall): Promise<Hex> => (await sender.send(call)).transactionHash
  const receiver = operatorReceiverOf(addresses, operator)
  const own = { address: receiver, abi: operatorReceiverAbi } as const
  return {
    receiver,
    head: () => publicClient.getBlockNumber({ cacheTime: 0 }),
    async channels(channels, blockNumber) {
      const facts = await inGroups(channels, async (channel) => {
        const [[balance, claimed], [, initiatedAt]] = await Promise.all([
          publicClient.readContract({ ...settlement, functionName: 'channels', args: [channel], blockNumber }),
          publicClient.readContract({
            ...settlement,
            functionName: 'pendingWithdrawals',
            args: [channel],
            blockNumber,
          }),
        ])
        return [channel, { balance, claimed, withdrawing: initiatedAt !== 0 }] as const
      })
      return new Map(facts)
    },
    async receiverOf(token, blockNumber) {
      const [[claimed, settled], code] = await Promise.all([
        publicClient.readContract({ ...settlement, functionName: 'receivers', args: [receiver, token], blockNumber }),
        publicClient.getCode({ address: receiver, blockNumber }),
      ])
      if (code === undefined) return { claimed, settled, distributed: 0n, history: nothingHandedOn.history }
      const [distributed, history] = await Promise.all([
        publicClient.readContract({ ...own, functionName: 'distributedOf', args: [token], blockNumber }),
        publicClient.readContract({ ...own, functionName: 'historyOf', args: [token], blockNumber }),
      ])
      return { claimed, settled, distributed, history }
    },
    async payments(token, fromBlock, toBlock) {
      const question = { address: addresses.revenueLedger, event: receivedEvent, fromBlock, toBlock } as const
      const logs = await publicClient.getLogs({ ...question, args: { token, payer: receiver }, strict: true })
      return logs.map(({ args: { version, amount } }) => ({ version, amount }))
    },
    async withdrawals(fromBlock, toBlock) {
      const found: Hex[] = []
      for (let from = fromBlock; from <= toBlock; from += blocksMax) {
        const last = from + blocksMax - 1n < toBlock ? from + blocksMax - 1n : toBlock
        const question = { address: batchSettlementAddress, event: withdrawalEvent, fromBlock: from, toBlock: last }
        for (const { args } of await publicClient.getLogs({ ...question, strict: true })) found.push(args.channelId)
      }
      return found
    },
    async createReceiver() {
      if ((await publicClient.getCode({ address: receiver })) !== undefined) return undefined
      const call = { abi: operatorReceiversAbi, functionName: 'create', args: [operator] } as const
      return send({ to: addresses.operatorReceivers, data: encodeFunctionData(call) })
    },
    async claim(rows, authorization) {
      const chainId = publicClient.chain?.id ?? (await publicClient.getChainId())
      const claims = await Promise.all(rows.map((row) => withRightParity(chainId, row)))
      const args = [claims.map(toContractClaim), authorization] as const
      const call = { abi: batchSettlementAbi, functionName: 'claimWithSignature', args } as const
      const gasMax = rows.some(({ config }) => isDeniable(config)) ? walletGasMax * BigInt(rows.length) : undefined
      return send({ to: batchSettlementAddress, data: encodeFunctionData(call), ...(gasMax && { gasMax }) })
    },
    settle: (token) =>
      send({
        to: batchSettlementAddress,
        data: encodeFunctionData({ abi: batchSettlementAbi, functionName: 'settle', args: [receiver, token] }),
      }),
    distribute: (token, history, payments, root) =>
      send({
        to: receiver,
        data: encodeFunctionData({
          abi: operatorReceiverAbi,
          functionName: 'distribute',
          args: [token, history, payments.map(({ version }) => version), payments.map(({ amount }) => amount), root],
        }),
      }),
  }
}

async function inGroups<item, answer>(items: readonly item[], ask: (item: item) => Promise<answer>): Promise<answer[]> {
  const answers: answer[] = []
  for (let at = 0; at < items.length; at += questionsMax)
    answers.push(...(await Promise.all(items.slice(at, at + questionsMax).map(ask))))
  return answers
}
