import { hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { feedDayKeys, segmentSecrets, utcDayOf } from './segmentKeys.js'
import { feedStart, followSegment, type Segment, segmentDigest } from './segments.js'

const domain = { chainId: 31_337, assetRegistry: `0x${'11'.repeat(20)}` as const }
const master = { contentKey: new Uint8Array(32).fill(1), saltSeed: new Uint8Array(32).fill(2) }
const root = `0x${'ab'.repeat(32)}` as const
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('the keys of a feed', () => {
  test('are derived as described, by the HKDF of Node too', () => {
    const number = (value: number) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(BigInt(value))
      return bytes
    }
    const judge = (key: Uint8Array, ...info: Uint8Array[]) =>
      Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), Buffer.concat(info), 32))
    const day = feedDayKeys(master, 20_778)
    expect(hex(day.contentKey)).toBe(
      judge(master.contentKey, Buffer.from('agorai/feed/day/v1'), number(20_778)).toString('hex'),
    )
    expect(hex(day.saltSeed)).toBe(
      judge(master.saltSeed, Buffer.from('agorai/feed/day/v1'), number(20_778)).toString('hex'),
    )
    const own = segmentSecrets(day, { sequence: 7, root })
    expect(hex(own.contentKey)).toBe(
      judge(day.contentKey, Buffer.from('agorai/feed/key/v1'), number(7), Buffer.from(root.slice(2), 'hex')).toString(
        'hex',
      ),
    )
    expect(hex(own.saltSeed)).toBe(judge(day.saltSeed, Buffer.from('agorai/feed/salt/v1'), number(7)).toString('hex'))
  })

  test('differ by day, by segment and by what is in the segment', () => {
    const other = `0x${'cd'.repeat(32)}` as const
    const keys = [20_000, 20_001].flatMap((day) =>
      [0, 1].flatMap((sequence) =>
        [root, other].map((each) => hex(segmentSecrets(feedDayKeys(master, day), { sequence, root: each }).contentKey)),
      ),
    )
    expect(new Set(keys).size).toBe(8)
  })

  test('a day is that of UTC', () => {
    expect([0, 86_399, 86_400, 1_795_219_200].map(utcDayOf)).toEqual([0, 0, 1, 20_778])
  })
})

describe('following a feed', () => {
  const segmentAt = (sequence: number, previous: `0x${string}`, publishedAt: number): Segment => ({
    version: '5',
    sequence,
    previous,
    cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    bytes: 10,
    rows: 1,
    root,
    publishedAt,
  })
  const first = segmentAt(0, feedStart(5n).previous, 100)
  const afterFirst = followSegment(domain, feedStart(5n), first)

  test('each segment names the one before it', () => {
    expect(afterFirst).toEqual({ version: '5', next: 1, previous: segmentDigest(domain, first), publishedAt: 100 })
    expect(followSegment(domain, afterFirst, segmentAt(1, afterFirst.previous, 100)).next).toBe(2)
  })

  test.each([
    ['one is missing', segmentAt(2, afterFirst.previous, 101)],
    ['one comes again', first],
    ['it forked', segmentAt(1, root, 101)],
    ['time goes back', segmentAt(1, afterFirst.previous, 99)],
    ['it is of another version', { ...segmentAt(1, afterFirst.previous, 101), version: '6' }],
  ])('%s', (_, segment) => {
    expect(() => followSegment(domain, afterFirst, segment)).toThrow(expect.objectContaining({ code: 'feed_broken' }))
  })

  test('a segment with any other field is another', () => {
    const digests = [
      first,
      { ...first, rows: 2 },
      { ...first, bytes: 11 },
      { ...first, publishedAt: 101 },
      { ...first, cid: 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e' },
    ].map((segment) => segmentDigest(domain, segment))
    expect(new Set(digests).size).toBe(5)
  })
})
