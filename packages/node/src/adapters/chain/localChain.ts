import { AgoraiError, devMnemonic, isAgoraiError } from '@agorai/core'
import { createPublicClient, defineChain, http, type PublicClient, type Transport } from 'viem'
import type { Chain } from '../../ports/chain.js'
import { startAnvil } from './anvilProcess.js'
import { type ChainDumps, openChainDumps } from './chainDumps.js'

export type OpenLocalChainOptions = {
  /** Where its states are saved. */
  folder: string
  /** Told when the newest saved state was damaged and an older one was taken, and when saving fails. */
  onWarning(message: string): void
  /** Told when the chain's process ended without being asked to. */
  onEnded(error: AgoraiError): void
  /** How its process is reached. */
  makeTransport?(url: string, config: { retryCount: number; timeout: number }): Transport
}

export type LocalChain = Chain & {
  /** Saves the state now; resolves when every block so far is safe on disk. */
  save(): Promise<void>
  /** Process of the chain, for whoever wants to watch it. */
  pid: number
}

const chainId = 31_337
/** How often the head is looked at. After a save that took long, as a large state does, the next one waits longer. */
const pollMs = 50
const waitPerSave = 4
const waitMaxMs = 1_000

/**
 * Starts the local chain from its newest saved state. A block is confirmed once a saved state contains it: a kill may
 * cost what came after, and then the chain goes back.
 *
 * @throws AgoraiError `chain_unavailable`, `chain_damaged`, `folder_read_only`
 */
export async function openLocalChain(options: OpenLocalChainOptions): Promise<LocalChain> {
  const { folder, onWarning, onEnded, makeTransport = http } = options
  const dumps = await openChainDumps(folder)
  const saved = await dumps.load()
  if (saved?.fellBack) onWarning('The newest saved state of the local chain was damaged; an older one was taken.')
  const anvil = await startAnvil({ chainId, mnemonic: devMnemonic })
  const publicClient = createClient(anvil.rpcUrl, makeTransport(anvil.rpcUrl, { retryCount: 0, timeout: 60_000 }))
  let confirmed: bigint
  try {
    if (saved !== undefined) await loadState(publicClient, saved.state)
    confirmed = await saveState(publicClient, dumps)
  } catch (error) {
    await anvil.kill()
    throw error
  }

  let stopping = false
  let saving: Promise<void> | undefined
  const save = (): Promise<void> => {
    saving ??= saveState(publicClient, dumps)
      .then((block) => {
        confirmed = block
      })
      .finally(() => {
        saving = undefined
      })
    return saving
  }

  let timer: NodeJS.Timeout
  let failing = false
  const poll = async (): Promise<void> => {
    let waitMs = pollMs
    try {
      if ((await publicClient.getBlockNumber({ cacheTime: 0 })) > confirmed) {
        const startedMs = performance.now()
        await save()
        waitMs = Math.min(Math.max(pollMs, (performance.now() - startedMs) * waitPerSave), waitMaxMs)
      }
      failing = false
    } catch (error) {
      if (!failing && !stopping)
        onWarning(`The local chain is not being saved: ${error instanceof Error ? error.message : 'unknown'}`)
      failing = true
    }
    if (!stopping) timer = setTimeout(poll, waitMs)
  }
  timer = setTimeout(poll, pollMs)
  void anvil.ended.then(() => {
    if (!stopping) onEnded(new AgoraiError('chain_unavailable', 'The local chain ended by itself.'))
  })

  return {
    id: chainId,
    local: true,
    rpcUrl: anvil.rpcUrl,
    publicClient,
    pid: anvil.pid,
    confirmedBlockNumber: async () => confirmed,
    async save() {
      // One may be under way that began before the newest block.
      await saving
      await save()
    },
    async stop() {
      if (stopping) return anvil.ended
      stopping = true
      clearTimeout(timer)
      try {
        await saving
        await save()
      } catch (error) {
        onWarning(`The local chain was not saved: ${error instanceof Error ? error.message : 'unknown'}`)
      }
      await anvil.kill()
    },
  }
}

function createClient(rpcUrl: string, transport: Transport): PublicClient {
  const chain = defineChain({
    id: chainId,
    name: 'Agorai local',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  return createPublicClient({ chain, transport, pollingInterval: 50 })
}

type DumpState = { Method: 'anvil_dumpState'; Parameters: []; ReturnType: `0x${string}` }
type LoadState = { Method: 'anvil_loadState'; Parameters: [`0x${string}`]; ReturnType: boolean }

/** @returns A block that is certainly contained: the head before the state was taken. */
async function saveState(client: PublicClient, dumps: ChainDumps): Promise<bigint> {
  const block = await client.getBlockNumber({ cacheTime: 0 })
  const state = await client.request<DumpState>({ method: 'anvil_dumpState', params: [] })
  await dumps.save(Buffer.from(state.slice(2), 'hex'))
  return block
}

async function loadState(client: PublicClient, state: Uint8Array): Promise<void> {
  try {
    const loaded = await client.request<LoadState>({
      method: 'anvil_loadState',
      params: [`0x${Buffer.from(state).toString('hex')}`],
    })
    if (loaded) return
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw new AgoraiError('chain_damaged', 'The chain refused its saved state.', { cause })
  }
  throw new AgoraiError('chain_damaged', 'The chain refused its saved state.')
}
