// A fresh local EVM, and what a transaction on it costs: exact, and the same in every run.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { devMnemonic } from '@agorai/core'
import {
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  getAddress,
  hexToBytes,
  keccak256,
  numberToHex,
  stringToHex,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { root } from '../../scripts/install.mjs'
import { compareSlots, computeFloor, costOf } from './floor.mjs'

const hardfork = 'osaka'
const anvilBinary = join(root, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil')
const startTime = 1_800_000_000
const gasLimit = 55_000_000
const startTimeoutMs = 20_000

export const [deployer, publisher, seller, buyer, reader, relayer, friend] = Array.from(
  { length: 7 },
  (_, addressIndex) => mnemonicToAccount(devMnemonic, { addressIndex }),
)

/** A hash, as long as any digest and with a usual share of zero bytes. */
export const hashOf = (name) => keccak256(stringToHex(name))
/** An address that nobody has used. */
export const strangerOf = (name) => getAddress(`0x${hashOf(name).slice(26)}`)
/** Bytes that no compression would shorten, the same in every run. */
export const bytesOf = (length, name) => {
  let text = ''
  for (let index = 0; text.length < 2 * length; index++) text += hashOf(`${name} ${index}`).slice(2)
  return `0x${text.slice(0, 2 * length)}`
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** Starts anvil. Blocks are a second apart from a fixed start, one transaction each, so every slot is cold. */
export async function startChain() {
  const port = await freePort()
  const rpcUrl = `http://127.0.0.1:${port}`
  const options = ['--port', port, '--hardfork', hardfork, '--timestamp', startTime, '--gas-limit', 60_000_000]
  const anvil = spawn(
    anvilBinary,
    [...options.map(String), '--silent', '--steps-tracing', '--disable-code-size-limit', '--mnemonic', devMnemonic],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const request = async (method, params = []) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const { result, error } = await response.json()
    if (error) throw new Error(`${method}: ${error.message} ${JSON.stringify(error.data ?? '')}`)
    return result
  }
  for (const begun = Date.now(); ; ) {
    try {
      await request('eth_chainId')
      break
    } catch (error) {
      if (anvil.exitCode !== null || Date.now() - begun > startTimeoutMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await request('anvil_setBlockTimestampInterval', [1])
  // The miner's account must not be one whose balance a measured transaction changes.
  await request('anvil_setCoinbase', [strangerOf('miner')])

  /** Sends a call in a block of its own. */
  const send = async ({ from = deployer, to, data, value = 0n }) => {
    const transaction = { from: from.address, to, data, value: numberToHex(value), gas: numberToHex(gasLimit) }
    const hash = await request('eth_sendTransaction', [transaction])
    let receipt = null
    while (receipt === null) receipt = await request('eth_getTransactionReceipt', [hash])
    if (receipt.status === '0x1') return receipt
    const why = await request('eth_call', [transaction, 'latest']).catch((error) => error.message)
    throw new Error(`a transaction reverted: ${why}`)
  }

  /** A contract at an address: `tx` makes a call, `write` sends it, `read` asks. */
  const at = (address, abi) => {
    const encode = (functionName, args) => encodeFunctionData({ abi, functionName, args })
    const tx = (functionName, args = [], from = deployer) => ({ from, to: address, data: encode(functionName, args) })
    const read = async (functionName, args = []) => {
      const data = await request('eth_call', [
        { from: deployer.address, to: address, data: encode(functionName, args) },
        'latest',
      ])
      return decodeFunctionResult({ abi, functionName, args, data })
    }
    return { address, abi, tx, read, write: (...call) => send(tx(...call)) }
  }

  const deploy = async ({ abi, bytecode }, args = [], from = deployer) => {
    const hasArguments = abi.some(({ type, inputs }) => type === 'constructor' && inputs.length > 0)
    const data = hasArguments ? encodeDeployData({ abi, bytecode, args }) : bytecode
    const { contractAddress } = await send({ from, data })
    return at(getAddress(contractAddress), abi)
  }

  /** Sends a call and says what it cost, what it wrote, and the least that anything writing so much can cost. */
  const measure = async (call) => {
    const receipt = await send(call)
    const { pre, post } = await request('debug_traceTransaction', [
      receipt.transactionHash,
      { tracer: 'prestateTracer', tracerConfig: { diffMode: true } },
    ])
    const slots = compareSlots(pre, post, call.to)
    const calldata = hexToBytes(call.data)
    const { created: slotsNew, updated: slotsUpdated, cleared } = slots
    if (slotsNew + slotsUpdated + cleared === 0) throw new Error('a measured transaction did nothing')
    const floor = computeFloor({ calldata, logs: receipt.logs, ...slots })
    return {
      gas: Number(receipt.gasUsed),
      floor,
      slotsNew,
      slotsUpdated,
      calldataGas: costOf(calldata),
      logs: receipt.logs,
    }
  }

  const elapse = async (seconds) => {
    const { timestamp } = await request('eth_getBlockByNumber', ['latest', false])
    await request('evm_setNextBlockTimestamp', [Number(timestamp) + seconds])
    await request('evm_mine')
  }

  const stop = () =>
    new Promise((resolve) => {
      anvil.once('close', resolve)
      anvil.kill('SIGKILL')
    })
  return { rpcUrl, request, send, at, deploy, measure, elapse, stop }
}
