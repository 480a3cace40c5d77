import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AgoraiError } from '@agorai/core'

export type AnvilProcess = {
  /** JSON-RPC on the loopback interface, at a port that the system chose. */
  rpcUrl: string
  pid: number
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>
  kill(): Promise<void>
}

export type StartAnvilOptions = { chainId: number; mnemonic: string }

const startTimeoutMs = 20_000
const outputKept = 4_096

/**
 * Starts a local EVM chain as a child process. It does not see the terminal's Ctrl-C, so that its state can be saved
 * first; and it ends with this process even when that is killed, by a watchdog that waits for a pipe to close.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function startAnvil({ chainId, mnemonic }: StartAnvilOptions): Promise<AnvilProcess> {
  const args = ['--host', '127.0.0.1', '--port', '0', '--chain-id', String(chainId), '--mnemonic', mnemonic]
  args.push('--hardfork', 'cancun', '--no-request-size-limit')
  // A page of another site must not read this chain, let alone command it: wallets and pages go through the gateway.
  args.push('--no-cors')
  const child = spawn(anvilBinary(), args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const port = await listeningPort(child)
  if (child.pid === undefined) throw new AgoraiError('chain_unavailable', 'The local chain has no process.')
  const watchdog = startWatchdog(child.pid)
  void ended.then(() => watchdog.kill('SIGKILL'))
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    pid: child.pid,
    ended,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The program itself: the wrappers that npm installs drop exit codes and signals. */
function anvilBinary(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `@foundry-rs/anvil-linux-${process.arch === 'x64' ? 'amd64' : process.arch}/package.json`,
    )
    return join(dirname(manifest), 'bin', 'anvil')
  } catch (cause) {
    const message = `There is no local chain for ${process.platform} on ${process.arch}: set AGORAI_RPC_URL to use another.`
    throw new AgoraiError('chain_unavailable', message, { cause })
  }
}

/** Waits until the chain says where it listens. Its later output is read and dropped, so that it never blocks on it. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (reason: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new AgoraiError('chain_unavailable', `The local chain ${reason}. ${output.trim().slice(-200)}`))
    }
    const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs} ms`), startTimeoutMs)
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputKept)
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', read).resume()
      resolve(Number(port))
    }
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', read)
    child.once('error', (error) => fail(`could not be started (${error.message})`))
    child.once('exit', (code, signal) => fail(`ended at once (${code ?? signal})`))
  })
}

/** `read` returns when the pipe's other end closes, which the kernel does however this process ends. */
function startWatchdog(pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.unref()
  return watchdog
}
