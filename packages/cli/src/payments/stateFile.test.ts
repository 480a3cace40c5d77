import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSpendingFile, readPolicy } from './spendingFile.js'
import { withLock, writeState } from './stateFile.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-state-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('what was spent is kept for this user only, and read again', async () => {
  const path = join(folder, 'account/spending.json')
  const once = { day: 3, today: 5n, byAsset: { 7: 5n }, total: 9n }
  await openSpendingFile(path).update(() => once)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await openSpendingFile(path).update((before) => before)).toEqual(once)
})

test('changes at the same time come one after the other', async () => {
  const path = join(folder, 'counted.json')
  const add = () => openSpendingFile(path).update((before) => ({ ...before, total: before.total + 1n }))
  await Promise.all(Array.from({ length: 20 }, add))
  expect((await add()).total).toBe(21n)
})

test('the lock of a process that is gone is taken over', async () => {
  const path = join(folder, 'left')
  // No process has this id: it is above what Linux gives.
  await writeFile(`${path}.lock`, '4194305')
  expect(await withLock(path, async () => 'mine')).toBe('mine')
  await expect(readFile(`${path}.lock`)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a damaged file is not taken for an empty one', async () => {
  const path = join(folder, 'damaged.json')
  await writeFile(path, '{"day":')
  await expect(openSpendingFile(path).update((before) => before)).rejects.toMatchObject({
    code: 'invalid_request',
    field: path,
  })
})

test('a policy comes back as it was written', async () => {
  const path = join(folder, 'policy.json')
  expect(await readPolicy(path)).toBeUndefined()
  const policy = { token: '0x00000000000000000000000000000000000000aa', perDayMax: 5n, assets: [7n] } as const
  await writeState(path, policy)
  expect(await readPolicy(path)).toEqual(policy)
})
