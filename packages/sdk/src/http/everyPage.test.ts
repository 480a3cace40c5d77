import { expect, test } from 'vitest'
import { everyPage } from './everyPage.js'

const pages = [
  { items: [1, 2], nextCursor: 'a' },
  { items: [3], nextCursor: 'b' },
  { items: [], nextCursor: null },
]
const read = async (cursor: string | undefined) => pages[['a', 'b'].indexOf(cursor ?? '') + 1] as (typeof pages)[0]

async function itemsFrom(from?: string | null): Promise<number[]> {
  const items: number[] = []
  for await (const page of everyPage(read, from)) items.push(...page.items)
  return items
}

test('reads from the beginning, from a cursor, or nothing where all is known', async () => {
  expect(await itemsFrom()).toEqual([1, 2, 3])
  expect(await itemsFrom('a')).toEqual([3])
  expect(await itemsFrom(null)).toEqual([])
})

test('asks for no page that nobody reads, and for no list without an end', async () => {
  let asked = 0
  const endless = async () => ({ nextCursor: `${++asked}` })
  for await (const _ of everyPage(endless)) if (asked === 3) break
  expect(asked).toBe(3)
  const all = async () => {
    for await (const _ of everyPage(endless)) if (asked > 20_000) throw new Error('It was read without end.')
  }
  await expect(all()).rejects.toMatchObject({ code: 'integrity_failed' })
})
