import type { Hex } from 'viem'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ChannelBook, createChannelBook, mayBeShown } from './channelBook.js'
import type { ChannelCharged } from './channelRecords.js'
import type { ChannelConfig } from './channels.js'

const address = (digit: string): Hex => `0x${digit.repeat(40)}`
const channel: Hex = `0x${'ab'.repeat(32)}`
const config: ChannelConfig = {
  payer: address('1'),
  payerAuthorizer: address('1'),
  receiver: address('2'),
  receiverAuthorizer: address('2'),
  token: address('3'),
  withdrawDelay: 900,
  salt: `0x${'00'.repeat(32)}`,
}

const charge = (sequence: number, from: number, to: number, signedMax = to): ChannelCharged => ({
  kind: 'channel-charged',
  channel,
  sequence,
  ...(sequence === 0 ? { config } : {}),
  at: 1_000 + sequence,
  from: String(from),
  to: String(to),
  signedMax: String(signedMax),
  signature: `0x${signedMax.toString(16).padStart(2, '0')}`,
  version: '7',
  requestHash: `0x${'00'.repeat(32)}`,
})
const opened = (sequence: number, from: number, ceiling: number) =>
  ({
    kind: 'session-opened',
    channel,
    sequence,
    ...(sequence === 0 ? { config } : {}),
    at: 1_000,
    session: 's1',
    from: String(from),
    ceiling: String(ceiling),
    signature: '0xff',
    token: config.token,
    expiry: 2_000,
    payer: config.payer,
  }) as const

let book: ChannelBook
beforeEach(() => {
  book = createChannelBook()
})

describe('createChannelBook', () => {
  test('knows which vouchers a claim may have shown to everybody', () => {
    book.apply(charge(0, 0, 300, 1_000))
    book.apply(charge(1, 300, 400, 900))
    book.apply(charge(2, 400, 500, 1_200))
    const state = book.get(channel)
    if (state === undefined) throw new Error('no channel')
    // Claims are made by the largest: by that over 1000 as long as it was, by that over 900 never.
    const shown = (totalClaimed: bigint | undefined) =>
      [1_000n, 900n, 1_200n, 700n, 1_300n].filter((max) => mayBeShown(state, max, totalClaimed))
    expect(shown(undefined)).toEqual([1_000n, 1_200n])
    expect(shown(300n)).toEqual([1_000n, 1_200n])
    // Nothing was claimed since the one before the last came; by the last one it may be at this moment.
    expect(shown(299n)).toEqual([1_200n])
    book.apply(charge(3, 500, 1_100, 1_200))
    expect(state.claimable.map(({ max }) => max)).toEqual([1_200n])
    book.apply(opened(4, 1_100, 1_300))
    book.apply({ kind: 'session-closed', channel, at: 1_002, session: 's1', sequence: 5, to: '1100', byVersion: [] })
    expect([state.claimable.length, state.signedMax]).toEqual([1, 1_200n])
  })

  test('adds up what was charged, from what the chain knew before', () => {
    book.apply(charge(0, 500, 700, 900))
    book.apply(charge(1, 700, 800))
    expect(book.get(channel)).toMatchObject({ base: 500n, charged: 800n, sequence: 2, at: 1_001, config })
    // The larger voucher is worth more to whoever claims.
    expect(book.get(channel)).toMatchObject({ signedMax: 900n, signature: '0x384' })
    expect(book.get(channel)?.byVersion).toEqual(new Map([['7', 300n]]))
    expect([...book.channels()]).toHaveLength(1)
  })

  test('what does not follow changes nothing', () => {
    book.apply(charge(0, 0, 100))
    const before = structuredClone(book.get(channel))
    for (const wrong of [
      charge(0, 0, 100),
      charge(2, 100, 200),
      charge(1, 50, 200),
      charge(1, 100, 99),
      charge(1, 100, 200, 150),
    ])
      expect(book.apply(wrong)).toBeUndefined()
    expect(book.get(channel)).toEqual(before)
    const other: Hex = `0x${'cd'.repeat(32)}`
    expect(book.apply({ ...charge(1, 0, 1), channel: other })).toBeUndefined()
    expect(book.get(other)).toBeUndefined()
  })

  test('goes on from what the chain knows where records were lost', () => {
    book.apply(charge(0, 0, 100))
    expect(book.apply(charge(1, 300, 340))).toMatchObject({ base: 200n, charged: 340n, signedMax: 340n })
    expect(book.get(channel)?.byVersion).toEqual(new Map([['7', 140n]]))
  })

  test('a session has the channel alone, up to its ceiling', () => {
    book.apply(opened(0, 20, 120))
    expect(book.apply(charge(1, 20, 30))).toBeUndefined()
    expect(book.apply(opened(1, 20, 200))).toBeUndefined()
    const topUp = { kind: 'session-topped-up', channel, at: 1_001, session: 's1', signature: '0xee' } as const
    expect(book.apply({ ...topUp, sequence: 1, ceiling: '100' })).toBeUndefined()
    expect(book.apply({ ...topUp, sequence: 1, ceiling: '220' })).toMatchObject({
      charged: 20n,
      signedMax: 20n,
      session: { ceiling: 220n, signature: '0xee' },
    })
    const close = { kind: 'session-closed', channel, at: 1_002, session: 's1', sequence: 2 } as const
    expect(book.apply({ ...close, to: '221', byVersion: [] })).toBeUndefined()
    expect(book.apply({ ...close, session: 's2', to: '21', byVersion: [] })).toBeUndefined()
    const byVersion = [
      ['7', '30'],
      ['8', '50'],
    ] as const
    expect(book.apply({ ...close, to: '100', byVersion })).toMatchObject({ charged: 100n, session: undefined })
    expect(book.get(channel)?.byVersion).toEqual(new Map(Object.entries({ 7: 30n, 8: 50n })))
    expect(book.apply(charge(3, 100, 110))).toMatchObject({ charged: 110n, signedMax: 220n, signature: '0xee' })
  })

  test('of two refunds for one nonce the larger is reserved', () => {
    const refund = (sequence: number, amount: string, nonce: string) =>
      ({
        kind: 'channel-refunded',
        channel,
        sequence,
        config,
        at: 1_000,
        from: '0',
        amount,
        nonce,
        signedMax: '0',
        signature: '0x00',
      }) as const
    book.apply(refund(0, '50', '3'))
    expect(book.apply(refund(1, '20', '3'))?.refund).toEqual({ nonce: 3n, amount: 50n, at: 1_000 })
    expect(book.apply(refund(2, '20', '4'))?.refund).toEqual({ nonce: 4n, amount: 20n, at: 1_000 })
  })
})
