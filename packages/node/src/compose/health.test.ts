import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openChargeLog } from '../adapters/journal/chargeLog.js'
import { openFileJournal } from '../adapters/journal/fileJournal.js'
import type { NodeConfig } from '../config.js'
import { healthRoutes } from '../gateway/health.js'
import { noMetrics } from '../ports/metrics.js'
import { readyParts } from './health.js'
import type { Parts } from './parts.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-ready-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a gateway is sent nothing while its journal or its charge log takes nothing', async () => {
  const journal = await openFileJournal(join(folder, 'journal.log'))
  const charges = await openChargeLog(join(folder, 'charges'))
  const parts = {
    chain: { confirmedBlockNumber: async () => 1n },
    indexHealth: async () => ({ state: 'following', headBlock: 1, indexedBlock: 1 }),
    storage: { roomBytes: async () => undefined },
    telemetry: { metrics: noMetrics },
    gateway: { journal, charges, keyStore: { get: async () => undefined } },
  } as unknown as Parts
  const ready = readyParts({ readyLagMax: 1 } as NodeConfig, parts)
  const route = healthRoutes({ parts: ready, isDraining: () => false }).find(({ path }) => path === '/readyz')
  const ask = () =>
    Promise.resolve(route?.handle({} as never)).catch((error: unknown) => error instanceof AgoraiError && error.field)
  const names = ['chain', 'index', 'storage', 'journal', 'charges', 'keys']
  expect(await ask()).toEqual({ status: 'ready', parts: names })
  await charges.close()
  expect(await ask()).toBe('charges')
  await journal.close()
  expect(await ask()).toBe('journal')
})
