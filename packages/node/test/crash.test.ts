import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type DeliveryGrant, digestOfCid } from '@agorai/core'
import { waitForReceipt } from '@agorai/sdk'
import { createPublicClient, createWalletClient, http } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Program as Started, startProgram } from './program.js'
import {
  buyer,
  confirmed,
  deliveryBody,
  grantOf,
  newFolder,
  nodeAt,
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
  upload,
  uploadContent,
  uploadHeaders,
} from './support.js'
import { killInside, setTrap, type Trap, traceable } from './trap.js'

/**
 * A real node is killed inside a system call, held by `strace`: in the first, the second, … call of a kind, until the work
 * under test makes no further one.
 */
const pointsMax = 8
/** Every call, and not those alone that differ most. */
const isDeep = process.env.AGORAI_CRASH_POINTS !== undefined
let killPoints = 0

type Program = Pick<Started, 'child' | 'exited'> & { node: TestNode }

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
  console.log(`P10: ${killPoints} kill points of the node`)
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
  // The tracer counts calls by thread, so all files are written by one.
  const settings = { HOME: folder, UV_THREADPOOL_SIZE: '1' }
  const { url, child, exited } = await startProgram(settings, ['--port', '0', '--data-dir', folder])
  program = { node: await nodeAt(url, folder), child, exited }
  return program
}

async function stop({ child, exited }: Program): Promise<void> {
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
}

const traceLog = () => join(folder, 'strace.log')
const journal = () => [join(folder, 'journal')]
const trap = ({ child }: Program, call: string, what: string, folders?: readonly string[]): Promise<Trap> =>
  setTrap(child, { log: traceLog(), call, what, nth: 1, ...(folders && { folders }) })

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
 * @param options.answersLast Whether the work may not be answered before its last such call has returned.
 * @param options.before What is done each time before the calls are counted.
 * @param options.folders Where the files are whose calls are counted.
 * @returns How many times it was killed.
 */
async function killAtEach(
  call: string,
  work: (program: Program) => Promise<unknown>,
  check: (program: Program) => Promise<void>,
  options: { answersLast: boolean; before?: (program: Program) => Promise<void>; folders?: () => readonly string[] },
): Promise<number> {
  let running = await start()
  for (let nth = 1; nth <= pointsMax; nth++) {
    await options.before?.(running)
    const trapped = { log: traceLog(), call, nth, ...(options.folders && { folders: options.folders() }) }
    if (!(await killInside(running, trapped, () => work(running), !options.answersLast))) {
      await check(running)
      await stop(running)
      return nth - 1
    }
    killPoints += 1
    running = await start()
    await expectKept(running)
    await check(running)
  }
  throw new Error(`more than ${pointsMax} calls of ${call}`)
}

const sendFrom = (node: TestNode, { cid, ciphertext }: SealedAsset, start: number, end = ciphertext.length) =>
  upload(node, {
    resource: `content/${cid}`,
    body: ciphertext,
    digest: digestOfCid(cid),
    send: Uint8Array.from(ciphertext.subarray(start, end)),
    headers: { 'content-range': `bytes ${start}-${end - 1}/${ciphertext.length}` },
  })

async function uploadState(node: TestNode, asset: SealedAsset): Promise<{ received: number; stored: string | null }> {
  const headers = await uploadHeaders(node, {
    resource: `content/${asset.cid}`,
    body: asset.ciphertext,
    digest: digestOfCid(asset.cid),
  })
  return (await fetch(`${node.url}/api/v1/uploads/${asset.cid}`, { headers })).json() as never
}

const ok = async (answer: Promise<Response>): Promise<void> => {
  const response = await answer
  if (!response.ok) throw new Error(await response.text())
}

describe.skipIf(!traceable)('killed inside', { timeout: 180_000 }, () => {
  describe('a block write', () => {
    // The content is another each time, so that its folder is new too.
    // The file, the folder in which its own is made, and its own.
    test.each([...(isDeep ? ([['pwrite64', 1]] as const) : []), ['fsync', 3], ['rename', 1]] as const)(
      '%s',
      async (call, calls) => {
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
      },
    )
  })

  describe('the second go of an upload', () => {
    const firstBytes = 12_000
    // Cutting off what is sent again, the rest, its file, its folder, its own name; then what is left of the upload.
    test.each([
      ['ftruncate', 1],
      ...(isDeep
        ? ([
            ['fsync', 3],
            ['rename', 1],
            ['unlink', 1],
          ] as const)
        : []),
      ['pwrite64', 1],
    ] as const)('%s', async (call, calls) => {
      let asset: SealedAsset | undefined
      let acknowledged = false
      const killed = await killAtEach(
        call,
        async ({ node }) => {
          acknowledged = false
          if (asset === undefined) return
          await ok(sendFrom(node, asset, firstBytes))
          acknowledged = true
        },
        async ({ node }) => {
          if (asset === undefined) return
          const { received, stored } = await uploadState(node, asset)
          // What was acknowledged is there, whole or in part; and the rest makes it whole.
          if (acknowledged) expect(stored).toBe(asset.cid)
          else expect(received).toBeGreaterThanOrEqual(firstBytes)
          const got = await fetch(`${node.url}/api/v1/content/${asset.cid}`)
          expect(got.status).toBe(stored === null ? 404 : 200)
          if (stored === null) await ok(sendFrom(node, asset, received === asset.ciphertext.length ? 0 : received))
          const whole = await fetch(`${node.url}/api/v1/content/${asset.cid}`)
          expect(new Uint8Array(await whole.arrayBuffer())).toEqual(asset.ciphertext)
        },
        {
          answersLast: call !== 'unlink',
          before: async ({ node }) => {
            asset = await sealAsset(crypto.getRandomValues(new Uint8Array(20_000)))
            await ok(sendFrom(node, asset, 0, firstBytes))
          },
        },
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
        { answersLast: true, folders: journal },
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
    const { release } = await trap(running, call, what, journal())
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
    const { release } = await trap(running, 'pwrite64', 'error=ENOSPC')
    expect(await problemOf(await uploadContent(running.node, asset))).toMatchObject({
      code: 'storage_full',
      status: 507,
    })
    await release()
    expect(await readdir(join(folder, 'storage', 'incoming'))).toEqual([])
    expect((await uploadContent(running.node, asset)).status).toBe(200)
    await stop(running)
  })

  test.each([
    ['pwrite64', 'error=ENOSPC'],
    ['pwrite64', 'error=EIO'],
    ['fsync', 'error=EIO'],
    ['ftruncate', 'error=EIO'],
    ['rename', 'error=EIO'],
  ])('in %s (%s) of the second go: nothing is stored, the first stays, and it goes on', async (call, what) => {
    const running = await start()
    const { node } = running
    const asset = await sealAsset(crypto.getRandomValues(new Uint8Array(30_000)))
    await ok(sendFrom(node, asset, 0, 20_000))
    const { release } = await trap(running, call, what)
    expect(await problemOf(await sendFrom(node, asset, 20_000))).toMatchObject({ code: 'storage_full', status: 507 })
    await release()
    const { received, stored } = await uploadState(node, asset)
    expect(stored).toBeNull()
    expect(received).toBeGreaterThanOrEqual(20_000)
    expect((await fetch(`${node.url}/api/v1/content/${asset.cid}`)).status).toBe(404)
    await ok(sendFrom(node, asset, 20_000))
    const got = await fetch(`${node.url}/api/v1/content/${asset.cid}`)
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(asset.ciphertext)
    await stop(running)
  })
})
