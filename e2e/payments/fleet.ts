import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { testEngines } from '../../packages/node/src/adapters/database/testDatabases.js'
import { type Program, startProgram } from '../../packages/node/test/program.js'
import { newFolder, nodeAt, removeFolder, type TestNode } from '../../packages/node/test/support.js'

/** Several gateways of one operator, each a process of its own, over one PostgreSQL, one content store and one chain. */

export const postgresUrl = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')?.url

/** A database of its own. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  if (postgresUrl === undefined) throw new Error('There is no PostgreSQL.')
  const database = `agorai_test_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: postgresUrl })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${database}`
  return {
    url: url.href,
    async drop() {
      await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      await admin.end()
    },
  }
}

export type Fleet = {
  folder: string
  /** Where each gateway answers, also after it was started again. */
  urls: readonly string[]
  gateway(at: number): TestNode
  program(at: number): Program
  /** As `kill -9`, and then it is started again with what it left. */
  restart(at: number): Promise<void>
  settings(name: string, role: string): Record<string, string>
  stop(): Promise<void>
}

export type StartFleetOptions = {
  /** Of each process. The first one's also indexes. */
  roles: readonly string[]
  rpcUrl: string
  storageFolder: string
  more: Record<string, string>
}

export async function startFleet({ roles, rpcUrl, storageFolder, more }: StartFleetOptions): Promise<Fleet> {
  const folder = await newFolder()
  const database = await createDatabase()
  const settings = (name: string, role: string): Record<string, string> => ({
    AGORAI_ROLES: role,
    AGORAI_DATA_DIR: join(folder, name),
    AGORAI_STORAGE_DIR: storageFolder,
    AGORAI_OPERATOR_KEYS: join(folder, 'keys', 'operator.json'),
    AGORAI_MASTER_KEYS: join(folder, 'keys', 'master.json'),
    AGORAI_JOURNAL: 'postgres',
    AGORAI_RPC_URL: rpcUrl,
    AGORAI_CONFIRMATIONS: '0',
    AGORAI_METRICS: '127.0.0.1:0',
    AGORAI_CLIENT_REQUESTS_PER_SECOND: '0',
    DATABASE_URL: database.url,
    ...more,
  })
  const programs: Program[] = []
  const nodes: TestNode[] = []
  const start = async (at: number, port: string) => {
    const program = await startProgram({ ...settings(`gateway-${at}`, roles[at] ?? 'gateway'), AGORAI_PORT: port })
    programs[at] = program
    nodes[at] = { ...(await nodeAt(program.url, folder)), rpcUrl }
  }
  try {
    // The first makes the keys, the others find them.
    await start(0, '0')
    await Promise.all(roles.slice(1).map((_, place) => start(place + 1, '0')))
  } catch (error) {
    await end()
    throw error
  }
  async function end(): Promise<void> {
    for (const { child, exited } of programs.filter((program) => program !== undefined)) {
      child.kill('SIGKILL')
      await exited
    }
    await database.drop()
    await removeFolder(folder)
  }
  const urls = programs.map(({ url: own }) => own)
  return {
    folder,
    urls,
    settings,
    gateway: (at) => nodes[at] as TestNode,
    program: (at) => programs[at] as Program,
    async restart(at) {
      const { child, exited } = programs[at] as Program
      child.kill('SIGKILL')
      await exited
      await start(at, new URL(urls[at] ?? '').port)
    },
    stop: end,
  }
}
