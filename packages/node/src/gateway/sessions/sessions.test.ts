import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashMessageOf, parseReceiptHeader } from '@agorai/core'
import { recoverAddress, zeroAddress } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openChargeLog } from '../../adapters/journal/chargeLog.js'
import { openFileJournal } from '../../adapters/journal/fileJournal.js'
import type { ChargeLog } from '../../ports/chargeLog.js'
import type { Journal } from '../../ports/journal.js'
import type { CallAnswer } from '../calls/cashier.js'
import { callsPerRecord } from './pools.js'
import {
  newSessionId,
  openTestGateway,
  openTestSession,
  operatorAddress,
  payer,
  serviceOf,
  type TestGateway,
  wholeOf,
} from './testSessions.js'

let folder: string
let journal: Journal
let gateway: TestGateway

const open = async () => {
  journal = await openFileJournal(join(folder, 'journal.log'))
  gateway = await openTestGateway({ journal, folder })
}
/** As after a crash, or, with `stop`, after an orderly end. */
const restart = async (how: 'kill' | 'stop' = 'kill') => {
  await gateway[how]()
  await journal.close()
  await open()
}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-sessions-'))
  await open()
})
afterEach(async () => {
  await gateway.stop().catch(() => {})
  await journal.close()
  await rm(folder, { recursive: true, force: true })
})

const begin = async (ceiling: number, more = {}) =>
  (await openTestSession(gateway.memory, { ceiling, ...more })).session
const close = async (session: string) => {
  await gateway.route('post /api/v1/sessions/{id}/close', { session })
  return gateway.memory.sessions.get(session)
}
const receiptOf = (response: Response) => parseReceiptHeader(response.headers.get('agorai-receipt') ?? '')

describe('calls of a session', () => {
  test('run at the same time, and the channel is charged what they used', async () => {
    const { session, channel } = await openTestSession(gateway.memory, { ceiling: 1_000, from: 40 })
    const used = Array.from({ length: 60 }, (_, index) => index % 10)
    const answers = await Promise.all(used.map((row, index) => gateway.sell({ session, body: `${index}`, used: row })))
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(used.map((_, index) => `echo ${index}`))
    expect(answers.map((answer) => receiptOf(answer)?.amount)).toEqual(used.map(BigInt))
    const total = BigInt(used.reduce((sum, row) => sum + row, 0))
    expect(await close(session)).toMatchObject({ state: 'closed', charged: total, outstanding: 0n })
    const state = gateway.memory.channels.get(channel)
    expect(state).toMatchObject({ charged: 40n + total, session: undefined })
    expect(state?.byVersion).toEqual(new Map([['7', total]]))
  })

  test('hold the most that they may cost, and give the rest free as soon as they are answered', async () => {
    const session = await begin(25)
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const slow = async (): Promise<CallAnswer> => {
      await finished
      return { kind: 'whole', status: 200, headers: {}, body: Buffer.from(''), usage: { row: 1 } }
    }
    const first = [gateway.sell({ session }, slow), gateway.sell({ session }, slow)]
    await expect(gateway.sell({ session })).rejects.toMatchObject({
      code: 'session_exhausted',
      details: { missing: '5', ceiling: '25' },
    })
    finish()
    await Promise.all(first)
    for (const _ of [1, 2]) await gateway.sell({ session, used: 4 })
    expect(await close(session)).toMatchObject({ charged: 10n })
  })

  test('that fail are charged nothing and may be sent again, those that cost more than their most only that', async () => {
    const session = await begin(100)
    const fail = async () => {
      throw new Error('no')
    }
    await expect(gateway.sell({ session, counter: 1 }, fail)).rejects.toThrow('no')
    const refuse = async (): Promise<CallAnswer> => ({
      ...{ kind: 'whole', status: 422, headers: {}, body: Buffer.from('no'), usage: {} },
    })
    expect((await gateway.sell({ session, counter: 2 }, refuse)).status).toBe(422)
    expect(receiptOf(await gateway.sell({ session, counter: 1, used: 99 }))?.amount).toBe(10n)
    expect(await close(session)).toMatchObject({ charged: 10n })
  })

  test('are refused for another service, in another token, after the end and with another secret', async () => {
    const scoped = await begin(100, { scope: '6' })
    await expect(gateway.sell({ session: scoped })).rejects.toMatchObject({ code: 'session_scope' })
    const session = await begin(100)
    await expect(gateway.sell({ session: newSessionId() })).rejects.toMatchObject({ code: 'session_refused' })
    await close(session)
    await expect(gateway.sell({ session })).rejects.toMatchObject({ code: 'session_closed' })
    const expired = await begin(100, { seconds: -1 })
    await expect(gateway.sell({ session: expired })).rejects.toMatchObject({ code: 'session_closed' })
    await gateway.sessions.look()
    await gateway.sessions.look()
    expect(gateway.memory.sessions.get(expired)?.state).toBe('closed')
  })

  test.each([false, true])('are answered only once their charge is on the disk, streams: %s', async (streams) => {
    const log = await openChargeLog(join(folder, 'slow'))
    let sync = () => {}
    const synced = new Promise<void>((resolve) => {
      sync = resolve
    })
    const slow: ChargeLog = { ...log, append: (record) => synced.then(() => log.append(record)) }
    const other = await openTestGateway({ journal, folder, log: slow })
    const { session } = await openTestSession(other.memory, { ceiling: 10 })
    const whole = async () => wholeOf(Buffer.from('x'), 1)
    const stream = async (): Promise<CallAnswer> => ({
      ...{ kind: 'stream', headers: {}, usage: Promise.resolve({ row: 1 }) },
      chunks: (async function* () {
        yield Buffer.from('x')
      })(),
    })
    let isOver = false
    const answered = other.sell({ session, streams }, streams ? stream : whole).then((answer) => answer.text())
    void answered.then(() => {
      isOver = true
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(isOver).toBe(false)
    sync()
    expect(await answered).toBe(streams ? 'x' : 'echo x')
    await other.stop()
  })

  test('are reported as soon as they fill a record, and no others with them', async () => {
    const session = await begin(1_000_000)
    for (let call = 0; call <= callsPerRecord; call++) await gateway.sell({ session, used: 1 })
    await expect.poll(() => gateway.memory.sessions.get(session)?.charged).toBe(BigInt(callsPerRecord))
  })

  test('are reported to the journal as they come, however many', async () => {
    const session = await begin(1_000_000)
    const rounds = Math.ceil(callsPerRecord / 100) + 1
    for (let round = 0; round < rounds; round++)
      await Promise.all(Array.from({ length: 100 }, () => gateway.sell({ session, used: 1 })))
    await gateway.sessions.look()
    const state = gateway.memory.sessions.get(session)
    expect(state?.charged).toBeGreaterThanOrEqual(BigInt(callsPerRecord))
    await restart()
    expect(await close(session)).toMatchObject({ charged: BigInt(100 * rounds) })
  })
})

describe('the bound form', () => {
  test('holds for one request alone', async () => {
    const session = await begin(100)
    const { calls, ask } = spied()
    const first = await gateway.sell({ session, counter: 1, body: 'a' }, ask)
    const again = await gateway.sell({ session, counter: 1, body: 'a' }, ask)
    expect(await again.text()).toBe(await first.text())
    expect(again.headers.get('agorai-receipt')).toBe(first.headers.get('agorai-receipt'))
    for (const other of [{ body: 'b' }, { path: '/v1/y' }, { path: '/v1/x?a=c' }])
      await expect(gateway.sell({ session, counter: 1, ...other }, ask)).rejects.toMatchObject({ code: 'counter_used' })
    expect(calls).toHaveLength(1)
    await restart()
    await expect(gateway.sell({ session, counter: 1, body: 'a' }, ask)).rejects.toMatchObject({ code: 'counter_used' })
    expect(await close(session)).toMatchObject({ charged: 3n })
  })

  test('is refused while the same counter is under way', async () => {
    const session = await begin(100)
    const answers = await Promise.allSettled([1, 2, 3].map(() => gateway.sell({ session, counter: 9 })))
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(await close(session)).toMatchObject({ charged: 5n })
  })
})

describe('streams', () => {
  const streamOf = (count: number) => {
    let sent = 0
    let settle: (usage: { row: number }) => void = () => {}
    const usage = new Promise<{ row: number }>((resolve) => {
      settle = resolve
    })
    const answer = async (): Promise<CallAnswer> => ({
      kind: 'stream',
      headers: { 'content-type': 'text/event-stream' },
      chunks: (async function* () {
        try {
          for (; sent < count; sent++) yield Buffer.from(`${sent};`)
        } finally {
          settle({ row: sent })
        }
      })(),
      usage,
    })
    return answer
  }

  test('are charged before they end', async () => {
    const session = await begin(100)
    const answer = await gateway.sell({ session, streams: true }, streamOf(5))
    expect(await answer.text()).toBe('0;1;2;3;4;')
    expect(answer.headers.get('agorai-receipt')).toMatch(new RegExp(`^${session};n=\\d+$`))
    await restart()
    expect(await close(session)).toMatchObject({ charged: 5n })
  })

  test('that are given up are charged for what was used', async () => {
    const session = await begin(100)
    const answer = await gateway.sell({ session, streams: true, max: 60 }, streamOf(50))
    const reader = answer.body?.getReader()
    for (const _ of [1, 2, 3]) await reader?.read()
    await reader?.cancel()
    const state = await close(session)
    expect(state?.charged).toBeGreaterThanOrEqual(2n)
    expect(state?.charged).toBeLessThan(8n)
  })
})

describe('a crash', () => {
  test('loses no call that was answered, and leaves no lock', async () => {
    const { session, channel } = await openTestSession(gateway.memory, { ceiling: 100 })
    for (const counter of [1, 2, 3]) await gateway.sell({ session, counter, used: counter })
    await restart()
    expect(gateway.memory.sessions.get(session)).toMatchObject({ charged: 6n, outstanding: 0n, state: 'open' })
    await gateway.sell({ session, counter: 4, used: 4 })
    await restart()
    await restart()
    expect(await close(session)).toMatchObject({ charged: 10n, state: 'closed' })
    expect(gateway.memory.channels.get(channel)?.charged).toBe(10n)
    await restart('stop')
    expect(gateway.memory.channels.get(channel)?.charged).toBe(10n)
  })
})

describe('usage receipts', () => {
  test('are signed by the operator, the same before and after the calls were given back', async () => {
    const session = await begin(100)
    const answer = await gateway.sell({ session, counter: 3, used: 2 })
    const ask = () => gateway.route('get /api/v1/sessions/{id}/receipts/{counter}', { session, params: { counter: 3 } })
    const signed = (await ask()) as { receipt: Record<string, string>; signature: `0x${string}` }
    expect(signed.receipt).toMatchObject({
      counter: '3',
      version: '7',
      amount: '2',
      usage: 'row=2',
      payer: payer.address,
    })
    const { counter, version, amount, answeredAt, ...rest } = signed.receipt
    const numbers = { counter, version, amount, answeredAt }
    const message = {
      ...rest,
      ...Object.fromEntries(Object.entries(numbers).map(([name, text]) => [name, BigInt(text ?? 0)])),
    }
    const domain = { chainId: 31_337, assetRegistry: zeroAddress }
    const hash = hashMessageOf(domain, 'UsageReceipt', message as never)
    expect(await recoverAddress({ hash, signature: signed.signature })).toBe(operatorAddress)
    expect(receiptOf(answer)).toMatchObject({ subject: session, counter: 3, amount: 2n })
    await restart()
    expect(await ask()).toEqual(signed)
    await close(session)
    expect(await ask()).toEqual(signed)
    const missing = gateway.route('get /api/v1/sessions/{id}/receipts/{counter}', { session, params: { counter: 4 } })
    await expect(missing).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('idempotency keys', () => {
  test('give one effect and one answer, also after a restart', async () => {
    const session = await begin(100)
    const { calls, ask } = spied()
    const first = await gateway.sell({ session, idempotencyKey: 'a' }, ask)
    const text = await first.text()
    for (const how of ['kill', 'stop'] as const) {
      const again = await gateway.sell({ session, idempotencyKey: 'a' }, ask)
      expect(await again.text()).toBe(text)
      expect(again.headers.get('agorai-receipt')).toBe(first.headers.get('agorai-receipt'))
      await restart(how)
    }
    await expect(gateway.sell({ session, idempotencyKey: 'a', body: 'b' }, ask)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
    expect(calls).toHaveLength(1)
    expect(await close(session)).toMatchObject({ charged: 3n })
  })

  test("are those of who signs: a channel in another's name has none of its answers", async () => {
    const victim = await begin(100)
    const { calls, ask } = spied()
    await gateway.sell({ session: victim, idempotencyKey: 'a' }, ask)
    const stranger = await begin(100, { authorizer: operatorAddress })
    await gateway.sell({ session: stranger, idempotencyKey: 'a' }, ask)
    expect(calls).toHaveLength(2)
    // The same payer's next session has them.
    await gateway.sell({ session: await begin(100), idempotencyKey: 'a' }, ask)
    expect(calls).toHaveLength(2)
  })

  test('are refused in flight, when they are too long, and freed by a failure', async () => {
    const session = await begin(100)
    const two = await Promise.allSettled([1, 2].map(() => gateway.sell({ session, idempotencyKey: 'k' })))
    expect(two[1]).toMatchObject({ status: 'rejected', reason: { code: 'call_in_flight' } })
    const long = gateway.sell({ session, idempotencyKey: 'k'.repeat(256) })
    await expect(long).rejects.toMatchObject({ code: 'invalid_request' })
    const fail = async () => {
      throw new Error('no')
    }
    await expect(gateway.sell({ session, idempotencyKey: 'f' }, fail)).rejects.toThrow('no')
    await gateway.sell({ session, idempotencyKey: 'f', used: 1 })
    expect(await close(session)).toMatchObject({ charged: 6n })
  })
})

describe('an acknowledgement', () => {
  test('is kept when the payer signed it, and never falls', async () => {
    const { session } = await openTestSession(gateway.memory, { ceiling: 100 })
    const domain = { chainId: 31_337, assetRegistry: zeroAddress }
    const { sessionBytes32, toTypedData } = await import('@agorai/core')
    const sign = async (total: bigint, by = payer) => {
      const message = { session: sessionBytes32(session), payer: payer.address, total, at: 5n }
      const signature = await by.signTypedData(toTypedData(domain, 'SessionAcknowledgement', message))
      const body = { total: String(total), at: '5', signature }
      return gateway.route('post /api/v1/sessions/{id}/acknowledgements', { session, body })
    }
    expect(await sign(7n)).toMatchObject({ acknowledged: '7' })
    expect(await sign(3n)).toMatchObject({ acknowledged: '7' })
    await expect(sign(101n)).rejects.toMatchObject({ code: 'invalid_request', field: 'total' })
  })
})

/** Work that says how often it was done. */
function spied() {
  const calls: number[] = []
  const service = serviceOf()
  return {
    calls,
    ask: async (): Promise<CallAnswer> => {
      calls.push(calls.length)
      const headers = { 'content-type': 'text/plain', 'x-service': service.name }
      return { kind: 'whole', status: 200, headers, body: Buffer.from(`answer ${calls.length}`), usage: { row: 3 } }
    },
  }
}
