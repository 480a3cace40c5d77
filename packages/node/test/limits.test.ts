import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  deliveryBody,
  problemOf,
  removeFolder,
  sealAsset,
  sell,
  startTestNode,
  type TestNode,
  uploadContent,
} from './support.js'

let node: TestNode
let cid: string
const megabytes = 3
beforeAll(async () => {
  node = await startTestNode({
    clientLimits: { requestsPerSecond: 2, bytesPerSecond: 2_000_000, freeAccounts: 0 },
    behindProxy: true,
  })
  const asset = await sealAsset(new Uint8Array(megabytes * 1_000_000))
  cid = asset.cid
  await uploadContent(node, asset, { headers: { 'x-forwarded-for': 'the seller' } })
})
afterAll(async () => {
  await node.stop()
  await removeFolder(node.folder)
})

const get = (client: string, path = `/api/v1/content/${cid}`, range = 'bytes=0-0') =>
  fetch(`${node.url}${path}`, { headers: { range, 'x-forwarded-for': `10.0.0.1, ${client}` } })

test('one client that asks too often is told when to ask again, and nobody else is', async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => get('greedy')))
  const refused = answers.filter(({ status }) => status === 429)
  // Ten are saved up; some more flow in while they are answered.
  expect(refused.length).toBeGreaterThan(50)
  expect(answers.filter(({ status }) => status === 206).length).toBeGreaterThanOrEqual(10)
  for (const answer of refused.slice(0, 5)) {
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await problemOf(answer)).toMatchObject({ code: 'rate_limited', status: 429 })
  }
  expect((await get('modest')).status).toBe(206)
  expect((await fetch(`${node.url}/api/v1/node`, { headers: { 'x-forwarded-for': 'greedy' } })).status).toBe(200)
})

test('one client that has taken too many bytes waits, and nobody else does', async () => {
  const taken: number[] = []
  // Ten megabytes are saved up, of which each takes three.
  for (let time = 0; time < 5; time++) {
    const answer = await get('thirsty', undefined, `bytes=0-${megabytes * 1_000_000 - 1}`)
    taken.push(answer.status)
    await answer.arrayBuffer()
  }
  expect(taken.slice(0, 3)).toEqual([206, 206, 206])
  // Whoever was under way has paid its debt before it ended.
  expect(taken.every((status) => status === 206 || status === 429)).toBe(true)
  expect((await get('modest')).status).toBe(206)
})

test('one holder that asks for keys from many addresses is one holder', async () => {
  const { asset, sold } = await sell(node, new Uint8Array(10))
  expect(asset.manifest.content.chunks).toBe(1)
  const body = await deliveryBody(node, sold)
  const ask = (client: string) =>
    fetch(`${node.url}/api/v1/deliveries`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': client },
      body,
    })
  const answers = await Promise.all(Array.from({ length: 300 }, (_, index) => ask(`address ${index}`)))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10)
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
  expect(new Set(statuses)).toEqual(new Set([200, 429]))
})
