import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cpuMsOf } from '../../packages/node/test/program.js'
import { removeFolder } from '../../packages/node/test/support.js'
import { killInside, setTrap, traceable } from '../../packages/node/test/trap.js'
import { exactWork, refundWork, topUpWork, type Work } from './crashWorks.js'
import { cutPower } from './cutPower.js'
import { newPurse, type PaidNode, type Purse, type Running, randomNonce, startPaidNode, target } from './paidNode.js'
import { callBody, price } from './paidService.js'
import { callInSession, openSessionAt, sessionState } from './sessionClient.js'
import { payFor, toText, type Voucher } from './voucherClient.js'

/**
 * P10 under paid calls: a real node is killed inside each system call by which its journal and its charge log come to the
 * disk, and the disk fails in each of them. What was acknowledged is there after a restart: vouchers, transfers, refunds,
 * sessions, charges.
 */

/** Points at which each work is interrupted; all of them where it is not said. */
const pointsMax = Number(process.env.AGORAI_CRASH_POINTS ?? 2)
const sessionCalls = 3
let killPoints = 0

let paid: PaidNode
let folder: string
let running: Running | undefined
let purse: Purse

beforeAll(async () => {
  paid = await startPaidNode()
}, 900_000)
afterAll(async () => {
  console.log(`P10: ${killPoints} paid kill points`)
  await paid?.stop()
})
beforeEach(async () => {
  folder = await paid.newFolder()
  purse = newPurse(await paid.newClient())
})
afterEach(async () => {
  running?.child.kill('SIGKILL')
  await running?.exited
  running = undefined
  if (folder !== undefined) await removeFolder(folder)
})

async function start(): Promise<Running> {
  const begun = performance.now()
  running = await paid.start(folder)
  lastStart = { wallMs: performance.now() - begun, cpuMs: await cpuMsOf(running) }
  return running
}

/** What a start took, until it was ready: CPU time is the same on a busy machine, and waiting for a lock takes none. */
type Start = { wallMs: number; cpuMs: number }
let lastStart: Start
/**
 * Unaided, by hardly more work than a node that nothing happened to. How long that takes is also the machine's: the minute
 * is for a busy one, and no lock that outlives its process would be gone after it.
 */
function expectQuick(undisturbed: Start): void {
  expect(lastStart.cpuMs).toBeLessThan(2 * undisturbed.cpuMs + 1_000)
  expect(lastStart.wallMs).toBeLessThan(4 * undisturbed.wallMs + 60_000)
}

async function stop({ child, exited }: Running): Promise<void> {
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
}

const traceLog = () => join(folder, 'strace.log')
/** Journal and charge log are written by the first thread, as the index is. */
const records = (call: string) =>
  ['pwrite64', 'fdatasync'].includes(call) ? { folders: [join(folder, 'journal'), join(folder, 'charges')] } : {}
const trap = ({ child }: Running, call: string, what: string, nth: number) =>
  setTrap(child, { log: traceLog(), call, what, nth, ...records(call) })

/** A call that is paid by a voucher. Whoever got no answer sends the very same again. */
function voucherWork(): Work {
  let last: { voucher: Voucher; body: string } | undefined
  async function run({ url }: Running): Promise<void> {
    purse.calls += 1
    const body = callBody(paid.service, `call ${purse.calls}`)
    last = { voucher: purse.client.voucher(purse.charged), body }
    const said = await payFor(url + target, last.body, last.voucher)
    if (said.kind !== 'answered') throw new Error(toText(said))
    expect(said.cumulative).toBe(purse.charged + price)
    purse.charged = said.cumulative
    last = undefined
  }
  return {
    run,
    async check(node) {
      if (last !== undefined) {
        const said = await payFor(node.url + target, last.body, last.voucher)
        if (said.kind === 'answered') purse.charged = said.cumulative
        else {
          // It was charged before the crash, once; and never less than what was acknowledged.
          expect(said).toMatchObject({ kind: 'refused', cumulative: purse.charged + price })
          purse.charged += price
        }
        last = undefined
      }
      await run(node)
    },
  }
}

/** A session from its beginning to its end. */
function sessionWork(): Work {
  async function run({ url }: Running): Promise<void> {
    const budget = price * 100n
    purse.session ??= { nonce: randomNonce(), opened: undefined, answered: new Set() }
    const { session } = purse
    session.opened ??= await openSessionAt(url, purse.client, {
      ...{ charged: purse.charged, budget, asset: paid.service.asset, nonce: session.nonce },
    })
    for (let counter = 1; counter <= sessionCalls; counter++) {
      if (session.answered.has(counter)) continue
      const { status, text } = await callInSession(url, session.opened, {
        counter,
        body: callBody(paid.service, `${counter}`),
      })
      if (status !== 200 && !text.includes('counter_used')) throw new Error(`HTTP ${status}: ${text}`)
      session.answered.add(counter)
    }
    const closed = await sessionState(url, session.opened, 'close')
    if (closed.state !== 'closed') throw new Error(`It is ${closed.state}.`)
    expect(closed.charged).toBe(`${BigInt(sessionCalls) * price}`)
    purse.charged += BigInt(closed.charged)
    purse.session = undefined
  }
  return {
    run,
    async check(node) {
      const { session } = purse
      if (session?.opened !== undefined) {
        const { charged, outstanding, state } = await sessionState(node.url, session.opened)
        // What it holds in slices counts to what may have been charged.
        const least = BigInt(session.answered.size) * price
        if (state !== 'closed') expect(BigInt(charged) + BigInt(outstanding)).toBeGreaterThanOrEqual(least)
        if (state === 'closed') {
          expect(BigInt(charged)).toBe(BigInt(sessionCalls) * price)
          purse.charged += BigInt(charged)
          purse.session = undefined
        }
      }
      await expect.poll(() => run(node).then(() => 'done', String), { timeout: 60_000 }).toBe('done')
    },
  }
}

/** Kills the node at every occurrence of `call` within the work, restarts it and checks it. @returns How many times. */
async function killAtEach(call: string, { run, check }: Work): Promise<number> {
  let node = await start()
  const undisturbed = lastStart
  for (let killed = 0; ; killed++) {
    const trapped = { log: traceLog(), call, nth: killed + 1, ...records(call) }
    if (killed === pointsMax || !(await killInside(node, trapped, () => run(node)))) {
      await check(node)
      await stop(node)
      return killed
    }
    killPoints += 1
    node = await start()
    expectQuick(undisturbed)
    await check(node)
  }
}

const isDeep = process.env.AGORAI_CRASH_POINTS !== undefined

describe.skipIf(!traceable)('killed inside', { timeout: 3_600_000 }, () => {
  test.each(isDeep ? ['pwrite64', 'fdatasync'] : ['fdatasync'])('%s of a call paid by a voucher', async (call) => {
    expect(await killAtEach(call, voucherWork())).toBeGreaterThanOrEqual(1)
  })

  test.each(isDeep ? ['pwrite64', 'fdatasync', 'fsync', 'openat', 'unlink'] : ['pwrite64'])(
    '%s of a session from beginning to end',
    async (call) => {
      const points = await killAtEach(call, sessionWork())
      if (['pwrite64', 'fdatasync'].includes(call)) expect(points).toBeGreaterThanOrEqual(Math.min(5, pointsMax))
    },
  )

  // The call's charge, and what is given back.
  test.each(isDeep ? ['pwrite64', 'fdatasync'] : ['fdatasync'])('%s of a deposit and its refund', async (call) => {
    expect(await killAtEach(call, await refundWork(paid))).toBe(2)
  })

  if (isDeep)
    describe.each(['pwrite64', 'fdatasync'])('%s', (call) => {
      test('of a call paid by a transfer', async () => {
        expect(await killAtEach(call, await exactWork(paid))).toBe(1)
      })

      test('of a session whose ceiling is raised', async () => {
        expect(await killAtEach(call, topUpWork(paid, purse))).toBeGreaterThanOrEqual(3)
      })
    })
})

describe.skipIf(!traceable)('a disk that fails', { timeout: 3_600_000 }, () => {
  const faults = [
    ['fdatasync', 'error=EIO', 'voucher', 1],
    ...(isDeep
      ? ([
          ['pwrite64', 'error=ENOSPC', 'voucher', 1],
          ['pwrite64', 'error=EIO', 'voucher', 1],
          ...[1, 2, 3, 4, 5, 6].flatMap(
            (nth) =>
              [
                ['fdatasync', 'error=EIO', 'session', nth],
                ['pwrite64', 'error=ENOSPC', 'session', nth],
              ] as const,
          ),
        ] as const)
      : []),
  ] as const

  test.each(faults)(
    'in %s (%s) of a %s, call %i: nothing is lost, and a restart mends it',
    async (call, what, kind, nth) => {
      const work = kind === 'voucher' ? voucherWork() : sessionWork()
      const node = await start()
      const { release } = await trap(node, call, what, nth)
      const outcome = await work.run(node).then(() => 'done', String)
      await release()
      // A session may have had fewer calls than that.
      if (outcome !== 'done') expect(outcome).toMatch(/storage_full|507/)
      await stop(node)
      await work.check(await start())
    },
  )
})

describe.skipIf(!traceable)('a power cut', { timeout: 3_600_000 }, () => {
  test('at any moment loses nothing that was acknowledged', async () => {
    console.log(await cutPower(paid, folder))
  })
})

describe('a node that was restarted', { timeout: 3_600_000 }, () => {
  test('answers the same idempotency key as before, and charges once', async () => {
    const node = await start()
    const opened = await openSessionAt(node.url, purse.client, {
      ...{ charged: 0n, budget: price * 100n, asset: paid.service.asset },
    })
    const body = callBody(paid.service, 'once')
    const ask = async (url: string, text: string) => {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${opened.bearer}`,
        'idempotency-key': 'the-same-call',
      }
      const answer = await fetch(url + target, { method: 'POST', headers, body: text })
      return { status: answer.status, text: await answer.text() }
    }
    const first = await ask(node.url, body)
    expect(first).toMatchObject({ status: 200 })
    expect(await ask(node.url, body)).toEqual(first)
    node.child.kill('SIGKILL')
    await node.exited
    const again = await start()
    expect(await ask(again.url, body)).toEqual(first)
    expect((await ask(again.url, callBody(paid.service, 'other'))).status).toBe(422)
    expect(await sessionState(again.url, opened, 'close')).toMatchObject({ state: 'closed', charged: `${price}` })
  })
})
