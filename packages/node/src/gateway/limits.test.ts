import { expect, test } from 'vitest'
import { createTurns } from './createTurns.js'
import { createBuckets } from './limits.js'

function clock() {
  let now = 0
  return { nowMs: () => now, pass: (ms: number) => (now += ms) }
}

test('a bucket gives what is in it, and what has flowed in since', () => {
  const { nowMs, pass } = clock()
  const buckets = createBuckets({ perSecond: 2, burst: 3, nowMs })
  const taken = (times: number, name = 'a') => {
    let count = 0
    for (let time = 0; time < times; time++)
      try {
        buckets.take(name)
        count++
      } catch (error) {
        expect(error).toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 1 } })
      }
    return count
  }
  expect(taken(10)).toBe(3)
  expect(taken(10, 'b'), 'another client has a bucket of its own').toBe(3)
  pass(500)
  expect(taken(10)).toBe(1)
  pass(60_000)
  expect(taken(10), 'no more is saved up than the burst').toBe(3)
})

test('a debt is paid before anything more is given', () => {
  const { nowMs, pass } = clock()
  const buckets = createBuckets({ perSecond: 100, burst: 100, nowMs })
  buckets.take('a', 1_100)
  expect(() => buckets.take('a')).toThrow(expect.objectContaining({ details: { retryAfterSeconds: 10 } }))
  pass(10_001)
  buckets.take('a')
})

test('no limit is no limit', async () => {
  const buckets = createBuckets({ perSecond: 0, burst: 0 })
  for (let time = 0; time < 1_000; time++) buckets.take('a', 1e12)
  await buckets.pace('a', 1e12)
})

test('whoever is under way is slowed down, not sent away', async () => {
  let now = 0
  const buckets = createBuckets({ perSecond: 1_000, burst: 10, nowMs: () => (now += 5) })
  await buckets.pace('a', 100)
  expect(now).toBeGreaterThanOrEqual(90)
})

test('a hundred thousand clients take no memory for ever', () => {
  const { nowMs, pass } = clock()
  const buckets = createBuckets({ perSecond: 1, burst: 1, nowMs })
  for (let client = 0; client < 100_000; client++) {
    pass(1)
    buckets.take(`client ${client}`)
  }
  expect(() => buckets.take('client 99999')).toThrow(expect.objectContaining({ code: 'rate_limited' }))
})

test('one who asks for much does not hold up one who asks for little', async () => {
  const turn = createTurns({ runningMax: 2 })
  const done: string[] = []
  const work = (client: string) => turn(client, async () => void done.push(client))
  const greedy = Array.from({ length: 1_000 }, () => work('greedy'))
  const modest = Array.from({ length: 10 }, () => work('modest'))
  const third = Array.from({ length: 10 }, () => work('third'))
  await Promise.all([...greedy, ...modest, ...third])
  expect(done).toHaveLength(1_020)
  // Each of the two had ten pieces done while the greedy one had about ten.
  const last = Math.max(done.lastIndexOf('modest'), done.lastIndexOf('third'))
  expect(done.slice(0, last + 1).filter((client) => client === 'greedy').length).toBeLessThanOrEqual(14)
})

test('no more run at once than may, also when some fail', async () => {
  const turn = createTurns({ runningMax: 3 })
  let running = 0
  let most = 0
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, (_, index) =>
      turn(`client ${index % 7}`, async () => {
        most = Math.max(most, ++running)
        await new Promise((resume) => setImmediate(resume))
        running--
        if (index % 5 === 0) throw new RangeError('no')
      }),
    ),
  )
  expect(most).toBe(3)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(40)
})
