/// <reference path="../packages/sdk/src/ingest/sources/s3rver.d.ts" />
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { importer } from 'ipfs-unixfs-importer'
import S3rver from 's3rver'
import { createTestClient, http } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, startCommandLine } from './commandLine.js'

/** Contents from where they are into a node, by the command line; and uploads that are cut short and go on. */

const repository = fileURLToPath(new URL('..', import.meta.url))
const table = `name,price\n${Array.from({ length: 500 }, (_, row) => `grain ${row},${row * 7}\n`).join('')}`
let line: CommandLine
let state: string

beforeAll(async () => {
  line = await startCommandLine('here')
  state = line.at('state')
  await line.write('about.json', {
    ...{ kind: 'dataset', name: 'Grain', description: 'Prices of grain.', tags: [], metrics: [] },
    licence: { spdx: 'CC-BY-4.0', source: 'https://example.org', attribution: 'The harbour' },
    provenance: { description: 'Counted by hand.', builtFrom: [] },
    terms: { royaltyBps: 0, serveBps: 0, derivatives: true, consent: false, commercial: true },
    contributors: { bps: 0, leaves: [] },
  })
})
afterAll(() => line?.stop())

const common = ['--about', 'about.json', '--price', '0', '--usage', 'train', '--account', 'dev:1', '--json']
async function publish(reference: string, more: string[] = [], environment: Record<string, string> = {}) {
  const node = { AGORAI_NODE: line.market.node.url, XDG_STATE_HOME: state }
  const { exit, stdout } = await line.run(['publish', reference, ...common, ...more], { ...node, ...environment })
  expect({ exit, stdout: exit === 0 ? '' : stdout }).toEqual({ exit: 0, stdout: '' })
  return JSON.parse(stdout)
}
/** Buys it for nothing, downloads and verifies it, and gives the file. */
async function receive({ asset, offers }: { asset: string; offers: string[] }): Promise<Buffer> {
  // The index follows the chain a moment later.
  for (let attempt = 0; attempt < 500; attempt++) {
    if ((await line.agorai('show', String(asset))).exit === 0) break
    await new Promise((resume) => setTimeout(resume, 50))
  }
  await line.json('buy', String(asset), '--offer', String(offers[0]), '--account', 'dev:6')
  const folder = `delivery-${asset}`
  await line.json('download', String(asset), '--output', folder, '--account', 'dev:6')
  const verified = await line.json('verify', folder)
  expect(verified).toBeDefined()
  const [name = ''] = (await readdir(line.at(folder))).filter((each) => /\.(csv|jsonl|tar|bin)$/.test(each))
  return readFile(join(line.at(folder), name))
}

describe('a content is published from', () => {
  test('a file, whose format is found in it', async () => {
    await line.write('grain.csv', table)
    const published = await publish('grain.csv')
    expect(published.manifest.content.plaintext).toMatchObject({ rowFormat: 'csv', rows: 500, fileName: 'grain.csv' })
    expect((await receive(published)).toString()).toBe(table)
  })

  test('a folder, and what was left out of it is said', async () => {
    await mkdir(line.at('papers'))
    await line.write('papers/a.txt', 'first')
    await line.write('papers/.hidden', 'secret')
    const published = await publish('papers')
    expect(published.manifest.content.plaintext).toMatchObject({ rowFormat: 'tar', rows: 1 })
    expect(published.leftOut).toEqual([{ path: '.hidden', reason: 'hidden' }])
  })

  test('a bucket', async () => {
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
    const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: line.at('s3') })
    const endpoint = `http://127.0.0.1:${(await server.run()).port}`
    const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials })
    await client.send(new CreateBucketCommand({ Bucket: 'data' }))
    await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'in/grain.csv', Body: table }))
    const published = await publish('s3://data/in/grain.csv', [], {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    })
    expect((await receive(published)).toString()).toBe(table)
    await server.close()
  })

  test('IPFS, through a gateway that is not believed', async () => {
    const blocks = new Map<string, Uint8Array>()
    const store = { put: async (cid: unknown, bytes: unknown) => void blocks.set(String(cid), bytes as Uint8Array) }
    let root = ''
    for await (const { cid } of importer(
      [{ path: 'grain.csv', content: Buffer.from(table) }],
      store as unknown as Parameters<typeof importer>[1],
      { wrapWithDirectory: true },
    ))
      root = String(cid)
    let lies = false
    const gateway = createServer((request, response) => {
      const block = blocks.get(/^\/ipfs\/(\w+)/.exec(request.url ?? '')?.[1] ?? '')
      response.end(lies ? Buffer.from('other') : block)
    }).listen(0, '127.0.0.1')
    await once(gateway, 'listening')
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
    const published = await publish(`ipfs://${root}/grain.csv`, ['--ipfs-gateway', url])
    expect((await receive(published)).toString()).toBe(table)
    lies = true
    const args = ['publish', `ipfs://${root}/grain.csv`, '--ipfs-gateway', url, ...common]
    const { stdout } = await line.run(args, { AGORAI_NODE: line.market.node.url })
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'integrity_failed' })
    gateway.close()
  })

  test('the history of a chain, with what proves its range', async () => {
    const { rpcUrl, info } = line.market.node
    const { testUsd = '' } = info.chain.addresses
    await line.market.mint(line.market.byron, 7n)
    await createTestClient({ mode: 'anvil', chain: foundry, transport: http(rpcUrl) }).mine({ blocks: 100 })
    const published = await publish('chain:eip155:31337', ['--contract', testUsd, '--rpc', rpcUrl])
    const { history } = published.manifest.provenance
    expect(history).toMatchObject({ chain: 'eip155:31337', contracts: [testUsd.toLowerCase()], headers: 'hashed' })
    const rows = (await receive(published)).toString().trim().split('\n')
    expect(rows.length).toBe(published.manifest.content.plaintext.rows)
    expect(JSON.parse(rows.at(-1) ?? '').args.value).toBe('7')
  })

  test.each([
    ['http://example.org/a.csv', [], 'unsafe_url'],
    ['https://127.0.0.1/a.csv', [], 'unsafe_url'],
    ['http://127.0.0.1/a.csv', ['--insecure'], 'unsafe_url'],
    ['https://user@example.org/a.csv', [], 'unsafe_url'],
    ['s3://data', [], 'invalid_request'],
    ['chain:eip155:31337', [], 'invalid_request'],
    ['nothing.csv', [], 'invalid_request'],
  ])('%s %s no', async (reference, more, code) => {
    const args = ['publish', reference, ...common, ...more]
    const { stdout } = await line.run(args, { AGORAI_NODE: line.market.node.url })
    expect(JSON.parse(stdout).error).toMatchObject({ code })
  })
})

describe('an upload that is cut short', { timeout: 300_000 }, () => {
  const bytes = 12 * 1024 * 1024
  const children: ChildProcess[] = []
  let proxy: Server | undefined
  let passed = 0
  let most = Number.POSITIVE_INFINITY
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    proxy?.close()
  })

  /** Stands between the publisher and the node, counts what is sent, stops at `most`, and may cut a connection. */
  async function startProxy(shouldCut: () => boolean = () => false): Promise<string> {
    const { hostname, port } = new URL(line.market.node.url)
    passed = 0
    most = Number.POSITIVE_INFINITY
    proxy = createTcpServer((client) => {
      const server = connect(Number(port), hostname)
      client.on('data', (data) => {
        passed += data.length
        if (shouldCut()) client.destroy()
        else if (passed > most) client.pause()
        else if (!server.write(data)) {
          client.pause()
          server.once('drain', () => client.resume())
        }
      })
      server.pipe(client)
      for (const socket of [client, server])
        socket
          .on('error', () => {})
          .on('close', () => {
            client.destroy()
            server.destroy()
          })
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  }

  function start(node: string, file: string, more: string[] = []) {
    const script = `import { run } from '${repository}packages/cli/src/main.ts'; process.exitCode = await run(process.argv.slice(1))`
    const args = ['--import', 'tsx', '--conditions=@agorai/source', '--input-type=module', '-e', script, 'publish']
    const child = spawn(
      process.execPath,
      [...args, line.at(file), ...common, ...more, '--about', line.at('about.json')],
      {
        cwd: repository,
        env: { PATH: process.env.PATH ?? '', AGORAI_NODE: node, XDG_STATE_HOME: state },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    children.push(child)
    let stdout = ''
    child.stdout?.on('data', (data) => {
      stdout += String(data)
    })
    const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, stdout }))
    return { child, ended }
  }
  /** Begins to publish, and dies when half of it has been sent. */
  async function cutShort(node: string, file: string): Promise<void> {
    most = bytes / 2
    const { child, ended } = start(node, file)
    while (passed <= most && child.exitCode === null) await new Promise((resume) => setTimeout(resume, 20))
    child.kill('SIGKILL')
    await ended
  }
  const states = () => readdir(join(state, 'agorai', 'uploads'))

  test('by the death of its process goes on with the same ciphertext, and sends only the rest', async () => {
    await writeFile(line.at('large.bin'), randomBytes(bytes))
    const node = await startProxy()
    await cutShort(node, 'large.bin')
    const sent = passed
    expect(sent).toBeLessThan(bytes)
    expect((await states()).length).toBe(1)
    most = Number.POSITIVE_INFINITY
    passed = 0
    const { code, stdout } = await start(node, 'large.bin').ended
    expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' })
    // What was in flight when it died is sent twice.
    expect(passed).toBeLessThan(bytes - sent + 5_000_000)
    expect(await states()).toEqual([])
    const digest = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')
    expect(digest(await receive(JSON.parse(stdout)))).toBe(digest(await readFile(line.at('large.bin'))))
  })

  test('by its connection, again and again, goes on within the same run', async () => {
    await writeFile(line.at('large2.bin'), randomBytes(bytes))
    let cutAt = 3_000_000
    const node = await startProxy(() => {
      if (passed < cutAt) return false
      cutAt += 3_000_000
      return true
    })
    const { code, stdout } = await start(node, 'large2.bin').ended
    expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' })
    expect(passed).toBeLessThan(bytes * 2)
    expect(cutAt).toBeGreaterThan(bytes)
  })

  test('begins anew when the file has changed, or when that is wished', async () => {
    await writeFile(line.at('large3.bin'), randomBytes(bytes))
    const node = await startProxy()
    for (const more of [[], ['--no-resume']]) {
      passed = 0
      await cutShort(node, 'large3.bin')
      most = Number.POSITIVE_INFINITY
      if (more.length === 0) await writeFile(line.at('large3.bin'), randomBytes(bytes))
      passed = 0
      const { code } = await start(node, 'large3.bin', more).ended
      expect(code).toBe(0)
      expect(passed).toBeGreaterThan(bytes)
    }
  })
})
