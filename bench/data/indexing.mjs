// Events of one recorded chain into a database: Agorai's index and ponder's, from the same server, one after the other.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createBatchingClient } from '../../packages/node/dist/adapters/chain/batchingClient.js'
import { createRawLogReader } from '../../packages/node/dist/adapters/chain/readRawLogs.js'
import { openPglite } from '../../packages/node/dist/adapters/database/pglite.js'
import { openPostgres } from '../../packages/node/dist/adapters/database/postgres.js'
import { createIndexer } from '../../packages/node/dist/indexer/createIndexer.js'
import { peersFolder } from './peers.mjs'
import { contracts, events } from './recordedChain.mjs'

const eventsPerBlock = 200
const readyTimeoutMs = 180_000
const pollMs = 50

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A chain with so many events, in a process of its own. */
async function startRecordedChain(blocks) {
  const script = fileURLToPath(new URL('recordedChain.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, `${blocks}`, `${eventsPerBlock}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`the recorded chain ended with ${status}`)))
    child.stdout.once('data', (text) => resolve(JSON.parse(text).port))
  })
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() }
}

/** Where a PostgreSQL is: the one that is named, or one of the usual ones. */
async function findPostgres() {
  const named = process.env.DATABASE_URL
  const urls = named ? [named] : ['postgres://postgres@127.0.0.1:5432/postgres', 'postgres://root@127.0.0.1:5432/test']
  for (const url of urls) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    const answers = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    if (answers) return url
  }
  return undefined
}

async function indexHere(url, database, expected) {
  // As a node reads a chain.
  const readers = { client: createBatchingClient({ rpcUrl: url }), readLogs: createRawLogReader(url) }
  const parameters = { database, ...readers, addresses: contracts, manifests: { get: async () => undefined } }
  const indexer = await createIndexer(parameters)
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await indexer.sync()
  const [seconds, { user, system }] = [(performance.now() - began) / 1e3, process.cpuUsage(cpu)]
  const [{ count }] = await database.query('SELECT count(*) AS count FROM events')
  if (Number(count) !== expected) throw new Error(`${count} events of ${expected} were indexed`)
  return { perSecond: expected / seconds, perCpuSecond: expected / ((user + system) / 1e6) }
}

const tables = Object.entries(events).map(([name, { contract, abi }]) => ({
  name,
  contract,
  table: name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
  item: abi.find((entry) => entry.type === 'event' && entry.name === name),
}))

/** A project that keeps the same arguments of the same events. */
function writePonder(folder, url, database, blocks) {
  const column = ({ name, type }) => {
    const kind = type === 'address' ? 'hex' : /^uint(8|16|32|40)$/.test(type) ? 'bigint' : 'bigint'
    return `${name}: t.${kind}().notNull()`
  }
  const value = ({ name, type }) =>
    type === 'address' ? `${name}: event.args.${name}` : `${name}: BigInt(event.args.${name})`
  const contractsOf = Object.keys(contracts).filter((name) => tables.some(({ contract }) => contract === name))
  const files = {
    'package.json': '{"name":"recorded","private":true,"type":"module"}',
    'tsconfig.json':
      '{"compilerOptions":{"target":"ES2022","module":"ESNext","moduleResolution":"bundler","strict":true},"include":["./**/*.ts"]}',
    'ponder.config.ts': `import { createConfig } from 'ponder'
import { http } from 'viem'
export default createConfig({
  database: ${database === undefined ? "{ kind: 'pglite' }" : `{ kind: 'postgres', connectionString: '${database}' }`},
  networks: { recorded: { chainId: 31337, transport: http('${url}'), maxRequestsPerSecond: 10000 } },
  contracts: {
    ${contractsOf.map(
      (name) =>
        `${name}: { abi: ${JSON.stringify(tables.filter(({ contract }) => contract === name).map(({ item }) => item))} as const, network: 'recorded', address: '${contracts[name]}', startBlock: 1, endBlock: ${blocks} }`,
    )}
  },
})
`,
    'ponder.schema.ts': `import { onchainTable } from 'ponder'
${tables
  .map(
    ({ table, item }) =>
      `export const ${table} = onchainTable('${table}', (t) => ({ id: t.text().primaryKey(), block: t.bigint().notNull(), transaction: t.hex().notNull(), ${item.inputs.map(column)} }))`,
  )
  .join('\n')}
`,
    'src/index.ts': `import { ponder } from 'ponder:registry'
import * as schema from 'ponder:schema'
${tables
  .map(
    ({ name, contract, table, item }) =>
      `ponder.on('${contract}:${name}', async ({ event, context }) => {
  await context.db.insert(schema.${table}).values({ id: event.id, block: event.block.number, transaction: event.transaction.hash, ${item.inputs.map(value)} })
})`,
  )
  .join('\n')}
`,
    'src/api/index.ts': "import { Hono } from 'hono'\nexport default new Hono()\n",
  }
  mkdirSync(join(folder, 'src/api'), { recursive: true })
  symlinkSync(join(peersFolder, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
}

/** Seconds of CPU that a process has used. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Its rate without its start: from when its tables are there until it says that history is indexed. */
async function indexWithPonder(folder, url, database, blocks, expected) {
  writePonder(folder, url, database, blocks)
  const args = [join(peersFolder, 'node_modules/ponder/dist/esm/bin/ponder.js'), 'start', '--schema', 'recorded_peer']
  const env = { ...process.env, PONDER_TELEMETRY_DISABLED: '1', CI: '1' }
  const child = spawn(process.execPath, [...args, '-p', '0', '--log-format', 'json'], { cwd: folder, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  const timeOf = (pattern) => {
    const line = output.split('\n').findLast((one) => pattern.test(one))
    const at = line && /"time":(\d+)/.exec(line)?.[1]
    return at === undefined ? undefined : Number(at)
  }
  try {
    const ended = /Completed historical indexing/
    for (const start = Date.now(); timeOf(ended) === undefined; await pause(pollMs))
      if (child.exitCode !== null || Date.now() - start > readyTimeoutMs)
        throw new Error(`ponder did not finish: ${output.slice(-1_500)}`)
    const began = timeOf(/\[ponder_sync migration\] finished/) ?? Number(/"time":(\d+)/.exec(output)[1])
    const seconds = (timeOf(ended) - began) / 1e3
    if (!(seconds > 0)) throw new Error(`ponder did not say when it began: ${output.slice(0, 1_500)}`)
    return { perSecond: expected / seconds, cpuSeconds: cpuOf(child.pid) }
  } finally {
    child.kill('SIGKILL')
  }
}

/** Events a second into both databases. Without a PostgreSQL its goal is not met. */
export async function measureIndexing({ eventsMax = 100_000, say = () => {} } = {}) {
  const blocks = eventsMax / eventsPerBlock
  const chain = await startRecordedChain(blocks)
  const folder = mkdtempSync(join(tmpdir(), 'agorai-bench-index-'))
  const postgres = await findPostgres()
  if (postgres === undefined) say('No PostgreSQL answers: its figures are not measured. Name one with DATABASE_URL.')
  const figures = []
  try {
    for (const [name, url, goal] of [
      ['Postgres', postgres, 40_000],
      ['PGlite', undefined, 20_000],
    ]) {
      if (name === 'Postgres' && url === undefined) {
        figures.push({ id: `index events into ${name}`, value: 0, unit: 'events per second', goal, goalIs: 'least' })
        continue
      }
      const schema = `agorai_bench_${process.pid}`
      const database = url
        ? await openPostgres({ url, schema })
        : await openPglite({ folder: join(folder, 'own'), schema })
      const own = await indexHere(chain.url, database, eventsMax)
      if (url) await database.query(`DROP SCHEMA "${schema}" CASCADE`)
      await database.close()
      const peer = await indexWithPonder(join(folder, `ponder-${name}`), chain.url, url, blocks, eventsMax)
      if (url) await dropPonder(url)
      figures.push({
        id: `index events into ${name}`,
        value: own.perSecond,
        unit: 'events per second',
        peer: 'ponder 1.0.0, without its start',
        peerValue: peer.perSecond,
        goal,
        goalIs: 'least',
      })
      figures.push({
        id: `index events into ${name}, by its own CPU`,
        value: own.perCpuSecond,
        unit: 'events per CPU-second',
        peer: 'ponder 1.0.0, with its start',
        peerValue: eventsMax / peer.cpuSeconds,
        goalIs: 'least',
      })
      figures.push({
        id: `rebuild of an index of 1,000,000 events in ${name}`,
        value: 1e6 / own.perSecond,
        unit: 'seconds',
      })
    }
  } finally {
    chain.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}

async function dropPonder(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const schema of ['recorded_peer', 'ponder_sync']) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await client.end()
}
