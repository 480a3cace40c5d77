import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { create2Deployer, errorCodes } from '@agorai/core'
import { bytecodes } from '@agorai/core/bytecode'
import { waitForReceipt } from '@agorai/sdk'
import { type Address, concatHex, type Hex, zeroHash } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLocalChain } from '../src/adapters/chain/localChain.js'
import { startNode } from '../src/main.js'
import { spawnProgram } from './program.js'
import { chainOf, configFor, newFolder, nodeInfo, removeFolder, sell, seller, startTestNode } from './support.js'

let folder: string
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => removeFolder(folder))

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Processes whose parent is `pid`. */
async function childrenOf(pid: number): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number)
}

type Line = { level: string; event: string; message: string; url?: string; code?: string; field?: string }

/** Runs the real program; `until` gets each line. */
function run(args: string[], env: Record<string, string> = {}) {
  const child = spawnProgram('main', args, { HOME: folder, ...env })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      text += data
    })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const lines = () =>
    text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
  return { child, exit, lines, text: () => text }
}

describe('startNode', { timeout: 180_000 }, () => {
  test('keeps everything over a stop, refuses a second node in the folder, and forgets when told to', async () => {
    const first = await startTestNode({ dataFolder: folder })
    const { asset } = await sell(first, new Uint8Array(9))
    await expect(startNode(configFor(folder))).rejects.toMatchObject({ code: 'folder_locked' })
    await expect(
      startNode({ ...configFor(join(folder, 'other')), port: Number(new URL(first.url).port) }),
    ).rejects.toMatchObject({ code: 'port_in_use' })
    const { operator, chain } = first.info
    await first.stop()
    await first.stop()

    const second = await startTestNode({ dataFolder: folder })
    expect(second.info.operator).toEqual(operator)
    expect(second.info.chain.confirmedBlock).toBeGreaterThan(chain.confirmedBlock)
    expect((await fetch(`${second.url}/api/v1/content/${asset.cid}`)).status).toBe(200)
    await second.stop()

    const third = await startTestNode({ dataFolder: folder, fresh: true })
    expect(third.info.operator).toEqual(operator)
    expect((await fetch(`${third.url}/api/v1/content/${asset.cid}`)).status).toBe(404)
    expect(await (await fetch(`${third.url}/api/v1/assets`)).json()).toEqual({ assets: [], nextCursor: null })
    expect(third.warnings).toEqual([])
    await third.stop()
    expect(await readdir(folder)).not.toContain('node.lock')
  })

  test('stands on a chain that somebody else runs, and forgets nothing of it but the index', async () => {
    const host = await startTestNode({ dataFolder: join(folder, 'host') })
    const guest = join(folder, 'guest')
    const remote = { dataFolder: guest, rpcUrl: host.rpcUrl, confirmations: 0 }
    const first = await startTestNode(remote)
    const { asset } = await sell(first, new Uint8Array(12))
    await first.stop()
    const second = await startTestNode({ ...remote, fresh: true })
    expect((await fetch(`${second.url}/api/v1/content/${asset.cid}`)).status).toBe(200)
    await second.stop()
    await host.stop()
    await expect(startNode({ ...configFor(guest), rpcUrl: host.rpcUrl })).rejects.toMatchObject({
      code: 'chain_unavailable',
    })
    expect(await readdir(guest)).not.toContain('node.lock')
  })

  /** A saved local chain without this release's contracts, on which something happened. */
  async function saveChain(data: string, transactions: readonly { to: Address; value?: bigint; data?: Hex }[]) {
    const chain = await openLocalChain({ folder: join(data, 'chain'), onWarning: () => {}, onEnded: () => {} })
    const { reader, wallet } = chainOf(chain, seller)
    for (const transaction of transactions)
      await waitForReceipt(reader, await wallet.sendTransaction({ chain: null, ...transaction }))
    await chain.stop()
  }

  test('keeps a local chain of another release, and says what to do', async () => {
    const data = join(folder, 'older')
    await saveChain(data, [{ to: seller.address, value: 1n }])
    const before = await readdir(join(data, 'chain'))
    const refused = startNode(configFor(data))
    await expect(refused).rejects.toMatchObject({ code: 'config_invalid', field: 'AGORAI_DATA_DIR' })
    await expect(refused).rejects.toThrow(/--fresh/)
    expect((await readdir(join(data, 'chain'))).length).toBeGreaterThanOrEqual(before.length)
    const anew = await startTestNode({ dataFolder: data, fresh: true })
    await sell(anew, new Uint8Array(4))
    await anew.stop()
  })

  test('finishes a deployment that was cut short', async () => {
    const data = join(folder, 'cut-short')
    await saveChain(data, [{ to: create2Deployer, data: concatHex([zeroHash, bytecodes.TestUSD]) }])
    const node = await startTestNode({ dataFolder: data })
    await sell(node, new Uint8Array(4))
    await node.stop()
  })

  test('makes the index anew where another one lies', async () => {
    const data = join(folder, 'indexed')
    const first = await startTestNode({ dataFolder: data })
    await sell(first, new Uint8Array(2))
    await first.stop()
    const [name = ''] = await readdir(join(data, 'index'))
    expect(name).toMatch(/^agorai_31337_[0-9a-f]{16}$/)
    await rename(join(data, 'index', name), join(data, 'index', 'agorai_31337_0123456789abcdef'))
    await writeFile(join(data, 'index', 'PG_VERSION'), '16')
    const second = await startTestNode({ dataFolder: data })
    const assets = async () => {
      const { assets: found } = (await (await fetch(`${second.url}/api/v1/assets`)).json()) as { assets: object[] }
      return found.length
    }
    await expect.poll(assets, { timeout: 10_000 }).toBe(1)
    expect(await readdir(join(data, 'index'))).toEqual([name])
    await second.stop()
  })

  test('leaves a damaged journal as it is', async () => {
    const damaged = join(folder, 'damaged')
    await mkdir(join(damaged, 'journal'), { recursive: true })
    await writeFile(join(damaged, 'journal', 'journal.log'), 'not a journal')
    await expect(startNode(configFor(damaged))).rejects.toMatchObject({ code: 'journal_damaged' })
    expect(await readFile(join(damaged, 'journal', 'journal.log'), 'utf8')).toBe('not a journal')
  })
})

describe('the program', { timeout: 180_000 }, () => {
  test('says when it is ready, and takes its children with it when it is stopped', async () => {
    const data = join(folder, 'program')
    const { child, exit, lines } = run(['--json', '--port', '0', '--data-dir', data])
    let url: string | undefined
    for (let attempt = 0; url === undefined && attempt < 600; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      url = lines().find(({ event }) => event === 'ready')?.url
    }
    expect((await nodeInfo(url ?? '')).chain.id).toBe(31_337)
    const children = await childrenOf(child.pid ?? 0)
    expect(children.length).toBeGreaterThanOrEqual(1)
    child.kill('SIGINT')
    expect(await exit).toBe(0)
    expect(lines().at(-1)).toMatchObject({ event: 'stopped' })
    // What was killed last has a number until the system has counted it out.
    await expect.poll(() => children.filter(isRunning), { timeout: 10_000 }).toEqual([])
  })

  test('names what is wrong and ends with the exit code of the error', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const bad = [
      [run(['--json'], { AGORAI_PROT: '1' }), 'config_invalid', 'AGORAI_PROT'],
      [run(['--json', '--prot', '1']), 'config_invalid', undefined],
      [run(['--json', '--port', String(port), '--data-dir', join(folder, 'p')]), 'port_in_use', undefined],
      [run(['--json', '--data-dir', '/sys/agorai']), 'folder_read_only', undefined],
    ] as const
    for (const [{ exit, lines }, code, field] of bad) {
      expect(await exit).toBe(errorCodes[code].exit)
      const failed = lines().at(-1)
      expect(failed).toMatchObject({ level: 'error', code })
      expect(failed?.field).toBe(field)
    }
    const human = run(['--port', 'x'])
    expect(await human.exit).toBe(2)
    expect(human.text()).toMatch(/^error: The configuration is not valid\. AGORAI_PORT/)
    expect(human.text()).not.toContain('    at ')
    taken.close()
  })
})
