import { expect, test } from 'vitest'
import { createGate } from './createGate.js'

test('runs so many at once, lets so many wait, and refuses the rest', async () => {
  const run = createGate({ runningMax: 2, waitingMax: 3 })
  let running = 0
  let most = 0
  const job = async (index: number) => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 5))
    running -= 1
    if (index === 1) throw new Error('this one fails')
    return index
  }
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((index) => run(() => job(index))))
  expect(most).toBe(2)
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, true, false, false])
  expect(results[5]).toMatchObject({ reason: { code: 'busy' } })
  expect(await Promise.all([7, 8, 9].map((index) => run(() => job(index))))).toEqual([7, 8, 9])
})
