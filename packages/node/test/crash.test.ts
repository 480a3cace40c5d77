import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DeliveryGrant } from '@agorai/core'
import { waitForReceipt } from '@agorai/sdk'
import { createPublicClient, createWalletClient, http } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  buyer,
  confirmed,
  deliveryBody,
  grantOf,
  newFolder,
  nodeInfo,
  postDelivery,
  problemOf,
  removeFolder,
  type SealedAsset,
  type Sold,
  sealAsset,
  sell,
  stranger,
  type TestNode,
  uploadContent,
} from './support.js'

/**
 * A real node is killed inside a system call: `strace` holds the call at its entry, long enough for an answer that did not
 * wait for it to get out, and then the node is killed. So with the first, the second, … call of a kind, until the work
 * under test makes no further one.
 */
const repository = fileURLToPath(new URL('../../..', import.meta.url))
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const pointsMax = 8
const holdMicroseconds = 60_000_000
const settleMs = 400
const hitTimeoutMs = 30_000
let killPoints = 0

const canTrace = (): boolean => {
  const sleeper = spawn('sleep', ['30'], { stdio: 'ignore' })
  const { stderr } = spawnSync('timeout', ['2', 'strace', '-p', String(sleeper.pid), '-e', 'trace=none'], {
    encoding: 'utf8',
  })
  sleeper.kill('SIGKILL')
  return stderr?.includes('attached') === true
}
const traceable = canTrace()
if (!traceable)
  console.warn('SKIPPED: crash tests need `strace` and the right to attach it (Debian: apt install strace).')

type Program = { node: TestNode; child: ChildProcess; exited: Promise<NodeJS.Signals | number | null> }

let folder: string
let program: Program | undefined
/** A node's folder with something in it, and what it acknowledged: made once, copied for each test. */
let template: string
let before: Before

beforeAll(async () => {
  if (!traceable) return
  folder = await newFolder()
  template = folder
  const running = await start()
  before = await acknowledge(running)
  await stop(running)
})
afterAll(async () => {
  console.log(`P10: ${killPoints} kill points`)
  await removeFolder(template ?? '')
})
beforeEach(async () => {
  folder = await newFolder()
  if (traceable) await cp(template, folder, { recursive: true })
})
afterEach(async () => {
  program?.child.kill('SIGKILL')
  await program?.exited
  program = undefined
  await removeFolder(folder)
})

async function start(): Promise<Program> {
  const args = ['--import', 'tsx', '--conditions=@agorai/source', main, '--json', '--port', '0', '--data-dir', folder]
  // The tracer counts calls by thread, so all files are written by one.
  const env = { PATH: process.env.PATH ?? '', HOME: folder, UV_THREADPOOL_SIZE: '1' }
  const child = spawn(process.execPath, args, { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<NodeJS.Signals | number | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  )
  const said: string[] = []
  child.stderr.on('data', (data) => said.push(String(data)))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const { event, url } = JSON.parse(line) as { event: string; url?: string }
      if (event === 'ready' && url !== undefined) resolve(url)
    })
    void exited.then((how) => reject(new Error(`the node ended (${how}): ${said.join('')}`)))
  })
  const started: Program = {
    // The chain is reached through the gateway: the program does not say where it listens.
    node: { url, rpcUrl: `${url}/rpc`, info: await nodeInfo(url), folder, warnings: [] } as unknown as TestNode,
    child,
    exited,
  }
  program = started
  return started
}

async function stop({ child, exited }: Program): Promise<void> {
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
}

type Trap = {
  /** File in which the calls stand. */
  log: string
  /** Whether the node has come to the call and is held there: it stands in the log without a result. */
  hit(): Promise<boolean>
  /** Ends the tracing. */
  release(): Promise<void>
}

/**
 * Attaches to the threads of the node that write its files; resolves once the trap is set. The first thread is left alone:
 * the index writes from there, and holding it would stop the whole node.
 */
async function trap({ child }: Program, call: string, what: string, nth: number): Promise<Trap> {
  const log = join(folder, 'strace.log')
  await writeFile(log, '')
  const threads = (await readdir(`/proc/${child.pid}/task`)).filter((thread) => thread !== String(child.pid))
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${nth}`]
  const tracer = spawn('strace', ['-y', ...threads.flatMap((thread) => ['-p', thread]), ...inject, '-o', log], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => tracer.once('exit', () => resolve()))
  let said = ''
  await new Promise<void>((resolve) =>
    tracer.stderr.on('data', (data) => {
      said += String(data)
      if (said.split(' attached').length > threads.length) resolve()
    }),
  )
  return {
    log,
    hit: async () => {
      const text = await readFile(log, 'utf8')
      return text.split(` ${call}(`).length - 1 === nth && !/ = -?\d+[^\n]*\n?$/.test(text)
    },
    release: async () => {
      // The tracer of a dead node ends by itself; one that does not is not waited for, and lets go of the node as it dies.
      if (child.exitCode === null && child.signalCode === null && !child.killed) tracer.kill('SIGINT')
      const timer = setTimeout(() => tracer.kill('SIGKILL'), 3_000)
      await ended
      clearTimeout(timer)
    },
  }
}

type Before = { asset: SealedAsset; sold: Sold; body: string; grant: DeliveryGrant; block: number }

/** What the node acknowledged before it was killed. */
async function acknowledge({ node }: Program): Promise<Before> {
  const { asset, sold } = await sell(node, new Uint8Array(20_000).fill(5))
  const body = await deliveryBody(node, sold)
  const grant = await grantOf(await postDelivery(node, body))
  return { asset, sold, body, grant, block: (await nodeInfo(node.url)).chain.confirmedBlock }
}

async function expectKept({ node }: Program): Promise<void> {
  expect(await grantOf(await postDelivery(node, before.body))).toEqual(before.grant)
  const fresh = await deliveryBody(node, before.sold)
  expect(await grantOf(await postDelivery(node, fresh))).toMatchObject({ cid: before.asset.cid })
  const got = await fetch(`${node.url}/api/v1/content/${before.asset.cid}`)
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(before.asset.ciphertext)
  expect((await nodeInfo(node.url)).chain.confirmedBlock).toBeGreaterThanOrEqual(before.block)
  expect(await readdir(join(folder, 'storage', 'incoming'))).toEqual([])
  expect((await readdir(join(folder, 'chain'))).filter((name) => name.endsWith('.tmp'))).toEqual([])
}

/**
 * Kills the node at every occurrence of `call` within `work`, restarts it and checks it.
 *
 * @param options.answersLast Whether the work may not be answered before its last such call has returned. A kill alone
 * forgives an answer before the sync; a power cut does not.
 * @returns How many times it was killed.
 */
async function killAtEach(
  call: string,
  work: (program: Program) => Promise<unknown>,
  check: (program: Program) => Promise<void>,
  { answersLast }: { answersLast: boolean },
): Promise<number> {
  let running = await start()
  for (let nth = 1; nth <= pointsMax; nth++) {
    const { log, hit, release } = await trap(running, call, `delay_enter=${holdMicroseconds}`, nth)
    let ended: unknown
    const outcome = work(running).then(
      () => 'done' as const,
      (error: unknown) => error,
    )
    void outcome.then((how) => {
      ended = how
    })
    const end = Date.now() + hitTimeoutMs
    while (ended === undefined && !(await hit()) && Date.now() < end) await pause(20)
    await pause(settleMs)
    if (!(await hit())) {
      expect(await outcome).toBe('done')
      await release()
      await check(running)
      await stop(running)
      return nth - 1
    }
    if (answersLast) expect(ended, `ended while a call was held: ${await readFile(log, 'utf8')}`).toBeUndefined()
    running.child.kill('SIGKILL')
    killPoints += 1
    await release()
    expect(await running.exited).toBe('SIGKILL')
    await outcome
    running = await start()
    await expectKept(running)
    await check(running)
  }
  throw new Error(`more than ${pointsMax} calls of ${call}`)
}

const ok = async (answer: Promise<Response>): Promise<void> => {
  const response = await answer
  if (!response.ok) throw new Error(await response.text())
}

describe.skipIf(!traceable)('killed inside', { timeout: 180_000 }, () => {
  describe('a block write', () => {
    // The content is another each time, so that its folder is new too.
    // The file, the folder in which its own is made, and its own.
    test.each([
      ['pwrite64', 1],
      ['fsync', 3],
      ['rename', 1],
    ])('%s', async (call, calls) => {
      let asset: SealedAsset | undefined
      let acknowledged = false
      const killed = await killAtEach(
        call,
        async ({ node }) => {
          acknowledged = false
          asset = await sealAsset(crypto.getRandomValues(new Uint8Array(20_000)))
          await ok(uploadContent(node, asset))
          acknowledged = true
        },
        async ({ node }) => {
          if (asset === undefined) return
          const got = await fetch(`${node.url}/api/v1/content/${asset.cid}`)
          // Whole or not there; and then it can be sent again.
          if (got.status === 200) expect(new Uint8Array(await got.arrayBuffer())).toEqual(asset.ciphertext)
          else expect([got.status, acknowledged]).toEqual([404, false])
          await ok(uploadContent(node, asset))
        },
        { answersLast: true },
      )
      expect(killed).toBeGreaterThanOrEqual(calls)
    })
  })

  describe('a journal append', () => {
    test.each(['pwrite64', 'fdatasync'])('%s', async (call) => {
      let body: string | undefined
      let answered: DeliveryGrant | undefined
      const killed = await killAtEach(
        call,
        async ({ node }) => {
          answered = undefined
          body = await deliveryBody(node, before.sold)
          answered = await grantOf(await postDelivery(node, body))
        },
        // The holder who got no answer asks again with the very same request.
        async ({ node }) => {
          if (body === undefined) return
          const grant = await grantOf(await postDelivery(node, body))
          expect(grant).toEqual(answered ?? grant)
        },
        { answersLast: true },
      )
      expect(killed).toBe(1)
    })
  })

  describe('a save of the chain', () => {
    test.each(['pwrite64', 'fsync', 'rename', 'unlink'])('%s', async (call) => {
      let acknowledged = 0
      const killed = await killAtEach(
        call,
        async ({ node }) => {
          const transport = http(node.rpcUrl, { retryCount: 0 })
          const wallet = createWalletClient({ account: stranger, transport })
          const hash = await wallet.sendTransaction({ chain: null, to: buyer.address, value: 1n })
          const reader = createPublicClient({ transport, pollingInterval: 5 })
          const { blockNumber } = await waitForReceipt(reader, hash)
          await confirmed(node, blockNumber)
          acknowledged = Number(blockNumber)
          // Saving goes on for a moment after the block is confirmed: what is older is removed.
          await pause(300)
        },
        async ({ node }) => {
          const saved = (await readdir(join(folder, 'chain'))).filter((name) => name.startsWith('state-'))
          expect(saved.length).toBeGreaterThanOrEqual(1)
          expect((await nodeInfo(node.url)).chain.confirmedBlock).toBeGreaterThanOrEqual(acknowledged)
          expect((await fetch(`${node.url}/api/v1/health`)).status).toBe(200)
        },
        { answersLast: false },
      )
      expect(killed).toBeGreaterThanOrEqual(1)
    })
  })
})

describe.skipIf(!traceable)('a disk that fails', { timeout: 120_000 }, () => {
  test.each([
    ['fdatasync', 'error=EIO'],
    ['pwrite64', 'error=ENOSPC'],
  ])('in %s (%s): no grant is acknowledged until a restart, and none is lost', async (call, what) => {
    const running = await start()
    const { release } = await trap(running, call, what, 1)
    const lost = await deliveryBody(running.node, before.sold)
    expect(await problemOf(await postDelivery(running.node, lost))).toMatchObject({ code: 'storage_full', status: 507 })
    await release()
    // The disk works again, but what it holds is not known before it is read again.
    expect(await problemOf(await postDelivery(running.node, lost))).toMatchObject({ code: 'storage_full' })
    expect(await grantOf(await postDelivery(running.node, before.body))).toEqual(before.grant)
    await stop(running)
    const again = await start()
    await expectKept(again)
    await grantOf(await postDelivery(again.node, lost))
    await stop(again)
  })

  test('during an upload: it is refused, leaves nothing, and works once there is space', async () => {
    const running = await start()
    const asset = await sealAsset(new Uint8Array(30_000))
    const { release } = await trap(running, 'pwrite64', 'error=ENOSPC', 1)
    expect(await problemOf(await uploadContent(running.node, asset))).toMatchObject({
      code: 'storage_full',
      status: 507,
    })
    await release()
    expect(await readdir(join(folder, 'storage', 'incoming'))).toEqual([])
    expect((await uploadContent(running.node, asset)).status).toBe(200)
    await stop(running)
  })
})
