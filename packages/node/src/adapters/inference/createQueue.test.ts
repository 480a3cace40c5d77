import { expect, test } from 'vitest'
import { createQueue } from './createQueue.js'

const callerOf = (client: string) => {
  const controller = new AbortController()
  return { client, signal: controller.signal, giveUp: () => controller.abort() }
}

test('clients have their turns one after the other, however much one of them brings', async () => {
  const { turn } = createQueue({ callsMax: 64, runsMax: 1 })
  const done: string[] = []
  const ask = (client: string) => turn(callerOf(client), async () => void done.push(client))
  await Promise.all([...Array.from({ length: 6 }, () => ask('greedy')), ask('one'), ask('two'), ask('one')])
  expect(done).toEqual(['greedy', 'greedy', 'one', 'two', 'greedy', 'one', 'greedy', 'greedy', 'greedy'])
})

test('who gives up while waiting is passed over, and what fails holds nobody up', async () => {
  const { turn } = createQueue({ callsMax: 64, runsMax: 1 })
  let open: () => void = () => {}
  const first = turn(callerOf('a'), () => new Promise<void>((resolve) => (open = resolve)))
  const gone = callerOf('b')
  const waiting = turn(gone, async () => 'never')
  const failing = turn(callerOf('c'), () => Promise.reject(new TypeError('no')))
  const last = turn(callerOf('b'), async () => 'last')
  gone.giveUp()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  open()
  await first
  await expect(failing).rejects.toThrow('no')
  await expect(last).resolves.toBe('last')
  await expect(turn(gone, async () => 'never')).rejects.toMatchObject({ name: 'AbortError' })
})

test('so much is under way at once as may be, and the next of another client takes a free place', async () => {
  const { take } = createQueue({ callsMax: 64, runsMax: 2 })
  const begun: string[] = []
  const ask = async (client: string) => {
    const end = await take(callerOf(client))
    begun.push(client)
    return end
  }
  const [first, second, third, other] = [ask('greedy'), ask('greedy'), ask('greedy'), ask('other')]
  const endFirst = await first
  const endSecond = await second
  expect(begun).toEqual(['greedy', 'greedy'])
  endFirst()
  const endThird = await third
  expect(begun).toEqual(['greedy', 'greedy', 'greedy'])
  endSecond()
  endThird()
  const endOther = await other
  endOther()
  expect(begun).toEqual(['greedy', 'greedy', 'greedy', 'other'])
})

test('places are given back once, whoever gives them', () => {
  const { enter } = createQueue({ callsMax: 4, runsMax: 1 })
  const [one, two] = [enter('a'), enter('a')]
  expect(() => enter('a')).toThrow(expect.objectContaining({ code: 'model_overloaded' }))
  one?.()
  one?.()
  const three = enter('a')
  expect(() => enter('a')).toThrow(expect.objectContaining({ details: { retryAfterSeconds: 1 } }))
  const others = [enter('b'), enter('c')]
  expect(() => enter('d')).toThrow(expect.objectContaining({ code: 'model_overloaded' }))
  for (const leave of [two, three, ...others]) leave()
  expect(enter('d')).toBeTypeOf('function')
})
