import { readFileSync } from 'node:fs'
import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi, testUsdAbi } from '@agorai/core'
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

const granted = (market: Hex, payer: Hex = buyer) =>
  log(
    market,
    encodeEventTopics({
      abi: accessMarketAbi,
      eventName: 'PassGranted',
      args: { offerId: 131072n, version: 2n, holder: buyer },
    }),
    encodeAbiParameters(
      [{ type: 'address' }, { type: 'uint256' }, { type: 'uint32' }, { type: 'uint40' }, { type: 'uint40' }],
      [payer, 10_000_000n, 0, 2 ** 40 - 1, 0],
    ),
    0,
  )

const uint = (value: bigint) => encodeAbiParameters([{ type: 'uint256' }], [value])

const moved = (amount: bigint) =>
  log(
    token.address,
    encodeEventTopics({ abi: testUsdAbi, eventName: 'Transfer', args: { from: buyer, to: addresses.accessMarket } }),
    uint(amount),
    2,
  )

const pulled = (ancestor: bigint, amount: bigint, ofToken: Hex) =>
  log(
    addresses.revenueLedger,
    encodeEventTopics({
      abi: revenueLedgerAbi,
      eventName: 'RevenuePulled',
      args: { version: 2n, ancestor, token: ofToken },
    }),
    uint(amount),
    1,
  )

const sentences = (logs: Log[]) =>
  describeEvents(logs, addresses, token).map(({ sentence }) => sentence.replaceAll('\u00a0', ' '))

test('our contracts’ events become sentences with amounts and units', () => {
  const logs = [
    granted(addresses.accessMarket),
    moved(10_000_000n),
    pulled(1n, 1_000_000n, token.address),
    pulled(0n, 7n, at('09')),
  ]
  expect(sentences(logs)).toEqual([
    '0x5555…5555 received a pass of offer 131072 for 10.00 tUSD.',
    '10.00 tUSD moved from 0x5555…5555 to 0xc3c3…c3c3.',
    '1.00 tUSD of what version 2 sold moved to version 1.',
    '7 base units of 0x0909…0909 of what version 2 sold moved to the treasury.',
  ])
})

test('a gift names who paid; an amount whose token does not show in the transaction is in base units', () => {
  expect(sentences([granted(addresses.accessMarket, at('66'))])).toEqual([
    '0x5555…5555 received a pass of offer 131072 for 10000000 base units, paid by 0x6666…6666.',
  ])
})

test('every event of our contracts but the governed ones has a sentence', () => {
  const governed = ['ApprovalForAll', 'Approval', 'ArbiterSet', 'AuthorizationCanceled', 'AuthorizationUsed']
  const others = ['FeeSet', 'GuardianSet', 'LienSet', 'MetadataUpdate', 'Paused', 'TokenAllowed']
  const said = new Set(
    readFileSync(new URL('./describeEvents.ts', import.meta.url), 'utf8').match(/(?<=case ')\w+(?=')/g),
  )
  const events = [...assetRegistryAbi, ...accessMarketAbi, ...revenueLedgerAbi].filter(({ type }) => type === 'event')
  const names = [...new Set(events.map((event) => ('name' in event ? event.name : '')))]
  expect(names.filter((name) => !said.has(name)).sort()).toEqual(
    [...governed, ...others].filter((name) => names.includes(name as never)).sort(),
  )
})

test('a copy of our contract at another address is not believed', () => {
  expect(describeEvents([granted(at('f5'))], addresses, token)).toEqual([])
})
