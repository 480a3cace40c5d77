import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { devAccounts, devMnemonic } from '@agorai/core'
import { createWalletClient, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LocalChain, openLocalChain } from './localChain.js'
import { openRpcChain } from './rpcChain.js'

let folder: string
let open: LocalChain[]
let warnings: string[]
let ended: unknown[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-chain-'))
  ;[open, warnings, ended] = [[], [], []]
})
afterEach(async () => {
  await Promise.all(open.map((chain) => chain.stop()))
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<LocalChain> {
  const chain = await openLocalChain({
    folder,
    onWarning: (message) => warnings.push(message),
    onEnded: (error) => ended.push(error),
  })
  open.push(chain)
  return chain
}

const to = '0x00000000000000000000000000000000000a90fa'

/** Mines one block that moves 1 wei. */
async function mineOne(chain: LocalChain): Promise<bigint> {
  const account = mnemonicToAccount(devMnemonic)
  const wallet = createWalletClient({ account, transport: http(chain.rpcUrl) })
  const hash = await wallet.sendTransaction({ chain: null, to, value: 1n })
  const receipt = await chain.publicClient.waitForTransactionReceipt({ hash, pollingInterval: 5 })
  return receipt.blockNumber
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited too long')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('openLocalChain', () => {
  test('keeps its blocks over a stop, with their hashes', async () => {
    const first = await start()
    expect(await first.publicClient.getBalance({ address: devAccounts[0]?.address ?? '0x' })).toBeGreaterThan(0n)
    const block = await mineOne(first)
    const { hash } = await first.publicClient.getBlock({ blockNumber: block })
    await first.stop()
    const second = await start()
    expect((await second.publicClient.getBlock({ blockNumber: block })).hash).toBe(hash)
    expect(await second.publicClient.getBalance({ address: to })).toBe(1n)
    expect(await second.confirmedBlockNumber()).toBe(block)
    expect(warnings).toEqual([])
    expect(ended).toEqual([])
  })

  test('lets no page of another site read it', async () => {
    const { rpcUrl } = await start()
    const headers = { 'content-type': 'application/json', origin: 'https://other.example' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await fetch(rpcUrl, { method, headers, ...(method === 'POST' ? { body } : {}) })
      expect(answer.headers.get('access-control-allow-origin')).toBe(null)
    }
  })

  test('confirms a block only once it is on the disk, without being asked', async () => {
    const chain = await start()
    const block = await mineOne(chain)
    await until(async () => (await chain.confirmedBlockNumber()) >= block)
    const saved = await readdir(folder)
    expect(saved.filter((name) => name.startsWith('state-')).length).toBeLessThanOrEqual(2)
    await chain.stop()
  })

  test('loses nothing confirmed when the chain itself is killed', async () => {
    const first = await start()
    await mineOne(first)
    await first.save()
    const confirmed = await first.confirmedBlockNumber()
    process.kill(first.pid, 'SIGKILL')
    await until(() => ended.length === 1)
    expect(ended[0]).toMatchObject({ code: 'chain_unavailable' })
    const second = await start()
    expect(await second.publicClient.getBlockNumber()).toBeGreaterThanOrEqual(confirmed)
  })

  test('takes the older state when the newest was cut short, and says so', async () => {
    const first = await start()
    await mineOne(first)
    await first.save()
    const [older] = await first.publicClient.getBlock().then((block) => [block.number])
    await mineOne(first)
    await first.stop()
    const newest = (await readdir(folder)).filter((name) => name.startsWith('state-')).sort(byNumber)[0] ?? ''
    const bytes = await readFile(join(folder, newest))
    await writeFile(join(folder, newest), bytes.subarray(0, bytes.length >> 1))
    const second = await start()
    expect(warnings).toHaveLength(1)
    expect(await second.publicClient.getBlockNumber()).toBeGreaterThanOrEqual(older ?? 0n)
  })

  test('refuses to start over when no state can be read', async () => {
    await (await start()).stop()
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'no longer a state')
    // Not the second time either.
    for (let attempt = 0; attempt < 2; attempt++) await expect(start()).rejects.toMatchObject({ code: 'chain_damaged' })
  })

  test('dies with a parent that is killed', async () => {
    const script = `import { openLocalChain } from ${JSON.stringify(fileURLToPath(new URL('./localChain.ts', import.meta.url)))}
      const chain = await openLocalChain({ folder: process.argv[2], onWarning() {}, onEnded() {} })
      console.log(chain.pid)`
    const file = join(folder, 'parent.mts')
    await writeFile(file, script)
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=@agorai/source', file, join(folder, 'chain')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: fileURLToPath(new URL('../../../../..', import.meta.url)),
      },
    )
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (data) => resolve(Number(data))))
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !isRunning(pid))
  })
})

const byNumber = (a: string, b: string) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, ''))

describe('openRpcChain', () => {
  test('counts confirmations from the head', async () => {
    const local = await start()
    for (let index = 0; index < 3; index++) await mineOne(local)
    const chain = await openRpcChain({ rpcUrl: local.rpcUrl, confirmations: 2 })
    expect(chain).toMatchObject({ id: 31_337, local: true })
    expect(await chain.confirmedBlockNumber()).toBe(1n)
    const distant = await openRpcChain({ rpcUrl: local.rpcUrl, confirmations: 64 })
    expect(await distant.confirmedBlockNumber()).toBe(-1n)
    // anvil calls final what two of its epochs of 32 blocks follow.
    const final = await openRpcChain({ rpcUrl: local.rpcUrl, confirmations: 'finalized' })
    expect(await final.confirmedBlockNumber()).toBe(0n)
    await local.publicClient.request({ method: 'anvil_mine', params: ['0x46'] } as never)
    expect(await final.confirmedBlockNumber()).toBe(9n)
    await local.stop()
    await expect(chain.confirmedBlockNumber()).rejects.toMatchObject({ code: 'chain_unavailable' })
  })

  test('does not show the endpoint, which may hold a secret', async () => {
    const error: unknown = await openRpcChain({ rpcUrl: 'http://127.0.0.1:9/secret', confirmations: 0 }).catch((e) => e)
    expect(error).toMatchObject({ code: 'chain_unavailable' })
    expect(String(error)).not.toContain('secret')
  })
})
