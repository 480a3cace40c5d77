import { AgoraiError, fromRevert } from '@agorai/core'
import { expect, test } from 'vitest'
import { inBatches } from './inBatches.js'

const numbers = Array.from({ length: 23 }, (_, index) => index)

test('runs over all items, at most so many at a time, in order', async () => {
  const sizes: number[] = []
  const doubled = await inBatches(numbers, 10, async (batch) => {
    sizes.push(batch.length)
    return batch.map((number) => number * 2)
  })
  expect(sizes).toEqual([10, 10, 3])
  expect(doubled).toEqual(numbers.map((number) => number * 2))
})

test.each([
  new AgoraiError('transaction_reverted', 'refused'),
  fromRevert('RevenueLedger_TokenUnsupported', ['0x0', 2n, 1n]),
])('an item that is refused holds up no other, and is told at the end: $code', async (refusal) => {
  const done: number[] = []
  const refusing = inBatches(numbers, 10, async (batch) => {
    if (batch.includes(7)) throw refusal
    done.push(...batch)
    return batch
  })
  await expect(refusing).rejects.toBe(refusal)
  expect(done).toEqual(numbers.filter((number) => number !== 7))
})

test('a chain that does not answer ends it at once', async () => {
  let calls = 0
  const failing = inBatches(numbers, 10, async () => {
    calls++
    throw new AgoraiError('chain_unavailable', 'silent')
  })
  await expect(failing).rejects.toMatchObject({ code: 'chain_unavailable' })
  expect(calls).toBe(1)
})
