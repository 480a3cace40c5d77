import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AgoraiError, parseWith } from '@agorai/core'
import { z } from 'zod'

/** Everything that an operator can decide. */
export type NodeConfig = {
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
  /** Blocks that must follow before the node acts; not for the local chain. */
  confirmations: number
  /** Most bytes of one content. */
  contentBytesMax: number
  /** PostgreSQL; undefined for the embedded one. */
  databaseUrl: string | undefined
  /** The built page. */
  webFolder: string
}

const httpUrl = z.url({ protocol: /^https?$/ })
const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= max, `must be at most ${max}`)

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
  AGORAI_CONFIRMATIONS: wholeNumber(10_000).default(12),
  AGORAI_CONTENT_BYTES_MAX: wholeNumber(2 ** 40).default(8 * 2 ** 30),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
})

/** Read by the command line client and by the repository's own scripts, which may share an environment with a node. */
const otherNames: ReadonlySet<string> = new Set(['AGORAI_KEY', 'AGORAI_NODE', 'AGORAI_CI', 'AGORAI_NODE22'])

const flags = {
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
  const given = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) =>
        value !== undefined &&
        value !== '' &&
        (name.startsWith('AGORAI_') || name === 'DATABASE_URL') &&
        !otherNames.has(name),
    ),
  )
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
  return {
    json: values.json ?? false,
    config: {
      host: settings.AGORAI_HOST,
      port: settings.AGORAI_PORT,
      dataFolder: resolve(settings.AGORAI_DATA_DIR),
      fresh: values.fresh ?? false,
      hosts: settings.AGORAI_HOSTS,
      rpcUrl,
      publicRpcUrl,
      confirmations: settings.AGORAI_CONFIRMATIONS,
      contentBytesMax: settings.AGORAI_CONTENT_BYTES_MAX,
      databaseUrl: settings.DATABASE_URL,
      webFolder: fileURLToPath(new URL('../../web/dist', import.meta.url)),
    },
  }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values
  } catch (cause) {
    const known = Object.keys(flags).map((name) => `--${name}`)
    throw new AgoraiError('config_invalid', `The command line is not valid. Known are ${known.join(', ')}.`, { cause })
  }
}
