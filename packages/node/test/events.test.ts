import { eventPageSchema } from '@agorai/core'
import { createAgoraiClient, listEvents, type WatchedEvent, watchEvents } from '@agorai/sdk'
import { createTestClient, http } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buy, buyer, problemOf, publish, removeFolder, sealAsset, startTestNode, type TestNode } from './support.js'

/** The event log of a whole node: read, followed, cut off, resumed, and taken back by the chain. */

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node.folder)
})

const asset = (text: string) => sealAsset(new TextEncoder().encode(text))
const namesOf = (told: readonly WatchedEvent[]) => told.map((one) => (one.type === 'event' ? one.event.name : one.type))

test('what happens is told as it happens, and taken back when the chain takes it back', async () => {
  const client = await createAgoraiClient({ node: node.url })
  const chain = createTestClient({ chain: foundry, mode: 'anvil', transport: http(node.rpcUrl) })
  const sold = await publish(node, await asset('first'))
  await expect.poll(async () => (await listEvents(client)).events.length, { timeout: 30_000 }).toBeGreaterThan(3)

  const told: WatchedEvent[] = []
  const ended = new AbortController()
  const watching = (async () => {
    for await (const one of watchEvents(client, { signal: ended.signal })) told.push(one)
  })()
  const before = await listEvents(client)
  // A watch without a beginning tells what happens from now on: wait until it has begun.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const block = await buy(node, sold, buyer)
  await expect.poll(() => namesOf(told), { timeout: 30_000 }).toContain('PassGranted')
  expect(told[0]).toMatchObject({ event: { block: Number(block), args: { version: `${sold.version}` } } })

  const height = Number(await chain.request({ method: 'eth_blockNumber' } as never))
  await chain.request({ method: 'anvil_rollback', params: [height - Number(block) + 1] } as never)
  await publish(node, await asset('second'))
  await expect.poll(() => namesOf(told), { timeout: 30_000 }).toContain('VersionPublished')
  const at = namesOf(told).indexOf('retraction')
  expect(at).toBeGreaterThan(0)
  const above = (told[at] as { above: number }).above
  expect(above).toBeLessThan(Number(block))
  // What is left when the voided events are dropped is what the log says now.
  const kept = told.slice(0, at).filter((one) => one.type === 'event' && one.event.block <= above)
  const known = before.events.filter(({ block: number }) => number <= above).map(({ id }) => id)
  const heard = [...kept, ...told.slice(at + 1)].flatMap((one) => (one.type === 'event' ? [one.event.id] : []))
  const log = (await listEvents(client, { limit: 1_000 })).events.map(({ id }) => id)
  expect([...new Set([...known, ...heard])]).toEqual(log)

  ended.abort()
  await watching
  // Whoever comes back with an event that was taken back is told so, too.
  const [lost] = told.slice(0, at).flatMap((one) => (one.type === 'event' ? [one.event.id] : []))
  const resumed = watchEvents(client, { after: lost ?? '' })
  const first = await resumed.next()
  expect(first.value).toMatchObject({ type: 'retraction' })
  await resumed.return()
})

test('a question that is wrong is refused, with its field', async () => {
  const get = (path: string, headers = {}) => fetch(`${node.url}/api/v1/${path}`, { headers })
  for (const query of ['after=1', 'after=1-2-0x', 'names=Nothing', 'names=', 'limit=0', 'limit=1001', 'colour=red'])
    expect(await problemOf(await get(`events?${query}`)), query).toMatchObject({ code: 'invalid_request' })
  for (const query of ['after=latest', 'names=passgranted', 'limit=3'])
    expect(await problemOf(await get(`events/stream?${query}`)), query).toMatchObject({ code: 'invalid_request' })
  expect(await problemOf(await get('events/stream', { 'last-event-id': "' OR 1" }))).toMatchObject({ status: 400 })
  expect((await get('events/stream', { accept: 'application/json' })).status).toBe(406)
  expect((await fetch(`${node.url}/api/v1/events/stream`, { method: 'HEAD' })).status).toBe(200)
  const page = eventPageSchema.parse(await (await get('events?limit=2&names=VersionPublished,Transfer')).json())
  expect(page.events).toHaveLength(2)
})

test('a node serves so many streams and no more, and those that end make room', { timeout: 240_000 }, async () => {
  const open: AbortController[] = []
  const begin = async () => {
    const ended = new AbortController()
    const response = await fetch(`${node.url}/api/v1/events/stream`, { signal: ended.signal })
    open.push(ended)
    return response
  }
  const begun = await Promise.all(Array.from({ length: 256 }, begin))
  expect(begun.map(({ status }) => status)).toEqual(begun.map(() => 200))
  expect(await problemOf(await begin())).toMatchObject({ code: 'busy' })
  for (const ended of open) ended.abort()
  await expect.poll(async () => (await begin()).status, { timeout: 30_000 }).toBe(200)
  for (const ended of open) ended.abort()
})
