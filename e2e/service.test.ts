import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../packages/node/src/adapters/database/testDatabases.js'
import { programOf } from '../packages/node/test/program.js'
import { newFolder, nodeInfo, removeFolder, startTestNode, type TestNode } from '../packages/node/test/support.js'

const server = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')?.url
const repository = fileURLToPath(new URL('..', import.meta.url))
const port = 20_000 + (process.pid % 20_000)

let folder: string
let host: TestNode
let admin: pg.Client
let service: ChildProcess
let said = ''
const database = `agorai_service_${randomBytes(6).toString('hex')}`

beforeAll(async () => {
  if (server === undefined) return
  folder = await newFolder()
  admin = new pg.Client({ connectionString: server })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database}`)
  host = await startTestNode({ dataFolder: join(folder, 'chain') })
}, 120_000)
afterAll(async () => {
  service?.kill('SIGKILL')
  await host?.stop()
  await admin?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await admin?.end()
  if (folder !== undefined) await removeFolder(folder)
})

describe.skipIf(server === undefined)('examples/service/run.sh', { timeout: 240_000 }, () => {
  test('starts every role, is ready, and stops all of them together', async () => {
    const url = new URL(server ?? '')
    url.pathname = `/${database}`
    service = spawn(join(repository, 'examples/service/run.sh'), {
      cwd: repository,
      env: {
        PATH: process.env.PATH ?? '',
        DATABASE_URL: url.href,
        AGORAI_RPC_URL: host.rpcUrl,
        AGORAI_CONFIRMATIONS: '0',
        AGORAI_DRAIN_SECONDS: '5',
        FOLDER: folder,
        PORT: String(port),
        PROGRAM: [process.execPath, ...programOf('agoraiNode')].join(' '),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [service.stdout, service.stderr])
      stream?.on('data', (data) => {
        said += data
      })
    const exited = new Promise<number | null>((resolve) => service.once('exit', resolve))
    const readyOf = (at: number) =>
      fetch(`http://127.0.0.1:${port + 100 + at}/readyz`).then(
        ({ status }) => status,
        () => 0,
      )
    for (const at of [0, 1, 2, 3]) await expect.poll(() => readyOf(at), { timeout: 120_000, message: said }).toBe(200)
    const [first, second] = await Promise.all([0, 1].map((at) => nodeInfo(`http://127.0.0.1:${port + at}`)))
    expect(first?.operator).toEqual(second?.operator)
    service.kill('SIGTERM')
    expect(await exited).toBe(0)
    expect(said.match(/"event":"stopped"/g)).toHaveLength(4)
    expect(await readyOf(0)).toBe(0)
  })
})
