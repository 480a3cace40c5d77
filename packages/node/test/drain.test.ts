import { randomBytes } from 'node:crypto'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { digestOfCid } from '@agorai/core'
import { afterEach, describe, expect, test } from 'vitest'
import { type Program, startProgram } from './program.js'
import {
  newFolder,
  nodeInfo,
  problemOf,
  removeFolder,
  type SealedAsset,
  sealAsset,
  type TestNode,
  upload,
  uploadContent,
  uploadKey,
  uploadManifest,
} from './support.js'

let folder: string
let program: Program
afterEach(async () => {
  program.child.kill('SIGKILL')
  await program.exited
  await removeFolder(folder)
})

async function start(drainSeconds: string): Promise<TestNode> {
  folder = await newFolder()
  program = await startProgram({
    AGORAI_DATA_DIR: folder,
    AGORAI_DRAIN_SECONDS: drainSeconds,
    AGORAI_METRICS: '127.0.0.1:0',
  })
  const { url } = program
  return { url, rpcUrl: `${url}/rpc`, info: await nodeInfo(url), folder, warnings: [] } as unknown as TestNode
}

/** A download whose reader takes its time: `finish` reads the rest and counts all of it. */
async function slowDownload(node: TestNode, asset: SealedAsset) {
  let bytes = 0
  let ended: (bytes: number) => void
  const all = new Promise<number>((resolve) => {
    ended = resolve
  })
  const response = await new Promise<IncomingMessage>((resolve) =>
    get(`${node.url}/api/v1/content/${asset.cid}`, resolve),
  )
  response.on('close', () => ended(bytes))
  response.pause()
  return {
    finish: () => {
      response.on('data', (part: Buffer) => {
        bytes += part.length
      })
      response.resume()
      return all
    },
  }
}

/** A content whose last part is sent when it is told so. */
function slowUpload(node: TestNode, asset: SealedAsset) {
  let goOn: () => void = () => {}
  const told = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const half = asset.ciphertext.length >> 1
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(asset.ciphertext.slice(0, half))
      await told
      controller.enqueue(asset.ciphertext.slice(half))
      controller.close()
    },
  })
  const answer = upload(node, {
    resource: `content/${asset.cid}`,
    body: asset.ciphertext,
    digest: digestOfCid(asset.cid),
    send: body,
  })
  return { answer, finish: goOn }
}

describe('a node that is told to stop', { timeout: 180_000 }, () => {
  test('takes nothing new, says so, and finishes a download, an upload and a deposit', async () => {
    const node = await start('120')
    const large = await sealAsset(new Uint8Array(randomBytes(15 * 1024 * 1024)))
    expect((await uploadContent(node, large)).status).toBe(200)
    expect((await uploadManifest(node, large)).status).toBe(200)
    const small = await sealAsset(new Uint8Array(randomBytes(400_000)))
    const ready = () => fetch(`${program.metricsUrl}/readyz`)
    expect((await ready()).status).toBe(200)

    const download = await slowDownload(node, large)
    const sent = slowUpload(node, small)
    const deposit = uploadKey(node, large)
    await pause(500)
    program.child.kill('SIGTERM')
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe(503)
    expect(await problemOf(await ready())).toMatchObject({ code: 'not_ready', field: 'draining' })
    await expect(fetch(`${node.url}/healthz`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })

    sent.finish()
    expect((await sent.answer).status).toBe(200)
    expect((await deposit).status).toBe(200)
    expect(program.child.exitCode).toBeNull()
    expect(await download.finish()).toBe(large.ciphertext.length)
    expect(await program.exited).toBe(0)
    expect(program.lines().at(-1)).toMatchObject({ event: 'stopped' })
  })

  test('cuts off what takes longer than it was given', async () => {
    const node = await start('1')
    const asset = await sealAsset(new Uint8Array(randomBytes(400_000)))
    const sent = slowUpload(node, asset)
    const refused = expect(sent.answer).rejects.toThrow()
    await pause(300)
    program.child.kill('SIGTERM')
    await refused
    expect(await program.exited).toBe(0)
  })
})
