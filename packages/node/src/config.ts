import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AgoraiError, parseWith, withdrawDelayMax, withdrawDelayMin } from '@agorai/core'
import { z } from 'zod'
import { readUpstreams, type UpstreamSetting } from './upstreams.js'

/** What one process of a node may do. All of them at once is one whole node. */
export const roles = ['gateway', 'indexer', 'worker'] as const
export type Role = (typeof roles)[number]

/** Everything that an operator can decide. */
export type NodeConfig = {
  /** What this process does. */
  roles: readonly Role[]
  /** Address to listen on. */
  host: string
  /** 0 lets the system choose. */
  port: number
  /** Where everything is kept. */
  dataFolder: string
  /** Begin anew: forget the local chain with all that stands on it, or the index of another chain. */
  fresh: boolean
  /** Host names under which this node is known besides those of this machine. */
  hosts: string[]
  /** JSON-RPC of the chain; undefined for a local chain of the node's own. */
  rpcUrl: string | undefined
  /** JSON-RPC that people's wallets and browsers use. Published, so it is stated unless `rpcUrl` is on this machine. */
  publicRpcUrl: string | undefined
  /** Chains that are indexed for reading besides, by JSON-RPC; the contracts are those known there, or those in a file. */
  otherChains: readonly { rpcUrl: string; deploymentFile: string | undefined }[]
  /** Blocks that must follow before the node acts; not for the local chain. */
  confirmations: number | 'finalized'
  /** Most bytes of one content. */
  contentBytesMax: number
  /** Most bytes that one account may have under way, unfinished uploads as the whole that they will be. */
  uploadBytesMax: number
  /** How long an upload that nobody continues is kept. */
  uploadHours: number
  /** PostgreSQL; undefined for the embedded one. */
  databaseUrl: string | undefined
  /** The built page. */
  webFolder: string
  /** The operator's key file. Gateways of one operator have copies of one file. */
  operatorKeys: string
  /** Where the content store is; several processes may share it. */
  storageFolder: string
  /** Where what was acknowledged is written down: in a file of one gateway, or in PostgreSQL by several. */
  journal: 'file' | 'postgres'
  /** Where the keys of versions are: in a folder of one gateway, or in PostgreSQL for several. */
  keyStore: 'file' | 'postgres'
  /** File of the master keys that close them. Gateways of one operator have copies of one file. */
  masterKeys: string
  /** What closes that file; undefined leaves it to the rights of the file. */
  keyPassphrase: string | undefined
  /** The passphrase until now, while `agorai-node rotate-key` changes it. */
  oldKeyPassphrase: string | undefined
  /** The service that closes it instead. */
  kms: { endpoint: string; token: string | undefined } | undefined
  /** How long a backup of keys may be restored, and with it a key that was erased since. */
  keyBackupHours: number
  /** How long a stopping node waits for what is under way. */
  drainSeconds: number
  /** Blocks that the index may lack while the node still calls itself ready. */
  readyLagMax: number
  /** Where metrics are served: with everything else, or apart from it. */
  metrics: 'main' | { host: string; port: number } | undefined
  /** Collector of traces, OTLP over HTTP. */
  tracesUrl: string | undefined
  /** File of what this operator does not serve, read again when it changes. */
  denyList: string | undefined
  /** A bucket that holds the content store instead of the folder. */
  s3: { bucket: string; prefix: string; endpoint: string | undefined; region: string } | undefined
  /** Where stored content is put into IPFS, and where what is missing here is read from it. */
  ipfs: { api: string | undefined; gateway: string | undefined }
  /** Other operators' nodes that this one takes missing manifests from, and with `content` ciphertext too. */
  peers: readonly string[]
  replicate: 'manifests' | 'content'
  /** What one client may ask of content and deliveries, and for how many accounts of free calls in a day; 0 is no limit. */
  clientLimits: { requestsPerSecond: number; bytesPerSecond: number; freeAccounts: number }
  /** Whether a proxy of the operator's own stands before it, whose last `x-forwarded-for` names the client. */
  behindProxy: boolean
  /** When channels are settled: once they owe so many base units, or have owed anything for so long. */
  settle: { value: bigint; seconds: number | undefined }
  /** How payers' channels with this operator are. */
  payments: {
    /** Somebody's x402 facilitator that brings payments to the chain; undefined for this node's own account. */
    facilitatorUrl: string | undefined
    /** The most that a channel may owe before it is claimed, in base units of its token. */
    exposureMax: bigint
    /** Of a channel whose payer, as a contract, can deny its vouchers later, in base units. */
    deniableMax: bigint
    /** The least deposit that this node brings to the chain, in base units. */
    depositMin: bigint
    /** Seconds from a payer's wish to withdraw to the withdrawal. */
    withdrawDelay: number
  }
  /** What models may take here. */
  inference: {
    /** Most bytes of models that are open at once. */
    modelBytesMax: number
    /** Threads of one run. */
    threads: number
    /** Most calls of a model that are under way or wait. */
    callsMax: number
    /** How long calls are gathered to be run together, in milliseconds; 0 runs each alone. */
    batchMs: number
    /** Servers that answer for services, by asset. */
    upstreams: ReadonlyMap<bigint, UpstreamSetting>
  }
  /** Parts of these settings that are never shown. */
  secrets: readonly string[]
}

const httpUrl = z.url({ protocol: /^https?$/ })
const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= max, `must be at most ${max}`)

const confirmations = z
  .string()
  .regex(/^(finalized|0|[1-9]\d{0,3})$/, 'must be a whole number of at most 9999, or finalized')
  .transform((said) => (said === 'finalized' ? said : Number(said)))

const settingsSchema = z.strictObject({
  AGORAI_HOST: z.string().min(1).max(255).default('127.0.0.1'),
  AGORAI_PORT: wholeNumber(65_535).default(4670),
  AGORAI_DATA_DIR: z.string().min(1).default('.agorai'),
  AGORAI_HOSTS: z
    .string()
    .transform((value) => value.split(',').map((host) => host.trim().toLowerCase()))
    .pipe(z.array(z.string().regex(/^[a-z0-9.:[\]-]{1,253}$/, 'must be host names with commas between them')))
    .default([]),
  AGORAI_RPC_URL: httpUrl.optional(),
  AGORAI_PUBLIC_RPC_URL: httpUrl.optional(),
  AGORAI_CHAINS: z
    .string()
    .transform((value) =>
      value.split(',').map((chain) => {
        const [rpcUrl, deploymentFile] = chain.trim().split('|', 2)
        return { rpcUrl, deploymentFile }
      }),
    )
    .pipe(z.array(z.strictObject({ rpcUrl: httpUrl, deploymentFile: z.string().min(1).or(z.undefined()) })).max(16))
    .default([]),
  AGORAI_CONFIRMATIONS: confirmations.default(12),
  AGORAI_CONTENT_BYTES_MAX: wholeNumber(2 ** 40).default(8 * 2 ** 30),
  AGORAI_UPLOAD_BYTES_MAX: wholeNumber(2 ** 44).optional(),
  AGORAI_UPLOAD_HOURS: wholeNumber(8_760).default(72),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  AGORAI_ROLES: z
    .string()
    .transform((value) => [...new Set(value.split(',').map((role) => role.trim()))])
    .pipe(z.array(z.enum(roles)))
    .default([...roles]),
  AGORAI_OPERATOR_KEYS: z.string().min(1).optional(),
  AGORAI_STORAGE_DIR: z.string().min(1).optional(),
  AGORAI_JOURNAL: z.enum(['file', 'postgres']).default('file'),
  AGORAI_KEY_STORE: z.enum(['file', 'postgres']).optional(),
  AGORAI_MASTER_KEYS: z.string().min(1).optional(),
  AGORAI_KEY_PASSPHRASE: z.string().min(8, 'must have at least 8 characters').max(1_024).optional(),
  AGORAI_OLD_KEY_PASSPHRASE: z.string().min(1).max(1_024).optional(),
  AGORAI_KMS_URL: httpUrl.optional(),
  AGORAI_KMS_TOKEN: z.string().min(1).max(8_192).optional(),
  AGORAI_KEY_BACKUP_HOURS: wholeNumber(8_760).default(24),
  AGORAI_DRAIN_SECONDS: wholeNumber(3_600).default(10),
  AGORAI_READY_LAG_MAX: wholeNumber(1_000_000).default(64),
  AGORAI_METRICS: z
    .string()
    .regex(/^(0|1|[1-9]\d{1,4}|(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5})$/, 'must be 1, a port, or an address with a port')
    .default('0'),
  AGORAI_DENY_LIST: z.string().min(1).optional(),
  AGORAI_STORAGE: z
    .string()
    .regex(
      /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._/-]{1,200})?$/,
      'must be s3://bucket or s3://bucket/prefix',
    )
    .optional(),
  AGORAI_S3_ENDPOINT: httpUrl.optional(),
  AGORAI_S3_REGION: z.string().min(1).max(64).default('us-east-1'),
  AGORAI_IPFS_API: httpUrl.optional(),
  AGORAI_IPFS_GATEWAY: httpUrl.optional(),
  AGORAI_PEERS: z
    .string()
    .transform((value) => [...new Set(value.split(',').map((peer) => peer.trim()))])
    .pipe(z.array(httpUrl).max(64))
    .default([]),
  AGORAI_REPLICATE: z.enum(['manifests', 'content']).default('manifests'),
  AGORAI_CLIENT_REQUESTS_PER_SECOND: wholeNumber(1_000_000).default(1_000),
  AGORAI_CLIENT_BYTES_PER_SECOND: wholeNumber(2 ** 40).default(0),
  AGORAI_CLIENT_FREE_ACCOUNTS: wholeNumber(1_000_000).default(8),
  AGORAI_BEHIND_PROXY: z.enum(['0', '1']).default('0'),
  AGORAI_SETTLE_VALUE: z
    .string()
    .regex(/^[1-9]\d{0,37}$/, 'must be a positive whole number of base units')
    .transform(BigInt)
    .default(5_000_000n),
  AGORAI_SETTLE_SECONDS: wholeNumber(2_592_000).optional(),
  AGORAI_FACILITATOR_URL: httpUrl.optional(),
  AGORAI_EXPOSURE_MAX: wholeNumber(999_999_999_999_999).default(10_000_000),
  AGORAI_DENIABLE_MAX: wholeNumber(999_999_999_999_999).default(100_000),
  AGORAI_DEPOSIT_MIN: wholeNumber(999_999_999_999_999).default(10_000),
  AGORAI_WITHDRAW_DELAY: wholeNumber(withdrawDelayMax)
    .refine((value) => value >= withdrawDelayMin, `must be at least ${withdrawDelayMin}`)
    .default(3_600),
  AGORAI_MODEL_BYTES_MAX: wholeNumber(2 ** 40).default(2 * 2 ** 30),
  AGORAI_MODEL_THREADS: wholeNumber(256).default(1),
  AGORAI_MODEL_CALLS_MAX: wholeNumber(1_000_000).default(256),
  AGORAI_BATCH_MS: wholeNumber(1_000).default(0),
  AGORAI_UPSTREAMS: z.string().min(1).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
})

/** Settings that hold a password or a paid key. Each setting may also be given by a file, as `<name>_FILE`. */
const secretNames: readonly (keyof typeof settingsSchema.shape)[] = [
  'AGORAI_RPC_URL',
  'AGORAI_FACILITATOR_URL',
  'DATABASE_URL',
  'AGORAI_KEY_PASSPHRASE',
  'AGORAI_OLD_KEY_PASSPHRASE',
  'AGORAI_KMS_TOKEN',
]
const otherPrefixes = /^(DATABASE_URL|OTEL_EXPORTER_OTLP_ENDPOINT)(_FILE)?$/

/** Read by the command line client and by the repository's own scripts, which may share an environment with a node. */
const otherNames: ReadonlySet<string> = new Set([
  'AGORAI_KEY',
  'AGORAI_NODE',
  'AGORAI_CI',
  'AGORAI_NODE22',
  'AGORAI_BUILT',
])

/** Settings that the command line takes, too. */
export const configFlags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  fresh: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export type CommandLine = { config: NodeConfig; json: boolean }

/**
 * Reads the command line and the environment, once. A flag wins over its variable.
 *
 * @throws AgoraiError `config_invalid` with the name of what is wrong; also for an AGORAI_ variable that nobody knows.
 */
export function readConfig(
  args: readonly string[] = process.argv.slice(2),
  environment: Record<string, string | undefined> = process.env,
): CommandLine {
  const values = parseFlags(args)
  const given = readFiles(settingsOf(environment))
  const unknown = Object.keys(given).find((name) => !(name in settingsSchema.shape))
  if (unknown !== undefined) {
    const known = Object.keys(settingsSchema.shape).join(', ')
    throw new AgoraiError('config_invalid', `${unknown} is not a setting. Known are ${known}.`, { field: unknown })
  }
  const settings = parseWith(
    settingsSchema,
    {
      ...given,
      ...(values.host === undefined ? {} : { AGORAI_HOST: values.host }),
      ...(values.port === undefined ? {} : { AGORAI_PORT: values.port }),
      ...(values['data-dir'] === undefined ? {} : { AGORAI_DATA_DIR: values['data-dir'] }),
    },
    'config_invalid',
  )
  const { AGORAI_RPC_URL: rpcUrl, AGORAI_PUBLIC_RPC_URL: publicRpcUrl } = settings
  // What is not on this machine is often paid for, with a key in its URL; everybody is told the public one.
  if (rpcUrl !== undefined && publicRpcUrl === undefined && !isLoopback(rpcUrl))
    throw new AgoraiError('config_invalid', 'AGORAI_PUBLIC_RPC_URL: must be set with an AGORAI_RPC_URL elsewhere.', {
      field: 'AGORAI_PUBLIC_RPC_URL',
    })
  const dataFolder = resolve(settings.AGORAI_DATA_DIR)
  const upstreams = readUpstreams(settings.AGORAI_UPSTREAMS)
  const config: NodeConfig = {
    roles: settings.AGORAI_ROLES,
    host: settings.AGORAI_HOST,
    port: settings.AGORAI_PORT,
    dataFolder,
    fresh: values.fresh ?? false,
    hosts: settings.AGORAI_HOSTS,
    rpcUrl,
    publicRpcUrl,
    otherChains: settings.AGORAI_CHAINS,
    confirmations: settings.AGORAI_CONFIRMATIONS,
    contentBytesMax: settings.AGORAI_CONTENT_BYTES_MAX,
    uploadBytesMax: settings.AGORAI_UPLOAD_BYTES_MAX ?? 2 * settings.AGORAI_CONTENT_BYTES_MAX,
    uploadHours: settings.AGORAI_UPLOAD_HOURS,
    databaseUrl: settings.DATABASE_URL,
    webFolder: fileURLToPath(new URL('../../web/dist', import.meta.url)),
    operatorKeys: resolve(settings.AGORAI_OPERATOR_KEYS ?? join(dataFolder, 'keys', 'operator.json')),
    storageFolder: resolve(settings.AGORAI_STORAGE_DIR ?? join(dataFolder, 'storage')),
    journal: settings.AGORAI_JOURNAL,
    keyStore: settings.AGORAI_KEY_STORE ?? settings.AGORAI_JOURNAL,
    masterKeys: resolve(settings.AGORAI_MASTER_KEYS ?? join(dataFolder, 'keys', 'master.json')),
    keyPassphrase: settings.AGORAI_KEY_PASSPHRASE,
    oldKeyPassphrase: settings.AGORAI_OLD_KEY_PASSPHRASE,
    kms:
      settings.AGORAI_KMS_URL === undefined
        ? undefined
        : { endpoint: settings.AGORAI_KMS_URL, token: settings.AGORAI_KMS_TOKEN },
    keyBackupHours: settings.AGORAI_KEY_BACKUP_HOURS,
    drainSeconds: settings.AGORAI_DRAIN_SECONDS,
    readyLagMax: settings.AGORAI_READY_LAG_MAX,
    metrics: toListen(settings.AGORAI_METRICS),
    tracesUrl: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    denyList: settings.AGORAI_DENY_LIST === undefined ? undefined : resolve(settings.AGORAI_DENY_LIST),
    s3: toBucket(settings),
    ipfs: { api: settings.AGORAI_IPFS_API, gateway: settings.AGORAI_IPFS_GATEWAY },
    peers: settings.AGORAI_PEERS,
    replicate: settings.AGORAI_REPLICATE,
    clientLimits: {
      requestsPerSecond: settings.AGORAI_CLIENT_REQUESTS_PER_SECOND,
      bytesPerSecond: settings.AGORAI_CLIENT_BYTES_PER_SECOND,
      freeAccounts: settings.AGORAI_CLIENT_FREE_ACCOUNTS,
    },
    behindProxy: settings.AGORAI_BEHIND_PROXY === '1',
    settle: { value: settings.AGORAI_SETTLE_VALUE, seconds: settings.AGORAI_SETTLE_SECONDS },
    payments: {
      facilitatorUrl: settings.AGORAI_FACILITATOR_URL,
      exposureMax: BigInt(settings.AGORAI_EXPOSURE_MAX),
      deniableMax: BigInt(settings.AGORAI_DENIABLE_MAX),
      depositMin: BigInt(settings.AGORAI_DEPOSIT_MIN),
      withdrawDelay: settings.AGORAI_WITHDRAW_DELAY,
    },
    inference: {
      modelBytesMax: settings.AGORAI_MODEL_BYTES_MAX,
      threads: settings.AGORAI_MODEL_THREADS,
      callsMax: settings.AGORAI_MODEL_CALLS_MAX,
      batchMs: settings.AGORAI_BATCH_MS,
      upstreams,
    },
    secrets: [
      ...[...upstreams.values()].flatMap(({ apiKey }) => apiKey ?? []),
      ...secretNames.flatMap((name) => given[name] ?? []),
      ...settings.AGORAI_CHAINS.map((chain) => chain.rpcUrl),
    ],
  }
  assertTogether(config)
  return { json: values.json ?? false, config }
}

/** What belongs to the node in an environment that others use, too. */
const settingsOf = (environment: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => {
      const [name, value] = entry
      const isOurs = name.startsWith('AGORAI_') || otherPrefixes.test(name)
      return value !== undefined && value !== '' && isOurs && !otherNames.has(name)
    }),
  )

/** Takes each setting that is given by a file from there, without the line's end. */
function readFiles(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const setting = name.slice(0, -'_FILE'.length)
      if (!name.endsWith('_FILE') || !(setting in settingsSchema.shape)) return [name, value]
      if (setting in given)
        throw new AgoraiError('config_invalid', `${setting} is given twice, by ${name} as well.`, { field: name })
      try {
        return [setting, readFileSync(value, 'utf8').trimEnd()]
      } catch (cause) {
        throw new AgoraiError('config_invalid', `${name}: the file cannot be read.`, { field: name, cause })
      }
    }),
  )
}

/** What only makes sense together. An index in a folder and a local chain belong to one process. */
function assertTogether({ roles: own, databaseUrl, rpcUrl, journal, keyStore, kms, keyPassphrase }: NodeConfig): void {
  const isWhole = own.includes('gateway') && own.includes('indexer')
  const missing = (field: string, why: string) => new AgoraiError('config_invalid', `${field}: ${why}`, { field })
  if (!isWhole && rpcUrl === undefined)
    throw missing('AGORAI_RPC_URL', 'must be set where the roles of a node are apart: they share one chain.')
  if (!isWhole && databaseUrl === undefined)
    throw missing('DATABASE_URL', 'must be set where the roles of a node are apart: they share one index.')
  if (journal === 'postgres' && databaseUrl === undefined)
    throw missing('DATABASE_URL', 'must be set for a journal in PostgreSQL.')
  if (keyStore === 'postgres' && databaseUrl === undefined)
    throw missing('DATABASE_URL', 'must be set for a key store in PostgreSQL.')
  if (keyStore === 'file' && journal === 'postgres')
    throw missing('AGORAI_KEY_STORE', 'must be postgres where the journal is: several gateways share both.')
  if (kms !== undefined && keyPassphrase !== undefined)
    throw missing('AGORAI_KEY_PASSPHRASE', 'must not be set beside AGORAI_KMS_URL: one of them closes the master keys.')
}

function toBucket(settings: z.output<typeof settingsSchema>): NodeConfig['s3'] {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(settings.AGORAI_STORAGE ?? '') ?? []
  if (bucket === undefined) return undefined
  const { AGORAI_S3_ENDPOINT: endpoint, AGORAI_S3_REGION: region } = settings
  return { bucket, prefix: prefix.replace(/\/+$/, ''), endpoint, region }
}

function toListen(value: string): NodeConfig['metrics'] {
  if (value === '0') return undefined
  if (value === '1') return 'main'
  const at = value.lastIndexOf(':')
  const host = at < 0 ? '127.0.0.1' : value.slice(0, at).replace(/^\[|\]$/g, '')
  return { host, port: Number(value.slice(at + 1)) }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: configFlags, strict: true, allowPositionals: false }).values
  } catch (cause) {
    const known = Object.keys(configFlags).map((name) => `--${name}`)
    throw new AgoraiError('config_invalid', `The command line is not valid. Known are ${known.join(', ')}.`, { cause })
  }
}
