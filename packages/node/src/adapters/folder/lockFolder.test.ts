import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockFolder } from './lockFolder.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('lockFolder', () => {
  test('creates the folder, refuses a second owner, and can be taken again after release', async () => {
    const nested = join(folder, 'a', 'b')
    const lock = await lockFolder(nested)
    await expect(lockFolder(nested)).rejects.toMatchObject({ code: 'folder_locked', details: { pid: process.pid } })
    await lock.release()
    await (await lockFolder(nested)).release()
    expect(await readdir(nested)).toEqual([])
  })

  test('takes over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    const started = `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
    await writeFile(join(folder, 'node.lock'), JSON.stringify({ pid: child.pid, started }))
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'folder_locked' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    await (await lockFolder(folder)).release()
  })

  test('is not fooled by a new process with the old number, nor by a damaged lock', async () => {
    await writeFile(join(folder, 'node.lock'), JSON.stringify({ pid: process.pid, started: 'another life' }))
    await (await lockFolder(folder)).release()
    await writeFile(join(folder, 'node.lock'), '{"pid":')
    await (await lockFolder(folder)).release()
  })

  test('of many that start at once over a stale lock exactly one wins', async () => {
    await writeFile(join(folder, 'node.lock'), JSON.stringify({ pid: 2 ** 22 - 1, started: 'gone' }))
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('names a folder that cannot be written', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(lockFolder(join(folder, 'file', 'data'))).rejects.toMatchObject({ code: 'folder_read_only' })
  })

  // Nobody may create folders in /sys, not even root, who may write to any folder of a disk.
  test.skipIf(process.platform !== 'linux')('names a place where nobody may write', async () => {
    await expect(lockFolder('/sys/agorai')).rejects.toMatchObject({ code: 'folder_read_only' })
  })
})
