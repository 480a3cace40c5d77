import { type AgoraiError, type SignedSegment, toSegmentMessage, toTypedData, utcDayOf } from '@agorai/core'
import {
  type AgoraiClient,
  appendSegment,
  buyOffer,
  type FollowedSegment,
  fetchDelivery,
  followFeed,
  getFeed,
  publishAsset,
} from '@agorai/sdk'
import { sha256 } from 'viem'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { uploadSigned } from '../packages/sdk/src/publishing/uploadSigned.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** A feed that is appended to, sold by the day, and followed: what was published while a pass ran stays readable. */

let market: Marketplace
let version: bigint
let offer: bigint
const secondsPerDay = 86_400

const rowsOf = (...values: number[]) => ({
  async *stream() {
    yield new TextEncoder().encode(values.map((value) => `{"value": ${value}}\n`).join(''))
  },
})

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function all(client: AgoraiClient, more: Partial<Parameters<typeof followFeed>[1]> = {}) {
  const followed: FollowedSegment[] = []
  for await (const each of followFeed(client, { version, ...more })) followed.push(each)
  return followed
}

beforeAll(async () => {
  market = await startMarketplace()
  const published = await publishAsset(market.ada, {
    kind: 'feed',
    name: 'Harbour prices',
    description: 'The price of grain, as it is called out.',
    tags: ['prices'],
    licence: { spdx: 'CC-BY-4.0', source: 'e2e', attribution: 'The harbour' },
    provenance: { description: 'Called out.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    feed: { fields: [{ name: 'value', type: 'integer' }], cadenceSeconds: 60 },
    offers: [{ token: market.token, price: 1_000_000n, usage: 'internal', timed: true }],
  })
  version = published.version
  offer = published.offers[0] ?? 0n
  await market.mint(market.byron, 100_000_000n)
}, 120_000)
afterAll(() => market?.stop())

test('a publisher appends, and anyone sees where the feed stands', async () => {
  const { ada, curie, boole } = market
  expect(await appendSegment(ada, { version, rows: rowsOf(1, 2) })).toMatchObject({ sequence: 0, rows: 2 })
  expect(await appendSegment(ada, { version, rows: rowsOf(3) })).toMatchObject({ sequence: 1, rows: 1 })
  const feed = await getFeed(curie, { version })
  expect(feed).toMatchObject({ head: 2, publisher: market.addressOf(ada) })
  expect(feed.segments.map(({ segment }) => segment.rows)).toEqual([2, 1])
  await expect(appendSegment(boole, { version, rows: rowsOf(9) })).rejects.toMatchObject({
    code: 'entitlement_missing',
  })
  await expect(appendSegment(ada, { version: version + 1n, rows: rowsOf(9) })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('whoever has no pass can follow what is appended, and open nothing', async () => {
  const [first] = await all(market.curie)
  await expect(textOf(first?.rows() ?? rowsOf().stream())).rejects.toMatchObject({ code: 'entitlement_missing' })
  await expect(fetchDelivery(market.ada, { version })).rejects.toMatchObject({ code: 'nothing_to_deliver' })
})

test('the holder of a pass reads all that was published, from any place, and what comes', async () => {
  const { byron, ada } = market
  await buyOffer(byron, { offer, amountMax: 10_000_000n, days: 2 })
  await market.settle()
  const followed = await all(byron)
  expect(await Promise.all(followed.map(({ rows }) => textOf(rows())))).toEqual([
    '{"value":1}\n{"value":2}\n',
    '{"value":3}\n',
  ])
  expect(await all(byron, { place: followed[0]?.place })).toHaveLength(1)

  const stop = new AbortController()
  const live: string[] = []
  const following = (async () => {
    for await (const { rows } of followFeed(byron, { version, live: true, signal: stop.signal })) {
      live.push(await textOf(rows()))
      if (live.length === 4) stop.abort()
    }
  })()
  await vi.waitFor(() => expect(live).toHaveLength(2), { timeout: 30_000 })
  await appendSegment(ada, { version, rows: rowsOf(4) })
  await appendSegment(ada, { version, rows: rowsOf(5) })
  await vi.waitFor(() => expect(live).toHaveLength(4), { timeout: 30_000 })
  expect(live.slice(2)).toEqual(['{"value":4}\n', '{"value":5}\n'])
  // The connection ends with the test's node at the latest.
  void following.catch(() => undefined)
})

test('what is appended stays: another segment in its place is refused, the same one changes nothing', async () => {
  const { ada } = market
  const { segments } = await getFeed(ada, { version })
  const [, second] = segments
  if (second === undefined) throw new Error('There is no second segment.')
  const put = async (signed: SignedSegment): Promise<string> => {
    const body = new TextEncoder().encode(JSON.stringify(signed))
    const resource = `feeds/${version}/segments/${signed.segment.sequence}`
    try {
      await uploadSigned(ada, {
        resource,
        bytes: body.length,
        digest: sha256(body),
        mediaType: 'application/json',
        body: () => body,
      })
      return 'stored'
    } catch (error) {
      return (error as AgoraiError).code
    }
  }
  const sign = async (segment: SignedSegment['segment']): Promise<SignedSegment> => {
    const { id: chainId, addresses } = ada.info.chain
    const document = toTypedData(
      { chainId, assetRegistry: addresses.assetRegistry },
      'FeedSegment',
      toSegmentMessage(segment),
    )
    const signature = await ada.wallet?.signTypedData({ account: ada.wallet.account, ...document } as never)
    return { segment, signature: signature ?? '0x' }
  }
  expect(await put(second)).toBe('stored')
  expect(await put(await sign({ ...second.segment, rows: 7 }))).toBe('segment_refused')
  expect(await put(await sign({ ...second.segment, sequence: 9 }))).toBe('segment_refused')
  expect(await put(await sign({ ...second.segment, sequence: 4 }))).toBe('segment_refused')
  expect((await getFeed(ada, { version })).head).toBe(4)
})

test('a reader notices a gap, a fork and a segment that another signed', async () => {
  const { byron, ada, node, addressOf } = market
  const tampered = (change: (segments: SignedSegment[]) => SignedSegment[]) =>
    market.connectWith(byron, async (input, init) => {
      const response = await fetch(input, init)
      if (!String(input).includes('/segments?')) return response
      const list = (await response.json()) as { segments: SignedSegment[] }
      return Response.json({ ...list, segments: change(list.segments) })
    })
  const without = await tampered((segments) => segments.filter(({ segment }) => segment.sequence !== 1))
  await expect(all(without)).rejects.toMatchObject({ code: 'feed_broken', details: { expected: 1, sequence: 2 } })
  const twice = await tampered((segments) => segments.slice(0, 1).concat(segments.slice(0, 1)))
  await expect(all(twice)).rejects.toMatchObject({ code: 'feed_broken' })
  const other = await tampered((segments) =>
    segments.map(({ segment, signature }) => ({ segment: { ...segment, rows: segment.rows + 1 }, signature })),
  )
  await expect(all(other)).rejects.toMatchObject({ code: 'signature_invalid' })
  expect(addressOf(ada)).not.toBe(addressOf(byron))
  expect(node.warnings).toEqual([])
})

test('a pass that has ended opens what was published before, and nothing after', async () => {
  const { byron, ada, chain, passTime } = market
  const { timestamp } = await chain.getBlock()
  const now = Math.floor(Date.now() / 1000)
  // The chain and this machine go three days on together.
  await passTime(Math.max(0, now + 3 * secondsPerDay - Number(timestamp)))
  vi.useFakeTimers({ toFake: ['Date'], now: (now + 3 * secondsPerDay) * 1000 })
  try {
    await appendSegment(ada, { version, rows: rowsOf(6) })
    const followed = await all(byron)
    expect(followed).toHaveLength(5)
    expect(utcDayOf(followed[4]?.segment.publishedAt ?? 0)).toBe(utcDayOf(now) + 3)
    expect(await textOf(followed[0]?.rows() ?? rowsOf().stream())).toContain('1')
    expect(await textOf(followed[3]?.rows() ?? rowsOf().stream())).toContain('5')
    await expect(textOf(followed[4]?.rows() ?? rowsOf().stream())).rejects.toMatchObject({
      code: 'entitlement_missing',
    })
  } finally {
    vi.useRealTimers()
  }
})
