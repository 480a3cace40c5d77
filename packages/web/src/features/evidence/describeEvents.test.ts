import { accessMarketAbi, revenueLedgerAbi } from '@agorai/core'
import { encodeAbiParameters, encodeEventTopics, type Hex, type Log } from 'viem'
import { expect, test } from 'vitest'
import { describeEvents } from './describeEvents.js'

const at = (byte: string) => `0x${byte.repeat(20)}` as const
const addresses = { assetRegistry: at('a1'), revenueLedger: at('b2'), accessMarket: at('c3'), testUsd: at('d4') }
const token = { address: at('d4'), symbol: 'tUSD', decimals: 6 }
const buyer = at('55')

const log = (address: Hex, topics: readonly unknown[], data: Hex, logIndex: number): Log => ({
  address,
  topics: topics as [Hex, ...Hex[]],
  data,
  logIndex,
  blockHash: null,
  blockNumber: null,
  transactionHash: null,
  transactionIndex: null,
  removed: false,
})

const granted = (market: Hex) =>
  log(
    market,
    encodeEventTopics({
      abi: accessMarketAbi,
      eventName: 'PassGranted',
      args: { offerId: 131072n, version: 2n, holder: buyer },
    }),
    encodeAbiParameters(
      [{ type: 'address' }, { type: 'uint256' }, { type: 'uint32' }],
      [token.address, 10_000_000n, 0],
    ),
    0,
  )

const pulled = (ancestor: bigint, amount: bigint, ofToken: Hex) =>
  log(
    addresses.revenueLedger,
    encodeEventTopics({
      abi: revenueLedgerAbi,
      eventName: 'RevenuePulled',
      args: { version: 2n, ancestor, token: ofToken },
    }),
    encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [0n, amount]),
    1,
  )

test('our contracts’ events become sentences with amounts and units', () => {
  const logs = [granted(addresses.accessMarket), pulled(1n, 1_000_000n, token.address), pulled(0n, 7n, at('09'))]
  expect(describeEvents(logs, addresses, token).map(({ sentence }) => sentence.replaceAll('\u00a0', ' '))).toEqual([
    '0x5555…5555 received a pass of offer 131072 for 10.00 tUSD.',
    '1.00 tUSD of what version 2 sold moved to version 1.',
    '7 base units of 0x0909…0909 of what version 2 sold moved to the treasury.',
  ])
})

test('a copy of our contract at another address is not believed', () => {
  expect(describeEvents([granted(at('f5'))], addresses, token)).toEqual([])
})
