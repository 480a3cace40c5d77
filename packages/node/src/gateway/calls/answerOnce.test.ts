import { isAgoraiError } from '@agorai/core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Journal } from '../../ports/journal.js'
import type { KeptAnswer } from '../../ports/sessionRecords.js'
import { rebuildMemory } from '../memory.js'
import { createSharedRecords } from '../sessions/testSessions.js'
import { createAnswerOnce, nameOfAttempt, readIdempotencyKey } from './answerOnce.js'
import { createKeyedBook } from './keyedBook.js'

/**
 * Random histories of two gateways over one journal: calls with keys, copies of them, other requests under the same key,
 * failures, and crashes between any two steps. Everything that is waited for is answered in an order that chance decides.
 */
const sequences = Number(process.env.AGORAI_KEY_SEQUENCES ?? 400)

type Op =
  | { kind: 'send'; gateway: number; key: string; asked: string; fails: boolean }
  | { kind: 'crash'; gateway: number }
  | { kind: 'wait'; steps: number }

const gatewayIndex = fc.nat(1)
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      gateway: gatewayIndex,
      key: fc.constantFrom('a', 'b'),
      asked: fc.oneof({ weight: 5, arbitrary: fc.constant('x') }, { weight: 1, arbitrary: fc.constant('y') }),
      fails: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), gateway: gatewayIndex }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), steps: fc.nat(12) }) },
)

/** A small fast generator, so that a seed names an order. */
function createRandom(seed: number) {
  let state = seed >>> 0
  return (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

type Life = { dead: boolean }

/** What waits for an answer. A crash answers nobody of that life. */
function createClock(random: (bound: number) => number) {
  const waiting: { life: Life; resolve(): void }[] = []
  return {
    tickOf: (life: Life) => (): Promise<void> =>
      new Promise((resolve) => {
        if (!life.dead) waiting.push({ life, resolve })
      }),
    /** Answers one, and lets what follows from it happen. @returns Whether there was one. */
    async step(): Promise<boolean> {
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = waiting.splice(random(waiting.length), 1)
      if (next !== undefined && !next.life.dead) next.resolve()
      return next !== undefined
    },
  }
}

type Effect = { key: string; asked: string; attempt: string; answer: KeptAnswer }
type World = { effects: Effect[]; answered: { key: string; asked: string; body: string }[]; refused: string[] }

async function openGateway(name: string, journal: Journal, disk: Effect[], tick: () => Promise<void>) {
  const memory = await rebuildMemory(journal)
  const answerOnce = createAnswerOnce({ memory, gateway: name })
  await answerOnce.recover(new Map(disk.map(({ attempt, answer }) => [attempt, answer])))
  return async ({ key, asked, fails }: Extract<Op, { kind: 'send' }>, world: World): Promise<void> => {
    try {
      const body = await answerOnce.once(
        { scope: 's', key, requestHash: asked },
        async (keyed) => {
          await tick()
          if (fails) throw new Error('failed')
          const answer = { status: 200, headers: {}, body: `${asked} ${world.effects.length}` }
          // Effect and answer are one line on one disk.
          const effect = { key, asked, attempt: nameOfAttempt(keyed), answer }
          disk.push(effect)
          world.effects.push(effect)
          await tick()
          return { answer, result: answer.body }
        },
        (answer) => answer.body ?? '',
      )
      world.answered.push({ key, asked, body })
    } catch (error) {
      if (isAgoraiError(error)) world.refused.push(error.code)
      else if (!(error instanceof Error) || error.message !== 'failed') throw error
    }
  }
}

async function runSequence(seed: number, ops: readonly Op[]): Promise<World> {
  const clock = createClock(createRandom(seed))
  const shared = createSharedRecords()
  const world: World = { effects: [], answered: [], refused: [] }
  const disks: Effect[][] = [[], []]
  const sending: Promise<void>[] = []
  const start = (index: number) => {
    const life: Life = { dead: false }
    const tick = clock.tickOf(life)
    return { life, send: openGateway(`g${index}`, shared.open(tick), disks[index] as Effect[], tick) }
  }
  const gateways = [start(0), start(1)]
  const at = (index: number) => gateways[index] as ReturnType<typeof start>
  for (const each of ops) {
    if (each.kind === 'wait') for (let step = 0; step < each.steps; step++) await clock.step()
    else if (each.kind === 'send') sending.push(at(each.gateway).send.then((send) => send(each, world)))
    else {
      at(each.gateway).life.dead = true
      gateways[each.gateway] = start(each.gateway)
    }
  }
  // Until nobody waits any more, which a last round of calls shows the end of.
  while (await clock.step());
  for (const key of ['a', 'b'])
    for (const gateway of [0, 1]) {
      const last = at(gateway).send.then((send) =>
        send({ kind: 'send', gateway, key, asked: 'x', fails: false }, world),
      )
      while (await clock.step());
      await last
    }
  return world
}

function assertOnce({ effects, answered }: World): void {
  for (const key of ['a', 'b']) {
    const done = effects.filter((effect) => effect.key === key)
    expect(done.length).toBeLessThanOrEqual(1)
    for (const answer of answered.filter((each) => each.key === key))
      expect(answer).toEqual({ key, asked: done[0]?.asked, body: done[0]?.answer.body })
  }
}

describe('an idempotency key', () => {
  test('has one effect and one answer, whatever fails when', async () => {
    let refused = 0
    let answered = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(op, { minLength: 2, maxLength: 14 }), async (seed, ops) => {
        const world = await runSequence(seed, ops)
        assertOnce(world)
        refused += world.refused.length
        answered += world.answered.length
        // In the end a call is answered, or its key belongs to another.
        const last = world.answered.length + world.refused.length
        expect(last).toBeGreaterThan(0)
        expect(world.refused.slice(-4)).not.toContain('busy')
      }),
      { numRuns: sequences },
    )
    console.log(`P11: ${sequences} sequences`)
    expect(answered).toBeGreaterThan(sequences)
    expect(refused).toBeGreaterThan(0)
  }, 86_400_000)

  test('has 1 to 255 visible characters', () => {
    const read = (key: string) => readIdempotencyKey(new Headers({ 'idempotency-key': key }))
    expect(read('k'.repeat(255))).toHaveLength(255)
    expect(readIdempotencyKey(new Headers())).toBeUndefined()
    for (const key of ['k'.repeat(256), 'a b', '']) expect(() => read(key)).toThrow('visible characters')
  })

  test('that is used again after its day is as good as a new one, wherever it is used', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const shared = createSharedRecords()
      const open = async (gateway: string) => createAnswerOnce({ memory: await rebuildMemory(shared.open()), gateway })
      const old = await open('g0')
      let effects = 0
      const send = (gateway: typeof old, requestHash: string) =>
        gateway.once(
          { scope: 's', key: 'daily', requestHash },
          async () => {
            const answer = { status: 200, headers: {}, body: `${++effects}` }
            return { answer, result: answer.body }
          },
          ({ body }) => body,
        )
      expect([await send(old, 'x'), await send(old, 'x')]).toEqual(['1', '1'])
      vi.setSystemTime(Date.now() + 26 * 3_600_000)
      // One that has read the first day's records, and one that begins with them.
      expect([await send(old, 'y'), await send(old, 'y')]).toEqual(['2', '2'])
      await expect(send(await open('g1'), 'x')).rejects.toMatchObject({ code: 'idempotency_key_reused' })
      vi.setSystemTime(Date.now() + 26 * 3_600_000)
      const other = await open('g2')
      expect([await send(other, 'z'), await send(other, 'z'), await send(old, 'z')]).toEqual(['3', '3', '3'])
    } finally {
      vi.useRealTimers()
    }
  })

  test('is kept for a day', () => {
    let now = 1_000_000
    const book = createKeyedBook(() => now)
    const begun = { scope: 's', key: 'k', attempt: 0, requestHash: 'h', gateway: 'g', at: now }
    book.apply({ kind: 'call-begun', ...begun })
    book.apply({ kind: 'call-ended', scope: 's', key: 'k', attempt: 0, at: now, answer: { status: 200, headers: {} } })
    now += 24 * 3_600
    expect(book.get('s', 'k')?.answer?.status).toBe(200)
    now += 2 * 3_600
    expect(book.get('s', 'k')).toBeUndefined()
  })
})
