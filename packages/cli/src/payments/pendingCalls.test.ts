import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPendingCalls } from './pendingCalls.js'
import { writeState } from './stateFile.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-calls-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const facts = { node: 'http://n/', service: 7n, api: 'chat', body: { prompt: 'x' }, way: 'alone' }
const lost = new AgoraiError('node_unavailable', 'No answer.')
/** No process has such a number on Linux. */
const deadPid = 2 ** 22 + 1

test('the same call has the key of the one whose answer was lost, and no other call has', async () => {
  const calls = openPendingCalls(folder)
  const first = await calls.begin(facts)
  expect(first.lostAt).toBeUndefined()
  // While it is under way, the same call is another one: somebody wants two answers.
  const beside = await calls.begin(facts)
  expect(beside.key).not.toBe(first.key)
  await beside.answered()
  await first.failed(lost)
  expect((await calls.begin({ ...facts, body: { prompt: 'y' } })).key).not.toBe(first.key)
  const again = await openPendingCalls(folder).begin(facts)
  expect(again).toMatchObject({ key: first.key, lostAt: expect.any(Number) })
  await again.answered()
  expect((await calls.begin(facts)).key).not.toBe(first.key)
})

test('a call that was refused is forgotten; of a process that died, for a day, it is not', async () => {
  const calls = openPendingCalls(folder)
  const other = { ...facts, way: 'session' }
  const refused = await calls.begin(other)
  await refused.failed(new AgoraiError('policy_refused', 'Too much.'))
  const next = await calls.begin(other)
  expect(next).toMatchObject({ lostAt: undefined })
  const [file] = (await readdir(folder)).filter((name) => name.includes(next.key))
  const path = join(folder, file ?? '')
  const now = Math.floor(Date.now() / 1000)
  await writeState(path, { key: next.key, at: now - 100, pid: deadPid, lost: false })
  expect(await calls.begin(other)).toMatchObject({ key: next.key, lostAt: now - 100 })
  await writeState(path, { key: next.key, at: now - 90_000, pid: deadPid, lost: false })
  expect((await calls.begin(other)).key).not.toBe(next.key)
})
