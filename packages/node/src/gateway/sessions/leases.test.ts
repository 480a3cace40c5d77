import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAgoraiError } from '@agorai/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testEngines } from '../../adapters/database/testDatabases.js'
import { openPostgresJournal } from '../../adapters/journal/postgresJournal.js'
import type { Journal } from '../../ports/journal.js'
import {
  createSharedRecords,
  newSessionId,
  openTestGateway,
  openTestSession,
  type TestGateway,
  wholeOf,
} from './testSessions.js'

/**
 * Four gateways of one operator sell calls of one session at the same time. A tenth of the calls come twice, to two of
 * them; some gateways are killed and begin again. What counts is what clients were answered: each counter is charged once,
 * for what one of its answers said, and all of them together stay within the ceiling.
 */
const gatewayCount = 4
const runs = Number(process.env.AGORAI_SESSION_RUNS ?? 12)

type Plan = {
  ceiling: number
  calls: { gateway: number; twin: number | undefined; used: number; max: number }[]
  kills: number[]
}

const planOf = (length: number) =>
  fc.record({
    ceiling: fc.integer({ min: 1, max: 400 }),
    calls: fc.array(
      fc.record({
        gateway: fc.nat(gatewayCount - 1),
        // Another gateway that is sent the very same call.
        twin: fc.oneof(
          { weight: 9, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.nat(gatewayCount - 1) },
        ),
        used: fc.nat(10),
        max: fc.integer({ min: 1, max: 12 }),
      }),
      { minLength: 1, maxLength: length },
    ),
    kills: fc.array(fc.nat(gatewayCount - 1), { maxLength: 2 }),
  })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-leases-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

let lives = 0

type Place = { openJournal(index: number): Promise<Journal>; tick(): Promise<void> }

async function runPlan({ ceiling, calls, kills }: Plan, { openJournal, tick }: Place): Promise<void> {
  const life = join(folder, `life-${lives++}`)
  const open = async (index: number) =>
    openTestGateway({ journal: await openJournal(index), folder: join(life, `${index}`) })
  const gateways: TestGateway[] = []
  for (let index = 0; index < gatewayCount; index++) gateways.push(await open(index))
  const at = (index: number) => gateways[index] as TestGateway
  const { session, channel } = await openTestSession(at(0).memory, { ceiling, from: 17, session: newSessionId() })

  const answered = new Map<number, bigint[]>()
  async function send(index: number, counter: number, { used, max }: Plan['calls'][number]): Promise<void> {
    const body = `call ${counter}`
    try {
      const answer = await at(index).sell({ session, counter, body, max }, async () => {
        await tick()
        return wholeOf(Buffer.from(body), used)
      })
      const receipt = answer.headers.get('agorai-receipt') ?? ''
      const amount = BigInt(/;a=(\d+);/.exec(receipt)?.[1] ?? -1)
      answered.set(counter, [...(answered.get(counter) ?? []), amount])
    } catch (error) {
      const codes = ['session_exhausted', 'counter_used', 'call_in_flight', 'storage_full', 'node_unavailable', 'busy']
      if (!isAgoraiError(error) || !codes.includes(error.code)) throw error
    }
  }

  const half = Math.ceil(calls.length / 2)
  const sendAll = (from: number, to: number) =>
    Promise.all(
      calls.slice(from, to).flatMap((call, place) => {
        const counter = from + place + 1
        const { gateway, twin } = call
        return [send(gateway, counter, call), ...(twin === undefined ? [] : [send(twin, counter, call)])]
      }),
    )
  await sendAll(0, half)
  for (const index of kills) {
    await at(index).kill()
    gateways[index] = await open(index)
  }
  await sendAll(half, calls.length)

  await at(0).route('post /api/v1/sessions/{id}/close', { session })
  for (let round = 0; round < 8 && at(0).memory.sessions.get(session)?.state !== 'closed'; round++)
    for (const gateway of gateways) await gateway.sessions.look()
  await Promise.all(gateways.map((gateway) => gateway.stop()))

  const state = at(0).memory.sessions.get(session)
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)
  const { charged, outstanding } = state as NonNullable<typeof state>
  expect(state?.state).toBe('closed')
  expect(outstanding).toBe(0n)
  expect(charged).toBeLessThanOrEqual(BigInt(ceiling))
  // Both answers of a call that came twice say the same amount, as both did the same.
  expect([...answered.values()].every((amounts) => new Set(amounts).size === 1)).toBe(true)
  expect(charged).toBe(sum([...answered.values()].map(([amount = 0n]) => amount)))
  expect(at(0).memory.channels.get(channel)).toMatchObject({ charged: 17n + charged, session: undefined })
}

describe('leases of a session', () => {
  test(
    'charge each call once and stay within the ceiling, whoever is first',
    async () => {
      await fc.assert(
        fc.asyncProperty(planOf(24), fc.scheduler(), async (plan, scheduler) => {
          const shared = createSharedRecords()
          let isOver = false
          const tick = (): Promise<void> => (isOver ? Promise.resolve() : scheduler.schedule(Promise.resolve()))
          const done = runPlan(plan, { openJournal: async () => shared.open(tick), tick }).finally(() => {
            isOver = true
          })
          await scheduler.waitFor(done)
        }),
        { numRuns: runs },
      )
      console.log(`P9: ${runs} histories of leases`)
    },
    6 * 3_600_000,
  )

  test('hold no more than there is for calls that come at any moment', async () => {
    const gateway = await openTestGateway({ journal: createSharedRecords().open(), folder })
    for (let round = 0; round < 20; round++) {
      const { session } = await openTestSession(gateway.memory, { ceiling: 25 })
      const calls: Promise<Response>[] = []
      for (let index = 0; index < 60; index++) {
        calls.push(gateway.sell({ session, max: 10, used: 10 }))
        for (let wait = 0; wait < round; wait++) await null
      }
      const answers = await Promise.allSettled(calls)
      const answered = answers.filter(({ status }) => status === 'fulfilled').length
      await gateway.route('post /api/v1/sessions/{id}/close', { session })
      expect(answered).toBe(2)
      expect(gateway.memory.sessions.get(session)).toMatchObject({ state: 'closed', charged: 20n })
    }
    await gateway.stop()
  })

  test('give back what is idle, so that another gateway can use it', async () => {
    const shared = createSharedRecords()
    const one = await openTestGateway({ journal: shared.open(), folder: join(folder, '1') })
    const two = await openTestGateway({ journal: shared.open(), folder: join(folder, '2') })
    const { session } = await openTestSession(one.memory, { ceiling: 12 })
    await one.sell({ session, used: 1 })
    await expect(two.sell({ session })).rejects.toMatchObject({
      code: 'session_exhausted',
      details: { outstanding: '10' },
    })
    await one.stop()
    await two.sell({ session, used: 2 })
    await two.stop()
    await two.memory.catchUp()
    expect(two.memory.sessions.get(session)).toMatchObject({ charged: 3n, outstanding: 0n })
  })

  test('charge other requests under one counter each, the same one once, after a crash too', async () => {
    const shared = createSharedRecords()
    const open = (name: string) => openTestGateway({ journal: shared.open(), folder: join(folder, name) })
    const gateways = [await open('1'), await open('2'), await open('3')]
    const { session } = await openTestSession((gateways[0] as TestGateway).memory, { ceiling: 400 })
    // Who signs one token for each gateway pays for what each of them answers.
    for (const [index, body] of ['a', 'b', 'b'].entries())
      await gateways[index]?.sell({ session, counter: 1, body, used: 1 + index })
    for (const gateway of gateways) await gateway.kill()
    const again = [await open('1'), await open('2'), await open('3')]
    expect(await again[2]?.route('post /api/v1/sessions/{id}/close', { session })).toMatchObject({
      state: 'closed',
      charged: '3',
    })
    await Promise.all(again.map((gateway) => gateway.stop()))
  })

  test('charge one body under one counter for each path that it was sent to', async () => {
    const shared = createSharedRecords()
    const open = (name: string) => openTestGateway({ journal: shared.open(), folder: join(folder, name) })
    const [one, two] = [await open('1'), await open('2')]
    const { session } = await openTestSession(one.memory, { ceiling: 400 })
    // Of a call that names its model in the path, the body is the same for a cheap one and a dear one.
    await one.sell({ session, counter: 1, path: '/v2/models/7/infer', used: 1 })
    await two.sell({ session, counter: 1, path: '/v2/models/8/infer', used: 9 })
    await two.stop()
    expect(await one.route('post /api/v1/sessions/{id}/close', { session })).toMatchObject({ charged: '10' })
    await one.stop()
  })

  test('of a gateway that is gone count as used until it is back', async () => {
    const shared = createSharedRecords()
    const one = await openTestGateway({ journal: shared.open(), folder: join(folder, '1') })
    const two = await openTestGateway({ journal: shared.open(), folder: join(folder, '2') })
    const { session, channel } = await openTestSession(one.memory, { ceiling: 100 })
    await one.sell({ session, used: 7 })
    await one.kill()
    await two.sell({ session, used: 3 })
    const close = () => two.route('post /api/v1/sessions/{id}/close', { session })
    expect(await close()).toMatchObject({ state: 'closing', outstanding: '25', charged: '3' })
    expect(two.memory.channels.get(channel)?.session?.id).toBe(session)
    await expect(two.sell({ session })).rejects.toMatchObject({ code: 'session_closed' })
    const back = await openTestGateway({ journal: shared.open(), folder: join(folder, '1') })
    await two.sessions.look()
    expect(two.memory.sessions.get(session)).toMatchObject({ state: 'closed', charged: 10n })
    expect(two.memory.channels.get(channel)).toMatchObject({ charged: 10n, session: undefined })
    await Promise.all([back.stop(), two.stop()])
  })
})

for (const engine of (await testEngines(process.env.DATABASE_URL)).filter(({ name }) => name === 'Postgres'))
  describe.skipIf(engine.missing !== undefined)('leases over one PostgreSQL', () => {
    test('charge each call once and stay within the ceiling', async () => {
      const database = await engine.open()
      const own = { ...database, close: async () => {} }
      const openJournal = () => openPostgresJournal(own)
      const call = (index: number) => ({
        ...{ gateway: index % gatewayCount, twin: index % 10 === 0 ? (index + 1) % gatewayCount : undefined },
        ...{ used: index % 7, max: 8 },
      })
      try {
        for (const ceiling of [200, 100_000])
          await runPlan(
            { ceiling, calls: Array.from({ length: 400 }, (_, index) => call(index)), kills: [2] },
            { openJournal, tick: async () => {} },
          )
      } finally {
        await database.close()
      }
    }, 120_000)
  })
