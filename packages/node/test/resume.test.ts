import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { digestOfCid } from '@agorai/core'
import type { LocalAccount } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  configFor,
  newFolder,
  problemOf,
  removeFolder,
  type SealedAsset,
  sealAsset,
  seller,
  startTestNode,
  stranger,
  type TestNode,
  uploadContent,
  uploadHeaders,
  uploadKey,
  uploadManifest,
} from './support.js'

let node: TestNode
const quota = 6_000_000
beforeAll(async () => {
  const dataFolder = await newFolder()
  node = await startTestNode({ ...configFor(dataFolder), uploadBytesMax: quota })
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node?.folder ?? '')
})

const newAsset = (bytes = 2_500_000) => sealAsset(randomBytes(bytes))
const piece = (asset: SealedAsset, start: number, end: number, more: Parameters<typeof uploadContent>[2] = {}) =>
  uploadContent(node, asset, {
    send: Uint8Array.from(asset.ciphertext.subarray(start, end)),
    headers: { 'content-range': `bytes ${start}-${end - 1}/${asset.ciphertext.length}` },
    ...more,
  })
const partials = async () =>
  (await readdir(join(node.folder, 'storage', 'uploads'), { recursive: true })).filter((name) => name.includes('.'))

const signedHeaders = (asset: SealedAsset, account: LocalAccount = seller): Promise<Record<string, string>> =>
  uploadHeaders(node, {
    resource: `content/${asset.cid}`,
    body: asset.ciphertext,
    digest: digestOfCid(asset.cid),
    account,
  })
const stateOf = async (asset: SealedAsset, account?: LocalAccount): Promise<Response> =>
  fetch(`${node.url}/api/v1/uploads/${asset.cid}`, { headers: await signedHeaders(asset, account) })

test('pieces one after the other become the content, which can be delivered', async () => {
  const asset = await newAsset()
  const total = asset.ciphertext.length
  expect(await (await stateOf(asset)).json()).toEqual({ received: 0, stored: null })
  for (const [start, end] of [
    [0, 1_000_000],
    [1_000_000, 2_000_000],
  ] as const) {
    expect(await (await piece(asset, start, end)).json()).toEqual({ received: end, stored: null })
    expect(await (await stateOf(asset)).json()).toEqual({ received: end, stored: null })
  }
  expect(await problemOf(await uploadKey(node, asset))).toMatchObject({ code: 'content_missing' })
  expect(await (await piece(asset, 2_000_000, total)).json()).toEqual({ received: total, stored: asset.cid })
  expect(await (await stateOf(asset)).json()).toEqual({ received: total, stored: asset.cid })
  expect(await partials()).toEqual([])
  expect((await uploadManifest(node, asset)).status).toBe(200)
  expect((await uploadKey(node, asset)).status).toBe(200)
})

test('a connection that is cut leaves what arrived; the rest makes it whole', async () => {
  const asset = await newAsset()
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(asset.ciphertext.length),
    ...(await signedHeaders(asset)),
  }
  await new Promise<void>((resolve) => {
    const sent = httpRequest(`${node.url}/api/v1/content/${asset.cid}`, { method: 'PUT', headers })
    sent.on('error', () => resolve())
    sent.write(asset.ciphertext.subarray(0, 1_500_000), () => setTimeout(() => sent.destroy(), 300))
  })
  let received = 0
  for (let attempt = 0; attempt < 200 && received < 1_500_000; attempt++) {
    ;({ received } = (await (await stateOf(asset)).json()) as { received: number })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(received).toBe(1_500_000)
  expect((await fetch(`${node.url}/api/v1/content/${asset.cid}`)).status).toBe(404)
  expect((await piece(asset, received, asset.ciphertext.length)).status).toBe(200)
  expect((await fetch(`${node.url}/api/v1/content/${asset.cid}`, { method: 'HEAD' })).status).toBe(200)
})

test('what arrived is of the account that sent it', async () => {
  const asset = await newAsset()
  await piece(asset, 0, 1_000)
  expect(await (await stateOf(asset, stranger)).json()).toEqual({ received: 0, stored: null })
  const theirs = await piece(asset, 1_000, 2_000, { account: stranger })
  expect(await problemOf(theirs)).toMatchObject({ code: 'length_mismatch', details: { received: 0 } })
  expect(await problemOf(await fetch(`${node.url}/api/v1/uploads/${asset.cid}`))).toMatchObject({
    code: 'signature_invalid',
    status: 401,
  })
  await piece(asset, 1_000, asset.ciphertext.length)
})

describe('what is wrong with a range', () => {
  test.each([
    ['no range', 'bytes', 'invalid_request'],
    ['another unit', 'rows 0-1/2', 'invalid_request'],
    ['backwards', 'bytes 9-3/2500048', 'invalid_request'],
    ['past the end', 'bytes 2500047-2500048/2500048', 'invalid_request'],
    ['of unknown length', 'bytes 0-9/*', 'invalid_request'],
    ['of more digits than a number has', `bytes 0-9/${'9'.repeat(16)}`, 'invalid_request'],
    ['of another length than was signed', 'bytes 0-9/2500047', 'length_mismatch'],
    ['after a gap', 'bytes 10-19/2500048', 'length_mismatch'],
    ['longer than the body', 'bytes 0-19/2500048', 'length_mismatch'],
  ])('%s', async (_, range, code) => {
    const asset = await newAsset()
    expect(asset.ciphertext.length).toBe(2_500_048)
    const answer = await piece(asset, 0, 10, { headers: { 'content-range': range } })
    expect(await problemOf(answer)).toMatchObject({ code })
  })
})

test('a body that is shorter than its range says how much is here, and it goes on from there', async () => {
  const asset = await newAsset()
  const short = new ReadableStream({
    start(controller) {
      controller.enqueue(asset.ciphertext.slice(0, 700_000))
      controller.close()
    },
  })
  const headers = { 'content-range': `bytes 0-999999/${asset.ciphertext.length}` }
  expect(await problemOf(await uploadContent(node, asset, { send: short, headers }))).toMatchObject({
    code: 'length_mismatch',
    details: { received: 700_000 },
  })
  expect((await piece(asset, 700_000, asset.ciphertext.length)).status).toBe(200)
})

test('the quota of an account is told before anything is sent, and ends with what fills it', async () => {
  const [first, second, third] = [await newAsset(), await newAsset(), await newAsset()]
  await piece(first, 0, 10, { account: stranger })
  await piece(second, 0, 10, { account: stranger })
  const refused = await stateOf(third, stranger)
  expect(await problemOf(refused)).toMatchObject({ code: 'quota_exceeded', status: 429 })
  expect(await problemOf(await piece(third, 0, 10, { account: stranger }))).toMatchObject({ code: 'quota_exceeded' })
  await piece(first, 10, first.ciphertext.length, { account: stranger })
  expect((await stateOf(third, stranger)).status).toBe(200)
})

test('what arrived survives a restart of the node', async () => {
  const asset = await newAsset()
  await piece(asset, 0, 1_200_000)
  await node.stop()
  node = await startTestNode({ ...configFor(node.folder), uploadBytesMax: quota })
  expect(await (await stateOf(asset)).json()).toEqual({ received: 1_200_000, stored: null })
  expect((await piece(asset, 1_200_000, asset.ciphertext.length)).status).toBe(200)
})
