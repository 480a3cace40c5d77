import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, parseWith, type SignedMandate, signedMandateSchema } from '@agorai/core'
import { type AgoraiClient, createPayer, type Payer } from '@agorai/sdk'
import type { Environment } from '../environment.js'
import { type ChannelFiles, openChannelFiles } from './channelFiles.js'
import { openPendingCalls } from './pendingCalls.js'
import { openSessionFiles, type SessionFiles } from './sessionFiles.js'
import { openSpendingFile, readPolicy } from './spendingFile.js'

export type MandateOptions = { mandate?: string }

/** The option of commands that may spend another's money. */
export const mandateOption = [
  '--mandate <file>',
  'spend by a mandate, as `agorai mandate` wrote it for your account',
] as const

export type Payments = {
  payer: Payer
  channels: ChannelFiles
  sessions: SessionFiles
  pending: ReturnType<typeof openPendingCalls>
}

/** Where the policy of an account is. */
export const policyPath = (environment: Environment, client: AgoraiClient): string =>
  join(accountFolder(environment, client), 'policy.json')

/**
 * Who pays, with what this user's files remember of it.
 *
 * @throws AgoraiError `invalid_request` for a damaged file, `mandate_invalid`
 */
export async function openPayments(
  client: AgoraiClient,
  environment: Environment,
  { mandate: file }: MandateOptions = {},
): Promise<Payments> {
  const folder = accountFolder(environment, client)
  const channels = openChannelFiles(join(folder, 'channels'))
  const mandate = file === undefined ? undefined : await readMandate(file)
  return {
    payer: createPayer(client, {
      policy: await readPolicy(policyPath(environment, client)),
      spending: openSpendingFile(spendingPath(environment, client)),
      channels,
      mandate,
      mandateSpending: openSpendingFile(join(folder, `mandate-${mandate?.mandate.nonce}.json`)),
    }),
    channels,
    sessions: openSessionFiles(join(folder, 'sessions')),
    pending: openPendingCalls(join(folder, 'calls')),
  }
}

/** Where it is written what an account has spent. */
export const spendingPath = (environment: Environment, client: AgoraiClient): string =>
  join(accountFolder(environment, client), 'spending.json')

/** One a chain and account, so that nothing of one is taken for the other's. */
function accountFolder({ configFolder }: Environment, { info, wallet }: AgoraiClient): string {
  if (wallet === undefined)
    throw new AgoraiError('invalid_request', 'This needs an account that signs.', { field: 'account' })
  return join(configFolder, 'payments', `${info.chain.id}-${wallet.account.address.toLowerCase()}`)
}

/** @throws AgoraiError `mandate_invalid` */
async function readMandate(path: string): Promise<SignedMandate> {
  try {
    return parseWith(signedMandateSchema, JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new AgoraiError('mandate_invalid', `${path} holds no mandate.`, { field: 'mandate', cause })
  }
}
