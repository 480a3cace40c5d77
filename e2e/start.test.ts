import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AssetList, assetListSchema, devAccounts, passListSchema } from '@agorai/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { parts } from '../scripts/demo.js'

/** `npm start` as people meet it: a child process, its lines, its exit code, and what it leaves behind. */

const root = fileURLToPath(new URL('..', import.meta.url))
const startedMs = 240_000
let folder: string
let port: number
const started: Start[] = []

type Start = {
  child: ChildProcess
  output: () => string
  /** Resolves when the text was printed; rejects when the process ends before. */
  printed(text: string): Promise<void>
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>
}

function start(...args: string[]): Start {
  // The embedded database, whatever the environment of the tests is.
  const env = { ...process.env, DATABASE_URL: '', INIT_CWD: root }
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { cwd: root, env, stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1)),
  )
  const printed = async (text: string) => {
    let status: number | string | undefined
    void ended.then((value) => {
      status = value
    })
    for (const begun = Date.now(); !output.includes(text); await pause(50)) {
      if (status !== undefined) throw new Error(`it ended with ${status} before it printed "${text}":\n${output}`)
      if (Date.now() - begun > startedMs) throw new Error(`it did not print "${text}":\n${output}`)
    }
  }
  const begun = { child, output: () => output, printed, ended }
  started.push(begun)
  return begun
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const serve = (...more: string[]) => start('--port', String(port), '--data-dir', folder, ...more)
const ready = 'Ctrl-C stops everything'

async function get<schema extends z.ZodType>(schema: schema, path: string): Promise<z.output<schema>> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)
  return schema.parse(await response.json())
}
const assets = (): Promise<AssetList> => get(assetListSchema, 'assets')
const passes = async () => (await get(passListSchema, `passes?holder=${devAccounts[parts.buyer]?.address}`)).passes

/** All processes that descend from this one, from /proc. */
async function descendantsOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (stat !== '') parents.set(Number(name), Number(fields[1]))
  }
  const found = [pid]
  for (const ancestor of found) for (const [child, parent] of parents) if (parent === ancestor) found.push(child)
  return found.slice(1)
}

async function livingOf(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      return stat !== '' && !/\) Z /.test(stat)
    }),
  )
  return pids.filter((_, index) => states[index])
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-start-'))
  port = await freePort()
})
afterEach(async () => {
  for (const { child } of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('npm start', () => {
  test('the first run, a second instance, Ctrl-C, the second run', { timeout: 480_000 }, async () => {
    const first = serve()
    await first.printed(ready)
    // Who is entitled, and who received: each amount ends one line of either table.
    for (const amount of ['0.400000', '0.300000', '0.180000', '0.120000', '8.900000', '0.100000', '10.000000'])
      expect(first.output().match(new RegExp(` ${amount.replace('.', '\\.')}$`, 'gm')), amount).toHaveLength(2)
    expect(first.output()).toMatch(/1,?917 of 2,?000/)
    expect(first.output()).toContain(`http://127.0.0.1:${port}`)
    expect((await assets()).assets.map(({ kind }) => kind).sort()).toEqual([
      'dataset',
      'model',
      'model',
      'service',
      'service',
    ])
    const held = await passes()
    expect(held).toHaveLength(1)
    expect((await fetch(`http://127.0.0.1:${port}/`)).headers.get('content-type')).toContain('text/html')

    const samePort = start('--port', String(port), '--data-dir', `${folder}-other`, '--no-demo')
    expect(await samePort.ended).toBe(1)
    expect(samePort.output()).toContain('--port')
    await rm(`${folder}-other`, { recursive: true, force: true })

    const sameFolder = start('--port', String(await freePort()), '--data-dir', folder, '--fresh')
    expect(await sameFolder.ended).toBe(1)
    expect(sameFolder.output()).toContain('Another node is using this data folder')
    expect((await assets()).assets).toHaveLength(5)

    const children = await descendantsOf(first.child.pid ?? 0)
    expect(children.length).toBeGreaterThan(0)
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
    await pause(500)
    expect(await livingOf(children)).toEqual([])

    const second = serve()
    await second.printed(ready)
    expect(second.output()).not.toContain('Who received what')
    expect(await passes()).toEqual(held)
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
  })

  test('a kill -9 leaves no child, and the next start goes on', { timeout: 480_000 }, async () => {
    const killed = serve('--no-demo')
    await killed.printed(ready)
    const before = await assets()
    const children = await descendantsOf(killed.child.pid ?? 0)
    killed.child.kill('SIGKILL')
    expect(await killed.ended).toBe('SIGKILL')
    for (let waited = 0; waited < 40 && (await livingOf(children)).length > 0; waited++) await pause(100)
    expect(await livingOf(children)).toEqual([])

    const again = serve('--no-demo')
    await again.printed(ready)
    expect(await assets()).toEqual(before)
    again.child.kill('SIGINT')
    expect(await again.ended).toBe(0)
  })

  test('a demonstration that was killed half-way is completed once', { timeout: 480_000 }, async () => {
    const own = ['--port', String(port), '--data-dir', `${folder}-half`]
    try {
      for (const step of ['✓ dataset', '✓ model', '✓ service', '✓ purchase']) {
        const killed = start(...own)
        await killed.printed(step)
        killed.child.kill('SIGKILL')
        await killed.ended
      }
      const completed = start(...own)
      await completed.printed(ready)
      expect(completed.output()).toContain('Who received what')
      expect((await assets()).assets).toHaveLength(5)
      expect(await passes()).toHaveLength(1)
      completed.child.kill('SIGINT')
      expect(await completed.ended).toBe(0)

      const fresh = start(...own, '--fresh', '--no-demo')
      await fresh.printed(ready)
      expect((await assets()).assets).toEqual([])
      fresh.child.kill('SIGINT')
      expect(await fresh.ended).toBe(0)
    } finally {
      await rm(`${folder}-half`, { recursive: true, force: true })
    }
  })
})

describe('npm start refuses', () => {
  test.each([
    [['--help'], 0, '--data-dir'],
    [['--porf', '1'], 1, '--porf'],
    [['--port', '70000'], 1, 'not a port'],
    [['--data-dir'], 1, 'needs a folder'],
    [['--data-dir', '/sys/agorai'], 1, 'cannot be written'],
  ])('%j', async (args, status, said) => {
    const refused = start(...args)
    expect(await refused.ended).toBe(status)
    expect(refused.output()).toContain(said)
  })

  test('to use or delete a folder that is not of agorai', async () => {
    const other = await mkdtemp(join(tmpdir(), 'agorai-other-'))
    await writeFile(join(other, 'thesis.txt'), 'years of work')
    for (const args of [[], ['--fresh']]) {
      const refused = start('--data-dir', other, ...args)
      expect(await refused.ended).toBe(1)
      expect(refused.output()).toContain('not of agorai')
    }
    expect(await readdir(other)).toEqual(['thesis.txt'])
    await rm(other, { recursive: true })
  })
})
