import { readFile, stat } from 'node:fs/promises'
import { AgoraiError } from '@agorai/core'
import { type AgoraiClient, createAgoraiClient, getDevAccount } from '@agorai/sdk'
import type { LocalAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Environment } from './environment.js'

export type ConnectOptions = { node?: string; account?: string }

/**
 * Connects to the node, with the account that signs if one is given: `dev:<0 to 7>` on the local chain, or the path of a
 * file that holds a private key and that nobody else can read. A key is never an argument, where other users could see it.
 *
 * @throws AgoraiError `invalid_request` for an account that cannot be used, `chain_not_local`, `node_unavailable`
 */
export async function connect(options: ConnectOptions, environment: Environment): Promise<AgoraiClient> {
  const node = options.node ?? environment.node
  const reader = await createAgoraiClient({ node })
  const account = await accountOf(options.account, environment, reader.info.chain.id)
  return account === undefined ? reader : createAgoraiClient({ node, account })
}

/**
 * A second client that sends what another account signed; undefined when none is named.
 *
 * @throws AgoraiError as `connect` does
 */
export async function connectRelayer(
  options: ConnectOptions & { relayer?: string },
  environment: Environment,
): Promise<AgoraiClient | undefined> {
  const { relayer: account } = options
  return account === undefined ? undefined : connect({ ...options, account }, environment)
}

/** The account that a name means: `dev:<0 to 7>`, a key file, or by default the environment's. */
export async function accountOf(
  name: string | undefined,
  environment: Environment,
  chainId: number,
): Promise<LocalAccount | undefined> {
  if (name === undefined) return environment.key === undefined ? undefined : fromKey(environment.key, 'AGORAI_KEY')
  const development = /^dev:(\d)$/.exec(name)?.[1]
  if (development !== undefined) return getDevAccount(Number(development), chainId)
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(name))
    throw unusable('A private key as an argument is visible to other users: put it into a file, or into AGORAI_KEY.')
  return fromKey(await readKeyFile(name), name)
}

async function readKeyFile(path: string): Promise<string> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) throw unusable(`Others can read ${path}: run chmod 600 on it first.`)
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    if (cause instanceof AgoraiError) throw cause
    throw unusable(`${path} cannot be read. Give dev:<0 to 7>, or the path of a file with a private key.`, cause)
  }
}

function fromKey(key: string, origin: string): LocalAccount {
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw unusable(`${origin} does not hold a private key, 0x and 64 hex digits.`)
  return privateKeyToAccount(key as `0x${string}`)
}

const unusable = (message: string, cause?: unknown): AgoraiError =>
  new AgoraiError('invalid_request', message, { field: 'account', cause })
