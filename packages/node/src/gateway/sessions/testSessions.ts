import { createHmac, hash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  type ChannelConfig,
  formatBoundToken,
  macInputOf,
  type Serving,
  type SessionOpened,
  servingSchema,
} from '@agorai/core'
import { type Address, type Hex, pad, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { openChargeLog } from '../../adapters/journal/chargeLog.js'
import type { Chain } from '../../ports/chain.js'
import type { ChargeLog } from '../../ports/chargeLog.js'
import type { Usage } from '../../ports/inference.js'
import { type Journal, type JournalRecord, nameOfRecord } from '../../ports/journal.js'
import type { OperatorKeys } from '../../ports/keys.js'
import { noMetrics } from '../../ports/metrics.js'
import { noTracer } from '../../ports/trace.js'
import type { Call, CallAnswer, ServedService } from '../calls/cashier.js'
import { type Memory, rebuildMemory } from '../memory.js'
import { createSessions } from './createSessions.js'
import { createSessionKeys } from './sessionKeys.js'

const account = privateKeyToAccount(generatePrivateKey())
const encryptionKey = randomBytes(32)
const keys: OperatorKeys = { account, encryption: { publicKey: '0x', privateKey: encryptionKey } }
export const operatorAddress = account.address
export const secretsOf = createSessionKeys(encryptionKey)

export const token: Address = '0x00000000000000000000000000000000000000aa'
export const payer = privateKeyToAccount(generatePrivateKey())

/** A service that costs a unit a row. */
export const serviceOf = (serving: Partial<Serving> = {}): ServedService => ({
  version: 7n,
  asset: 5n,
  owner: zeroAddress,
  till: zeroAddress,
  name: 'Test',
  serving: {
    ...servingSchema.parse({ runtime: 'upstream', apis: ['infer'], token, prices: [{ unit: 'row', amount: '1' }] }),
    ...serving,
  },
})

/** Records of several gateways in one process. Each waits for `tick` before and after what it does. */
export function createSharedRecords() {
  const records: JournalRecord[] = []
  const names = new Map<string, JournalRecord>()
  return {
    records,
    open(tick: () => Promise<void> = async () => {}): Journal {
      let seen = 0
      return {
        async append(record) {
          await tick()
          const name = nameOfRecord(record)
          const standing = names.get(name) ?? (JSON.parse(JSON.stringify(record)) as JournalRecord)
          if (!names.has(name)) records.push(standing)
          names.set(name, standing)
          await tick()
          return standing
        },
        async *replay() {
          yield* records.slice(seen)
          seen = records.length
        },
        async *news() {
          await tick()
          const fresh = records.slice(seen)
          seen = records.length
          yield* fresh
        },
        find: async (wanted) => wanted.flatMap((name) => names.get(name) ?? []),
        assertWritable: async () => {},
        close: async () => {},
      }
    },
  }
}

export type TestGatewayOptions = {
  journal: Journal
  /** Where its charge log is. */
  folder: string
  log?: ChargeLog
  chain?: Chain
  service?: ServedService
}

/** The sessions of one gateway over a journal, without HTTP and without a chain. */
export async function openTestGateway({ journal, folder, service = serviceOf(), ...options }: TestGatewayOptions) {
  const memory = await rebuildMemory(journal)
  const log = options.log ?? (await openChargeLog(join(folder, 'charges')))
  const warnings: unknown[] = []
  const sessions = await createSessions({
    memory,
    journal,
    log,
    keys,
    chain: options.chain ?? ({ publicClient: {} } as Chain),
    addresses: {} as never,
    domain: { chainId: 31_337, assetRegistry: zeroAddress },
    vouchers: undefined,
    freeAccounts: 0,
    findService: async () => service,
    onWarning: (message, cause) => warnings.push(message, cause),
  })
  return {
    memory,
    sessions,
    log,
    warnings,
    sell: (asked: AskOptions, work?: () => Promise<CallAnswer>) => {
      const call = { ...askedCall(asked), service }
      return sessions.sell(call, work ?? (async () => wholeOf(call.body, asked.used ?? call.body.length)))
    },
    route: (path: string, { session, body, params }: { session: string; body?: unknown; params?: object }) => {
      const found = sessions.routes.find((route) => `${route.method} ${route.path}` === path)
      if (found === undefined) throw new Error(path)
      const { secret } = secretsOf(session)
      const headers = { authorization: `Bearer ags_${session}.${secret}` }
      const request = new Request('http://node/', { headers })
      return found.handle({ params: { id: session, ...params }, query: {}, body, request, client: '' })
    },
    async stop() {
      await sessions.stop()
      await log.close()
    },
    /** Ends as a killed process does: nothing is given back. */
    async kill() {
      await log.close()
    },
  }
}

export type TestGateway = Awaited<ReturnType<typeof openTestGateway>>

export const wholeOf = (body: Uint8Array, row: number): CallAnswer => ({
  ...{ kind: 'whole', status: 200, headers: { 'content-type': 'text/plain' } },
  ...{ body: Buffer.from(`echo ${Buffer.from(body)}`), usage: { row } },
})

export type AskOptions = {
  session: string
  body?: string
  path?: string
  /** Of the bound form. */
  counter?: number
  idempotencyKey?: string
  /** The most that it may cost, and what it does. */
  max?: number
  used?: number
  streams?: boolean
}

function askedCall({
  session,
  body = 'hello',
  path = '/v1/x?a=b',
  counter,
  idempotencyKey,
  ...rest
}: AskOptions): Omit<Call, 'service'> {
  const bytes = Buffer.from(body)
  const secrets = secretsOf(session)
  const headers = new Headers()
  if (counter === undefined) headers.set('authorization', `Bearer ags_${session}.${secrets.secret}`)
  else headers.set('agorai-session', boundToken({ session, counter, method: 'POST', target: path, body: bytes }))
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  const usageMax: Usage = { row: rest.max ?? 10 }
  const request = new Request(`http://node${path}`, { method: 'POST', headers, body: bytes })
  return { request, body: bytes, usageMax, streams: rest.streams ?? false, client: '' }
}

/** As a client makes it. */
export function boundToken(call: {
  session: string
  counter: number
  method: string
  target: string
  body: Uint8Array
}) {
  const { session, counter, method, target, body } = call
  const input = macInputOf({ counter, method, target, bodyHash: hash('sha256', body, 'base64url') })
  const mac = createHmac('sha256', secretsOf(session).macKey)
    .update(input)
    .digest()
    .subarray(0, 16)
    .toString('base64url')
  return formatBoundToken({ session, counter, mac })
}

const noLog = { info() {}, warning() {}, error() {} }
export const noTelemetry = { log: noLog, metrics: noMetrics, tracer: noTracer }

export const newSessionId = (): string => randomBytes(16).toString('base64url')

export type OpenTestSessionOptions = {
  ceiling: number
  from?: number
  seconds?: number
  scope?: string
  session?: string
  channel?: Hex
  /** Who signs for the channel. */
  authorizer?: Address
}

/** Writes down that a session took a channel, as a voucher would. */
export async function openTestSession(memory: Memory, options: OpenTestSessionOptions): Promise<SessionOpened> {
  const { ceiling, from = 0, seconds = 3_600, scope, session = newSessionId(), authorizer = payer.address } = options
  const channel = options.channel ?? pad(`0x${randomBytes(16).toString('hex')}`)
  const config: ChannelConfig = {
    ...{ payer: payer.address, payerAuthorizer: authorizer, receiver: zeroAddress, receiverAuthorizer: zeroAddress },
    ...{ token, withdrawDelay: 900, salt: channel },
  }
  const at = Math.floor(Date.now() / 1000)
  return memory.record<SessionOpened>({
    ...{ kind: 'session-opened', channel, sequence: memory.channels.get(channel)?.sequence ?? 0, config, at, session },
    ...{ from: String(from), ceiling: String(from + ceiling), signature: '0x01', token, expiry: at + seconds },
    ...(scope === undefined ? {} : { scope }),
    payer: payer.address,
  })
}
