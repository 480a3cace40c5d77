import { randomBytes } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../packages/node/src/adapters/database/testDatabases.js'
import { startS3 } from '../packages/node/src/adapters/storage/testStores.js'
import { type Program, spawnProgram, startProgram } from '../packages/node/test/program.js'
import {
  buy,
  buyer,
  confirmed,
  deliveryBody,
  grantOf,
  newFolder,
  nodeInfo,
  postDelivery,
  problemOf,
  publish,
  removeFolder,
  sealAsset,
  startTestNode,
  type TestNode,
  uploadAll,
  uploadContent,
  uploadKey,
  uploadManifest,
} from '../packages/node/test/support.js'

const engine = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')
const server = engine?.url

/**
 * A service as an operator runs it: two gateways, two indexers of which one stands by, and a worker, each a process of its
 * own, over one PostgreSQL, one bucket and one chain that none of them runs.
 */
const roles = ['gateway', 'gateway', 'indexer', 'indexer', 'worker'] as const

let folder: string
let host: TestNode
let database: string
let admin: pg.Client
let s3: Awaited<ReturnType<typeof startS3>>
const programs: Program[] = []

const databaseUrl = (name: string): string => {
  const url = new URL(server ?? '')
  url.pathname = `/${name}`
  return url.href
}

const settingsOf = (name: string, role: string): Record<string, string> => ({
  AGORAI_ROLES: role,
  AGORAI_DATA_DIR: join(folder, name),
  AGORAI_STORAGE: `s3://${s3.bucket}/operator`,
  AGORAI_S3_ENDPOINT: s3.settings.endpoint,
  AGORAI_S3_REGION: s3.settings.region,
  AWS_ACCESS_KEY_ID: s3.settings.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.settings.credentials.secretAccessKey,
  AGORAI_OPERATOR_KEYS: join(folder, 'keys', 'operator.json'),
  AGORAI_MASTER_KEYS: join(folder, 'keys', 'master.json'),
  AGORAI_JOURNAL: 'postgres',
  AGORAI_RPC_URL: host.rpcUrl,
  AGORAI_CONFIRMATIONS: '0',
  AGORAI_METRICS: '127.0.0.1:0',
  DATABASE_URL: databaseUrl(database),
})

const gateway = (at: number): TestNode => {
  const { url } = programs[at] as Program
  return { ...host, url, info: infos[at] } as TestNode
}
const infos: TestNode['info'][] = []

beforeAll(async () => {
  if (server === undefined) return
  folder = await newFolder()
  s3 = await startS3()
  database = `agorai_test_${randomBytes(6).toString('hex')}`
  admin = new pg.Client({ connectionString: server })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database}`)
  host = await startTestNode({ dataFolder: join(folder, 'chain') })
  for (const [n, role] of roles.entries()) {
    const program = await startProgram(settingsOf(`${role}-${n}`, role))
    programs.push(program)
    if (role === 'gateway') infos.push(await nodeInfo(program.url))
  }
}, 240_000)

afterAll(async () => {
  for (const { child, exited } of programs) {
    child.kill('SIGKILL')
    await exited
  }
  await host?.stop()
  await admin?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await admin?.end()
  await s3?.close()
  if (folder !== undefined) await removeFolder(folder)
})

/** Tries, for as long as the other tests take, to start a second gateway of one name. */
let twin: Promise<string>
async function startTwin(): Promise<string> {
  const settings = settingsOf('twin', 'gateway')
  await cp(join(folder, 'gateway-1', 'charges'), join(folder, 'twin', 'charges'), { recursive: true })
  return startProgram(settings).then(({ child }) => {
    child.kill('SIGKILL')
    return 'it started'
  }, String)
}

/** A command of `agorai-node` in a process of its own, which succeeds. @returns What it said. */
async function expectDone(settings: Record<string, string>, ...args: string[]): Promise<string> {
  const child = spawnProgram('agoraiNode', [...args, '--json'], settings)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      said += String(text)
    })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' })
  return said
}

const metric = async (program: Program, name: string): Promise<number> => {
  const text = await (await fetch(`${program.metricsUrl}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])
}

describe.skipIf(server === undefined)('roles in separate processes', { timeout: 240_000 }, () => {
  test('every process is ready; the gateways are one operator, one indexer leads', async () => {
    expect(infos[0]?.operator).toEqual(infos[1]?.operator)
    for (const { metricsUrl } of programs) {
      const ready = async () => (await fetch(`${metricsUrl}/readyz`)).status
      await expect.poll(ready, { timeout: 60_000 }).toBe(200)
    }
    const leaders = await Promise.all(programs.map((program) => metric(program, 'agorai_index_leader')))
    expect(leaders.filter((leads) => leads === 1)).toHaveLength(1)
    expect(programs[3]?.text()).toContain('this one stands by')
    const bytes = await Promise.all(programs.map((program) => metric(program, 'process_resident_memory_bytes')))
    twin = startTwin()
    console.log(`memory: ${roles.map((role, n) => `${role} ${Math.round((bytes[n] ?? 0) / 2 ** 20)} MiB`).join(', ')}`)
  })

  test('what one gateway takes, the other gives: content, manifest, key, grant, and its nonce', async () => {
    const asset = await sealAsset(new Uint8Array(70_000))
    expect((await uploadContent(gateway(0), asset)).status).toBe(200)
    expect((await uploadManifest(gateway(1), asset)).status).toBe(200)
    expect((await uploadKey(gateway(0), asset)).status).toBe(200)
    const sold = await publish(gateway(0), asset)
    await confirmed(gateway(1), await buy(gateway(0), sold))

    const body = await deliveryBody(gateway(0), sold)
    const first = await grantOf(await postDelivery(gateway(0), body))
    const second = await grantOf(await postDelivery(gateway(1), body))
    expect(second.receiptSignature).toBe(first.receiptSignature)

    const { request } = JSON.parse(body) as { request: { nonce: `0x${string}` } }
    const other = await deliveryBody(gateway(1), { ...sold, signed: { nonce: request.nonce } })
    expect(await problemOf(await postDelivery(gateway(1), other))).toMatchObject({ code: 'nonce_used' })
    await expect
      .poll(async () => (await (await fetch(`${gateway(1).url}/api/v1/assets?limit=10`)).json()).assets.length, {
        timeout: 30_000,
      })
      .toBe(1)
  })

  test('of one nonce that both gateways are asked for at once, one request is granted, by both', async () => {
    const asset = await sealAsset(randomBytes(2_000))
    await uploadAll(gateway(0), asset)
    const sold = await publish(gateway(0), asset)
    await confirmed(gateway(1), await buy(gateway(0), sold))
    let refused = 0
    for (let round = 0; round < 20; round++) {
      const nonce = `0x${randomBytes(32).toString('hex')}` as const
      const bodies = await Promise.all([0, 1].map((at) => deliveryBody(gateway(at), { ...sold, signed: { nonce } })))
      const answers = await Promise.all(bodies.map((body, at) => postDelivery(gateway(at), body)))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted()).toEqual([200, 409])
      refused += statuses.filter((status) => status === 409).length
      await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    }
    expect(refused).toBe(20)
  })

  test('a gateway that is killed loses nothing it acknowledged; the other serves on', async () => {
    const asset = await sealAsset(randomBytes(300_000))
    await uploadAll(gateway(1), asset)
    const sold = await publish(gateway(1), asset)
    await confirmed(gateway(0), await buy(gateway(1), sold))
    const cpuBefore = await metric(programs[1] as Program, 'process_cpu_seconds_total')
    const acknowledged: { body: string; receipt: string }[] = []
    let failed = 0
    let served = 0
    let killed = false
    const ask = async (at: 0 | 1) => {
      const body = await deliveryBody(gateway(1), { ...sold, account: buyer })
      try {
        const grant = await grantOf(await postDelivery(gateway(at), body))
        acknowledged.push({ body, receipt: grant.receiptSignature })
        if (killed && at === 1) served += 1
      } catch (error) {
        if (at === 1 || !killed) throw error
        failed += 1
      }
    }
    const asking = [0, 0, 0, 1, 1].map(async (at) => {
      for (let i = 0; i < 30; i++) await ask(at as 0 | 1)
    })
    await expect.poll(() => acknowledged.length, { timeout: 120_000 }).toBeGreaterThan(40)
    killed = true
    programs[0]?.child.kill('SIGKILL')
    await Promise.all(asking)
    expect(failed).toBeGreaterThan(0)
    expect(served).toBeGreaterThan(0)
    // Each that was answered is there for good: asked again at the other gateway it is the very same grant.
    for (const { body, receipt } of acknowledged)
      expect((await grantOf(await postDelivery(gateway(1), body))).receiptSignature).toBe(receipt)
    const content = await fetch(`${gateway(1).url}/api/v1/content/${asset.cid}`)
    expect((await content.arrayBuffer()).byteLength).toBe(asset.ciphertext.length)
    const cpu = (await metric(programs[1] as Program, 'process_cpu_seconds_total')) - cpuBefore
    const share = Math.round((cpu / (served + acknowledged.length)) * 1_000)
    console.log(
      `${acknowledged.length} deliveries acknowledged, ${failed} cut off by the kill, 0 lost; ` +
        `about ${share} ms of CPU a delivery`,
    )
  })

  test('an indexer that is killed is replaced by the one that stands by', async () => {
    programs[2]?.child.kill('SIGKILL')
    await expect.poll(() => metric(programs[3] as Program, 'agorai_index_leader'), { timeout: 60_000 }).toBe(1)
    const asset = await sealAsset(randomBytes(1_000))
    await uploadAll(gateway(1), asset)
    await publish(gateway(1), asset)
    const names = async () =>
      ((await (await fetch(`${gateway(1).url}/api/v1/assets?limit=100`)).json()) as { assets: object[] }).assets.length
    await expect.poll(names, { timeout: 30_000 }).toBe(4)
  })

  test('a gateway whose folder is a copy of another’s does not start: it would give back what the other sells', async () => {
    expect(await twin).toMatch(/config_invalid.*charges\/gateway/s)
  })

  // Each command is a program of its own, and so is the node that serves what was restored.
  const drill = async (): Promise<void> => {
    const asset = await sealAsset(randomBytes(60_000))
    await uploadAll(gateway(1), asset)
    const sold = await publish(gateway(1), asset)
    await confirmed(gateway(1), await buy(gateway(1), sold))
    await grantOf(await postDelivery(gateway(1), await deliveryBody(gateway(1), sold)))

    const own = settingsOf('gateway-1', 'gateway')
    const [data, keys] = [join(folder, 'copies', 'data'), join(folder, 'copies', 'keys')]
    await expectDone(own, 'backup', data)
    await expectDone(own, 'backup-keys', keys)
    const elsewhere = {
      ...settingsOf('elsewhere', 'gateway,indexer'),
      AGORAI_STORAGE: `s3://${s3.bucket}/elsewhere`,
      DATABASE_URL: databaseUrl(`${database}_elsewhere`),
    }
    await admin.query(`CREATE DATABASE ${database}_elsewhere`)
    await expectDone(elsewhere, 'restore', data)
    await expectDone(elsewhere, 'restore-keys', keys)
    expect(await expectDone(elsewhere, 'fsck', '--deep')).toContain('"problems":0')
    expect(await expectDone(elsewhere, 'gc', '--delete')).not.toContain('"cid"')
    const program = await startProgram(elsewhere)
    programs.push(program)
    const restored = { ...host, url: program.url, info: await nodeInfo(program.url) } as TestNode
    await grantOf(await postDelivery(restored, await deliveryBody(restored, sold)))
    const content = await fetch(`${restored.url}/api/v1/content/${asset.cid}`)
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(asset.ciphertext)
    // Gone before the server is asked to remove its database.
    program.child.kill('SIGKILL')
    await program.exited
    await admin.query(`DROP DATABASE ${database}_elsewhere WITH (FORCE)`)
  }
  if (process.env.AGORAI_DEEP === '1') test('a backup brings all of it back, elsewhere', drill)

  test('an operator with other keys cannot use this journal', async () => {
    const settings = {
      ...settingsOf('stranger', 'gateway'),
      AGORAI_OPERATOR_KEYS: join(folder, 'chain', 'keys', 'operator.json'),
    }
    await expect(startProgram(settings)).rejects.toThrow(/config_invalid.*AGORAI_OPERATOR_KEYS/s)
  })
})
