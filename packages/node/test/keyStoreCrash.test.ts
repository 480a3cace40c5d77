import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commitmentOf, openKeys, put, secretsFor, type Work } from './keyStoreChild.js'

/** A process is killed at the first, the second, … system call of a kind, until it makes no further one. */
const repository = fileURLToPath(new URL('../../..', import.meta.url))
const program = fileURLToPath(new URL('./keyStoreChild.ts', import.meta.url))
const pointsMax = 40
/** Every change at every call, and not those alone that differ most. */
const isDeep = process.env.AGORAI_CRASH_POINTS !== undefined

const traceable = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
if (!traceable) console.warn('SKIPPED: crash tests of keys need `strace` (Debian: apt install strace).')

let template: string
let folder: string
let killPoints = 0
beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), 'agorai-key-crash-'))
  const { keys } = await openKeys(template)
  await put(keys, '11', 3)
  await put(keys, '22', 1)
})
afterAll(async () => {
  console.log(`P10: ${killPoints} kill points of the key store`)
  await rm(template, { recursive: true, force: true })
})

/** Runs one change on a copy of the template, with `what` injected into one system call. */
async function run(work: Work, call: string, what: string): Promise<{ said: string; isKilled: boolean }> {
  folder = await mkdtemp(join(tmpdir(), 'agorai-key-crash-'))
  await cp(template, folder, { recursive: true })
  const inject = ['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:${what}`]
  const node = [process.execPath, '--import', 'tsx', '--conditions=@agorai/source', program, folder, work]
  // The tracer counts calls by thread, so all files are written by one; and nothing else is written.
  const env = { PATH: process.env.PATH ?? '', UV_THREADPOOL_SIZE: '1', TSX_DISABLE_CACHE: '1' }
  const { stdout, signal, status } = spawnSync('strace', [...inject, ...node], {
    cwd: repository,
    env,
    encoding: 'utf8',
  })
  return { said: stdout, isKilled: signal === 'SIGKILL' || status === 137 }
}

/** What the change may have left: everything as before, or everything as it is to be; after an acknowledgement, that. */
async function check(work: Work, isDone: boolean): Promise<void> {
  const first = await openKeys(folder)
  const eleven = await first.keys.get(commitmentOf('11'))
  const thirtyThree = await first.keys.get(commitmentOf('33'))
  expect((await first.keys.get(commitmentOf('22')))?.secrets).toEqual(secretsFor(0x22, 1))
  const whole = secretsFor(0x11, 3)
  const left = { 'destroy a part': [whole[0], null, whole[2]], 'destroy all': [null, null, null] }
  const target = work === 'destroy a part' || work === 'destroy all' ? left[work] : whole
  expect([whole, target]).toContainEqual(eleven?.secrets)
  if (isDone) expect(eleven?.secrets).toEqual(target)
  if (work === 'put') expect([undefined, secretsFor(0x33, 2)]).toContainEqual(thirtyThree?.secrets)
  if (work === 'put' && isDone) expect(thirtyThree).toBeDefined()
  if (work === 'rotate' && isDone) {
    const old = await readFile(join(template, 'keys', 'master.json'), 'utf8')
    const [key] = (JSON.parse(old) as { keys: { key: string }[] }).keys
    expect(await readFile(join(folder, 'keys', 'master.json'), 'utf8')).not.toContain(key?.key)
  }
  // Whatever it was, it can be done again, and then it is done.
  const { works } = await import('./keyStoreChild.js')
  await works[work](first)
  const second = await openKeys(folder)
  expect((await second.keys.get(commitmentOf('11')))?.secrets).toEqual(target)
  if (work === 'put') expect((await second.keys.get(commitmentOf('33')))?.secrets).toEqual(secretsFor(0x33, 2))
  await rm(folder, { recursive: true })
}

const everyOther: [Work, string, number][] = [
  ['put', 'pwrite64', 1],
  ['put', 'rename', 1],
  ['destroy a part', 'fsync', 4],
  ['destroy a part', 'rename', 1],
  ['rotate', 'pwrite64', 6],
]

describe.skipIf(!traceable)('a key store whose process is killed', { timeout: 600_000 }, () => {
  test.each<[Work, string, number]>([
    ['put', 'fsync', 3],
    ['destroy a part', 'pwrite64', 2],
    ['destroy all', 'rename', 1],
    ['rotate', 'rename', 4],
    ...(isDeep ? everyOther : []),
  ])('in %s, at every %s, has everything or nothing of it, and all else', async (work, call, points) => {
    let killed = 0
    for (; killed < pointsMax; killed++) {
      const { said, isKilled } = await run(work, call, `signal=KILL:when=${killed + 1}`)
      expect([isKilled, said === 'done']).toContain(true)
      await check(work, said === 'done')
      if (!isKilled) break
    }
    killPoints += killed
    expect(killed).toBeGreaterThanOrEqual(points)
  })

  test.each<[Work, string, string]>([
    ['put', 'pwrite64', 'error=ENOSPC'],
    ['put', 'fsync', 'error=EIO'],
    ['put', 'rename', 'error=EIO'],
    ['destroy all', 'pwrite64', 'error=ENOSPC'],
    ['destroy all', 'fsync', 'error=EIO'],
    ['destroy all', 'rename', 'error=EIO'],
  ])('and a disk that fails in %s, in %s by %s, is told: nothing was acknowledged', async (work, call, what) => {
    const { said } = await run(work, call, `${what}:when=1`)
    expect(said).toBe('storage_full')
    await check(work, false)
  })
})
