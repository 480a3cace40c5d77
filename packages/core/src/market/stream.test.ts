import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAgoraiError } from '../errors/AgoraiError.js'
import { perpetualExpiry } from './encoding.js'
import {
  emptyPass,
  grantDays,
  grantPerpetual,
  isRunning,
  type PassState,
  refundableOf,
  refundPass,
  releasePass,
  transferPassState,
} from './pass.js'
import { accrualDaysMax, accrue, dayOf, earn, emptyStream, type Stream, secondsPerDay, waitingOf } from './stream.js'

const day = secondsPerDay
/** Noon of a day. */
const noon = (at: bigint): bigint => at * day + day / 2n
const buy = (stream: Stream, pass: PassState, now: bigint, quantity: number, amount: bigint) =>
  grantDays(stream, pass, { now, quantity, amount })

describe('a timed pass', () => {
  test('pays for whole days from the day it was bought, and what does not divide at once', () => {
    const { stream, pass } = buy(emptyStream, emptyPass, noon(100n), 3, 1_000n)
    expect(pass).toEqual({ purchases: 1, grantedAt: noon(100n), expiry: noon(103n), refundUntil: 0n, amount: 333n })
    expect(stream).toEqual({ day: 100n, rate: 333n, earned: 1n, changes: new Map([[103n, -333n]]) })
    expect(accrue(stream, noon(100n), 9n).amount).toBe(1n)
    expect(accrue(stream, noon(101n), 9n).amount).toBe(334n)
    expect(accrue(stream, noon(110n), 9n)).toEqual({ stream: { ...emptyStream, day: 110n }, amount: 1_000n })
  })

  test('gives back the days that have not begun, counted from the second it was bought', () => {
    const { stream, pass } = buy(emptyStream, emptyPass, noon(100n), 10, 1_000n)
    const at = (now: bigint) => refundPass(stream, pass, now).amount
    expect([noon(100n), noon(100n) + 1n, noon(101n), noon(108n), noon(109n)].map(at)).toEqual([
      1_000n,
      900n,
      900n,
      200n,
      100n,
    ])
    const closed = expect.objectContaining({ code: 'refund_closed' })
    expect(() => at(noon(109n) + 1n)).toThrow(closed)
    expect(() => at(noon(110n))).toThrow(expect.objectContaining({ code: 'pass_missing' }))
    const back = refundPass(stream, pass, noon(103n) + 1n)
    expect(back).toMatchObject({ amount: 600n, pass: { purchases: 1, expiry: 0n, amount: 0n } })
    expect(accrue(back.stream, noon(120n), 99n).amount).toBe(400n)
  })

  test('renewed early keeps what was paid for, at one rate over all days that have not begun', () => {
    const first = buy(emptyStream, emptyPass, noon(100n), 10, 1_000n)
    const { stream, pass } = buy(first.stream, first.pass, noon(104n), 4, 1_000n)
    // 6 days of 100 and 1,000 for 4 more: 10 days at 160.
    expect(pass).toMatchObject({ purchases: 2, expiry: noon(114n), amount: 160n })
    expect(waitingOf(stream)).toBe(2_000n)
    expect(accrue(stream, noon(104n), 99n).amount).toBe(400n)
    expect(refundableOf(pass, noon(104n))).toBe(1_600n)
    expect(accrue(stream, noon(200n), 99n).amount).toBe(2_000n)
  })

  test('renewed on its last day goes on without a gap; after its end it starts again', () => {
    const first = buy(emptyStream, emptyPass, noon(100n), 1, 100n)
    const seamless = buy(first.stream, first.pass, noon(101n) - 1n, 1, 50n)
    expect(seamless.pass).toMatchObject({ expiry: noon(102n), amount: 50n })
    expect(accrue(seamless.stream, noon(103n), 9n).amount).toBe(150n)
    const late = buy(first.stream, first.pass, noon(101n), 1, 50n)
    expect(late.pass).toMatchObject({ expiry: noon(102n), amount: 50n })
  })

  test('is at most 3,650 days long, with what is left', () => {
    const invalid = expect.objectContaining({ code: 'quantity_invalid' })
    const { stream, pass } = buy(emptyStream, emptyPass, noon(100n), 3_650, 3_650n)
    expect(() => buy(stream, pass, noon(100n), 1, 1n)).toThrow(invalid)
    expect(buy(stream, pass, noon(100n) + 1n, 1, 1n).pass.expiry).toBe(noon(3_751n))
    expect(() => buy(emptyStream, emptyPass, 0n, 0, 0n)).toThrow(invalid)
  })

  test('that is free has no stream', () => {
    const { stream, pass } = buy(emptyStream, emptyPass, noon(100n), 5, 0n)
    expect(stream).toEqual(emptyStream)
    expect(pass).toMatchObject({ expiry: noon(105n), amount: 0n })
    expect(() => refundPass(stream, pass, noon(100n))).toThrow(expect.objectContaining({ code: 'refund_closed' }))
  })

  test('is not bought while too many days are behind, but while nothing flows', () => {
    const far = 100n + accrualDaysMax
    const running = buy(emptyStream, emptyPass, noon(100n), 3_000, 3_000n).stream
    expect(buy(running, emptyPass, noon(far), 1, 1n).stream.day).toBe(far)
    expect(() => buy(running, emptyPass, noon(far + 1n), 1, 1n)).toThrow(
      expect.objectContaining({ code: 'accrual_behind' }),
    )
    const caughtUp = accrue(running, noon(far + 1n), 1n).stream
    expect(buy(caughtUp, emptyPass, noon(far + 1n), 1, 1n).stream.day).toBe(far + 1n)
    const ended = buy(emptyStream, emptyPass, noon(100n), 3, 3n).stream
    expect(buy(ended, emptyPass, noon(100_000n), 1, 1n).stream).toMatchObject({ day: 100_000n, rate: 1n, earned: 3n })
  })
})

describe('a perpetual pass', () => {
  const now = 1_000_000n
  const held = grantPerpetual(emptyPass, { now, amount: 500n, refundHours: 24 })

  test('waits while it may be given back, and is then final', () => {
    expect(held).toEqual({
      purchases: 1,
      grantedAt: now,
      expiry: perpetualExpiry,
      refundUntil: now + 86_400n,
      amount: 500n,
    })
    expect(refundPass(emptyStream, held, now + 86_399n)).toMatchObject({ amount: 500n, stream: emptyStream })
    expect(() => refundPass(emptyStream, held, now + 86_400n)).toThrow(
      expect.objectContaining({ code: 'refund_closed' }),
    )
    expect(() => releasePass(held, now + 86_399n)).toThrow(expect.objectContaining({ code: 'refund_open' }))
    const released = releasePass(held, now + 86_400n)
    expect(released).toEqual({ amount: 500n, pass: { ...held, refundUntil: 0n, amount: 0n } })
    expect(releasePass(released.pass, now + 86_400n).amount).toBe(0n)
  })

  test('is final at once, or has nothing to wait for', () => {
    const final = { purchases: 1, grantedAt: now, expiry: perpetualExpiry, refundUntil: 0n, amount: 0n }
    expect(grantPerpetual(emptyPass, { now, amount: 500n, refundHours: 0 })).toEqual(final)
    expect(grantPerpetual(emptyPass, { now, amount: 0n, refundHours: 24 })).toEqual(final)
    expect(() => refundPass(emptyStream, final, now)).toThrow(expect.objectContaining({ code: 'refund_closed' }))
  })

  test('is bought again only after it was given back, with the next nonce', () => {
    expect(() => grantPerpetual(held, { now, amount: 1n, refundHours: 0 })).toThrow(
      expect.objectContaining({ code: 'pass_held' }),
    )
    expect(() => buy(emptyStream, held, now, 1, 1n)).toThrow(expect.objectContaining({ code: 'pass_held' }))
    const { pass } = refundPass(emptyStream, held, now)
    expect(pass).toEqual({ purchases: 1, grantedAt: now, expiry: 0n, refundUntil: 0n, amount: 0n })
    expect(grantPerpetual(pass, { now, amount: 1n, refundHours: 0 }).purchases).toBe(2)
  })

  test('moves with what may be refunded of it; each account keeps its own count', () => {
    const other = { ...emptyPass, purchases: 7 }
    expect(transferPassState(held, other, now)).toEqual({
      pass: { ...emptyPass, purchases: 1, grantedAt: now },
      other: { ...held, purchases: 7 },
    })
    expect(() => transferPassState(held, held, now)).toThrow(expect.objectContaining({ code: 'pass_held' }))
    expect(() => transferPassState(emptyPass, held, now)).toThrow(expect.objectContaining({ code: 'pass_missing' }))
  })
})

const passesOf = <item>(make: () => item): item[] => Array.from({ length: 5 }, make)

/** The same, told day by day: what each holder pays on each day of its pass, and what all paid for days that are final. */
type Diary = { days: readonly Map<bigint, bigint>[]; final: Map<bigint, bigint>; atOnce: bigint }

function earnedBefore({ days, final, atOnce }: Diary, today: bigint): bigint {
  const each = [final, ...days].flatMap((paid) => [...paid]).filter(([at]) => at < today)
  return each.reduce((sum, [, amount]) => sum + amount, atOnce)
}

/** Takes out what the last `count` days cost. The others have begun, so they are final. */
function cut({ days, final }: Diary, holder: number, expiry: bigint, count: bigint): bigint {
  let sum = 0n
  for (const [at, amount] of days[holder] ?? []) {
    if (at >= dayOf(expiry) - count && at < dayOf(expiry)) sum += amount
    else final.set(at, (final.get(at) ?? 0n) + amount)
  }
  days[holder]?.clear()
  return sum
}

function spread(diary: Diary, holder: number, from: bigint, count: bigint, sum: bigint): void {
  for (let at = from; at < from + count; at++) diary.days[holder]?.set(at, sum / count)
  diary.atOnce += sum % count
}

test('on random histories every day is earned as it was bought, and money is where it came to or waits', () => {
  const step = fc.record({
    call: fc.constantFrom('buy', 'buy', 'refund', 'accrue', 'transfer', 'wait'),
    holder: fc.nat(4),
    to: fc.nat(4),
    seconds: fc.oneof(
      fc.nat(3_600),
      fc.nat(86_400 * 3),
      fc.nat(86_400 * 90),
      fc.constantFrom(86_399, 86_400, 86_401, 43_200),
    ),
    quantity: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 400 })),
    amount: fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 10n ** 12n)),
    daysMax: fc.oneof(fc.bigInt(0n, 5n), fc.constant(1_000n)),
  })
  const counts = { buy: 0, renewed: 0, refund: 0, behind: 0, transfer: 0 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.bigInt(86_400n, 10n ** 9n), (steps, start) => {
      const diary: Diary = { days: passesOf(() => new Map()), final: new Map(), atOnce: 0n }
      const passes = passesOf(() => emptyPass)
      let [stream, now] = [emptyStream, start]
      let [paidIn, paidOut, entered] = [0n, 0n, 0n]
      for (const { call, holder, to, seconds, quantity, amount, daysMax } of steps) {
        now += BigInt(seconds)
        const pass = passes[holder] ?? emptyPass
        try {
          if (call === 'buy') {
            const result = buy(stream, pass, now, quantity, amount)
            counts.buy++
            const left = isRunning(pass, now) ? (pass.expiry - now) / day : 0n
            if (left > 0n) counts.renewed++
            const begins = (isRunning(pass, now) ? pass.expiry : now) - left * day
            const sum = cut(diary, holder, pass.expiry, left) + amount
            spread(diary, holder, dayOf(begins), left + BigInt(quantity), sum)
            ;[stream, passes[holder]] = [result.stream, result.pass]
            paidIn += amount
          } else if (call === 'refund') {
            const result = refundPass(stream, pass, now)
            counts.refund++
            expect(cut(diary, holder, pass.expiry, (pass.expiry - now) / day)).toBe(result.amount)
            ;[stream, passes[holder]] = [result.stream, result.pass]
            paidOut += result.amount
          } else if (call === 'accrue') {
            const result = accrue(stream, now, daysMax)
            stream = result.stream
            entered += result.amount
          } else if (call === 'transfer') {
            const moved = transferPassState(pass, passes[to] ?? emptyPass, now)
            counts.transfer++
            ;[passes[holder], passes[to]] = [moved.pass, moved.other]
            cut(diary, to, 0n, 0n)
            for (const [at, paid] of diary.days[holder] ?? []) diary.days[to]?.set(at, paid)
            diary.days[holder]?.clear()
          }
        } catch (error) {
          if (!isAgoraiError(error)) throw error
          if (error.code === 'accrual_behind') counts.behind++
          expect(['accrual_behind', 'quantity_invalid', 'refund_closed', 'pass_missing', 'pass_held']).toContain(
            error.code,
          )
        }
        expect(stream.rate).toBeGreaterThanOrEqual(0n)
        expect(stream.day).toBeLessThanOrEqual(dayOf(now))
        expect(paidIn).toBe(entered + paidOut + waitingOf(stream))
        expect(entered + earn(stream, now, 10_000n).earned).toBe(earnedBefore(diary, dayOf(now)))
        for (const one of passes) expect(refundableOf(one, now)).toBeLessThanOrEqual(waitingOf(stream))
      }
      const end = accrue(stream, now + 10_000n * day, 20_000n)
      expect(entered + end.amount + paidOut).toBe(paidIn)
      expect(end.stream).toMatchObject({ rate: 0n, earned: 0n, changes: new Map() })
    }),
    { numRuns: 1_000 },
  )
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(20)
})
