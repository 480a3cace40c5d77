import { revenueLedgerAbi } from '@agorai/core'
import { encodeAbiParameters, encodeEventTopics, type Hex, type Log } from 'viem'
import { expect, test } from 'vitest'
import { pulledFlows, saleFlows } from './movement.js'

const token = '0x8394d3c4Dcda61c4009dB1E16d1a54cd43f50001'

function log(topics: unknown, data: Hex): Log {
  return {
    address: token,
    topics: topics as [Hex, ...Hex[]],
    data,
    blockHash: null,
    blockNumber: null,
    logIndex: null,
    transactionHash: null,
    transactionIndex: null,
    removed: false,
  }
}

const abi = revenueLedgerAbi
const amountOf = (amount: bigint) => encodeAbiParameters([{ type: 'uint256' }], [amount])

const pulled = (version: bigint, ancestor: bigint, amount: bigint) =>
  log(encodeEventTopics({ abi, eventName: 'RevenuePulled', args: { version, ancestor, token } }), amountOf(amount))

const supplied = (version: bigint, supplier: bigint, amount: bigint) =>
  log(encodeEventTopics({ abi, eventName: 'SupplyPulled', args: { version, supplier, token } }), amountOf(amount))

const credited = (version: bigint, member: bigint, amount: bigint) =>
  log(
    encodeEventTopics({ abi, eventName: 'MemberCredited', args: { version, member, token } }),
    encodeAbiParameters([{ type: 'uint64' }, { type: 'uint64' }, { type: 'uint256' }], [0n, 1n, amount]),
  )

test('a sale owes each ancestor and supplier its rate, cut to whole units', () => {
  const version = {
    id: '5',
    edges: [
      { ancestor: '1', bps: 1000 },
      { ancestor: '2', bps: 333 },
      { ancestor: '3', bps: 0 },
    ],
    supplies: [{ supplier: '4', bps: 6000 }],
  }
  expect(saleFlows(version, 1001n)).toEqual([
    { from: '5', to: '1', kind: 'royalty', amount: 100n },
    { from: '5', to: '2', kind: 'royalty', amount: 33n },
    { from: '5', to: '4', kind: 'supply', amount: 600n },
  ])
})

test('a collection moves what the ledger says it pulled; the fee and empty pulls draw nothing', () => {
  const logs = [
    pulled(2n, 1n, 1_000_000n),
    pulled(2n, 0n, 100_000n),
    pulled(3n, 1n, 0n),
    pulled(2n, 1n, 5n),
    supplied(4n, 2n, 6_000_000n),
    credited(7n, 2n, 9n),
  ]
  expect(pulledFlows(logs)).toEqual([
    { from: '2', to: '1', kind: 'royalty', amount: 1_000_005n },
    { from: '4', to: '2', kind: 'supply', amount: 6_000_000n },
    { from: '7', to: '2', kind: 'member', amount: 9n },
  ])
})
