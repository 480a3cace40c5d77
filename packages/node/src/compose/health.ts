import { AgoraiError } from '@agorai/core'
import { zeroHash } from 'viem'
import type { NodeConfig } from '../config.js'
import { isReady, type ReadyPart } from '../gateway/health.js'
import type { IndexHealth } from '../ports/catalogue.js'
import type { GatewayParts, Parts } from './parts.js'

/** What must work in this process, each part also as a gauge. */
export function readyParts({ readyLagMax: lagMax }: NodeConfig, parts: Parts): ReadyPart[] {
  const { chain, indexHealth, storage, gateway, telemetry } = parts
  const { metrics } = telemetry
  const lagOf = ({ headBlock, indexedBlock }: IndexHealth) => Math.max(0, headBlock - indexedBlock)
  const ready: ReadyPart[] = [
    { name: 'chain', check: async () => void (await chain.confirmedBlockNumber()) },
    {
      name: 'index',
      async check() {
        const health = await indexHealth()
        if (health.state === 'halted') throw health.error ?? new AgoraiError('not_ready', 'It is halted.')
        if (health.indexedBlock < 0) throw new AgoraiError('not_ready', 'It has no block yet.')
        const lag = lagOf(health)
        if (lag > lagMax) throw new AgoraiError('not_ready', `It lacks ${lag} blocks, more than ${lagMax}.`)
      },
    },
    {
      name: 'storage',
      async check() {
        const room = await storage.roomBytes()
        if (room !== undefined && room <= 0) throw new AgoraiError('storage_full', 'It takes no more content.')
      },
    },
    ...(gateway === undefined ? [] : gatewayParts(gateway)),
  ]
  for (const part of ready) metrics.gauge('agorai_ready', { part: part.name }, () => isReady(part))
  metrics.gauge('agorai_index_block', {}, async () => (await indexHealth()).indexedBlock)
  metrics.gauge('agorai_index_lag_blocks', {}, async () => lagOf(await indexHealth()))
  metrics.gauge('agorai_storage_free_bytes', {}, () => storage.roomBytes())
  return ready
}

/** Looked up in the key store to see whether it answers: no version has it. */
const noCommitment = zeroHash

const gatewayParts = ({ journal, charges, keyStore }: GatewayParts): ReadyPart[] => [
  { name: 'journal', check: () => journal.assertWritable() },
  { name: 'charges', check: () => charges.assertWritable() },
  { name: 'keys', check: async () => void (await keyStore.get(noCommitment)) },
]
