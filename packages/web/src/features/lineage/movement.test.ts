import { revenueLedgerAbi } from '@agorai/core'
import { encodeAbiParameters, encodeEventTopics, type Hex, type Log } from 'viem'
import { expect, test } from 'vitest'
import { pulledFlows, saleFlows } from './movement.js'

const token = '0x8394d3c4Dcda61c4009dB1E16d1a54cd43f50001'

function pulled(version: bigint, ancestor: bigint, index: bigint, amount: bigint): Log {
  const topics = encodeEventTopics({
    abi: revenueLedgerAbi,
    eventName: 'RevenuePulled',
    args: { version, ancestor, token },
  })
  return {
    address: token,
    topics: topics as [Hex, ...Hex[]],
    data: encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [index, amount]),
    blockHash: null,
    blockNumber: null,
    logIndex: null,
    transactionHash: null,
    transactionIndex: null,
    removed: false,
  }
}

test('a sale owes each ancestor its rate, cut to whole units', () => {
  const edges = [
    { ancestor: '1', bps: 1000 },
    { ancestor: '2', bps: 333 },
    { ancestor: '3', bps: 0 },
  ]
  expect(saleFlows(edges, '4', 1001n)).toEqual([
    { from: '4', to: '1', amount: 100n },
    { from: '4', to: '2', amount: 33n },
  ])
})

test('a collection moves what the ledger says it pulled; the fee and empty pulls draw nothing', () => {
  const logs = [
    pulled(2n, 1n, 0n, 1_000_000n),
    pulled(2n, 0n, 16n, 100_000n),
    pulled(3n, 1n, 0n, 0n),
    pulled(2n, 1n, 0n, 5n),
  ]
  expect(pulledFlows(logs)).toEqual([{ from: '2', to: '1', amount: 1_000_005n }])
})
