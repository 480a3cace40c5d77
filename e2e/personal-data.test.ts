import {
  appendSegment,
  approveApplication,
  assembleContributions,
  buyOffer,
  callModel,
  consentToContribute,
  createPayer,
  giveContribution,
  publishAsset,
  refundChannel,
  serveAsset,
  withdrawContributions,
} from '@agorai/sdk'
import fc from 'fast-check'
import { type Hex, isHex, size, stringToHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inputPrice, outputPrice, publishTextModel } from '../examples/language/publish.js'
import { type Marketplace, startMarketplace } from './marketplace.js'
import { rowsSource } from './rowsSource.js'

/** P17: whatever people write, none of it reaches the chain, in calldata, in events or in created code. */

let market: Marketplace
let model: bigint
const written = new Set<string>()
let drawn = 0
const runs = process.env.AGORAI_DEEP === '1' ? 100 : 4
const seed = Number(process.env.AGORAI_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Texts as they identify people: names, addresses, numbers of cards, accounts, telephones and documents. */
const personal = fc.oneof(
  // As long as a label may be.
  fc.emailAddress().filter((address) => address.length <= 80),
  fc.constantFrom('Grace Hopper-Müller', 'Zoë van der Berg', '王小明', 'Анна Иванова', 'محمد الأمين'),
  fc
    .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('Rue de la Paix', 'Harbour Street'))
    .map(([number, street]) => `${street} ${number}, 75002`),
  fc.stringMatching(/^\+49 [0-9]{3} [0-9]{7}$/),
  fc.stringMatching(/^DE[0-9]{20}$/),
  fc.stringMatching(/^4[0-9]{15}$/),
  fc.stringMatching(/^[0-9]{3}-[0-9]{2}-[0-9]{4}$/),
  fc.ipV4(),
)

/** A personal text that the scan will look for. */
function person(kinds: fc.Arbitrary<string> = personal): string {
  const [text = ''] = fc.sample(kinds, { numRuns: 1, seed: seed + drawn++ })
  written.add(text)
  return text
}

const rowsOf = (count: number) => rowsSource(Array.from({ length: count }, () => ({ who: person(), at: 1 })))

const statement = () => ({
  name: person(),
  description: `${person()}, ${person()}`,
  tags: [person().slice(0, 40)],
  licence: { spdx: 'CC-BY-4.0', source: person(), attribution: person() },
  provenance: { description: person() },
  terms: { royaltyBps: 0 },
  metrics: [],
})

beforeAll(async () => {
  market = await startMarketplace()
  await market.mint(market.byron, 1_000_000_000n)
  model = (await publishTextModel(market.boole, { token: market.token, name: person() })).version
}, 300_000)
afterAll(() => market?.stop())

/** A service of the model is called and paid for by a transfer and by a voucher, whose channel is then settled and closed. */
async function sellCalls(): Promise<void> {
  const { boole, byron, token } = market
  const { asset: service } = await publishAsset(boole, {
    ...statement(),
    kind: 'service',
    contributors: { bps: 0, leaves: [] },
    suppliers: [model],
    serving: { runtime: 'onnx', model: `${model}`, apis: ['completions'], token, prices: [inputPrice, outputPrice] },
  })
  await serveAsset(boole, { asset: service })
  const payer = createPayer(byron)
  for (const wire of ['exact', 'voucher'] as const) {
    const body = { prompt: person(), max_tokens: 2 }
    await callModel(byron, { service, api: 'completions', body, payer, wire, key: person(fc.emailAddress()) })
  }
  await refundChannel(byron, { asset: service, payer })
}

test('publishing, contributing, assembling, feeding, serving, calling, buying and withdrawing write no text on the chain', async () => {
  const { ada, boole, alpha, byron, token, addressOf, chain } = market
  for (let run = 0; run < runs; run++) {
    const { asset, offers } = await publishAsset(ada, {
      ...statement(),
      kind: 'dataset',
      contributors: { bps: 100, leaves: [{ account: addressOf(alpha), weight: '1', label: person() }] },
      content: rowsOf(5),
      rowFormat: 'jsonl',
      offers: [{ token, price: 1_000_000n, usage: 'train' }],
    })
    const approval = await approveApplication(ada, { asset, application: addressOf(boole), purpose: person() })
    const rows = rowsOf(5)
    const consent = await consentToContribute(alpha, { approval, rows, label: person() })
    await giveContribution(boole, { approval, consent, rows })
    await assembleContributions(ada, { asset })
    await buyOffer(byron, { offer: offers[0] ?? 0n, amountMax: 1_000_000n })
    await withdrawContributions(alpha, { asset })
    const feed = await publishAsset(ada, {
      ...statement(),
      kind: 'feed',
      contributors: { bps: 0, leaves: [] },
      feed: { fields: [{ name: person(), type: 'string' }] },
    })
    await appendSegment(ada, { version: feed.version, rows: rowsOf(3) })
    // Each service keeps its model open.
    if (run % 10 === 0) await sellCalls()
  }

  const data: Hex[] = []
  const head = await chain.getBlockNumber()
  for (let blockNumber = 0n; blockNumber <= head; blockNumber++) {
    const { transactions } = await chain.getBlock({ blockNumber, includeTransactions: true })
    data.push(...transactions.map(({ input }) => input))
  }
  const logs = await chain.getLogs({ fromBlock: 0n, toBlock: head })
  data.push(...logs.flatMap((log) => [log.data, ...(log.topics as Hex[])]))
  expect(data.every((each) => isHex(each))).toBe(true)
  const findIn = (hexes: readonly Hex[]) =>
    [...written].filter((text) => spellings(text).some((each) => hexes.some((hex) => hex.includes(each))))
  const found = findIn(data)
  const bytes = data.reduce((sum, each) => sum + size(each), 0)
  console.log(
    `P17: ${written.size} personal texts of seed ${seed} in ${bytes} bytes of ${data.length} calls and events: ${found.length} found`,
  )
  expect(found).toEqual([])
  expect(written.size).toBeGreaterThan(runs * 10)
  // The scan finds what is there.
  const [planted = ''] = written
  for (const spelling of spellings(planted)) expect(findIn([...data, `0x00${spelling}00`])).toEqual([planted])
}, 3_600_000)

/** The digits of a text as bytes in the ways in which it might be written: UTF-8, UTF-16 of both orders. */
function spellings(text: string): string[] {
  const littleEndian = Buffer.from(text, 'utf16le')
  return [stringToHex(text).slice(2), littleEndian.toString('hex'), Buffer.from(littleEndian).swap16().toString('hex')]
}
