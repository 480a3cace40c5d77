import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, addressSchema, type Deployment, parseStrictJson, parseWith } from '@agorai/core'
import { type ChainClient, createChainClient, type ExitAccountReturnType, exitAccount } from '@agorai/sdk'
import { Command } from 'commander'
import { type Address, isAddressEqual, zeroAddress } from 'viem'
import { accountOption } from '../command.js'
import { accountOf } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readInput } from '../offerOptions.js'
import { formatAmount, formatDate, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

type Options = { rpc: string; account?: string; deployment?: string; manifests?: string; keepPasses?: boolean }

const help = `
Needs no node: only the chain, the addresses of the contracts, and your key. What is yours is found in the chain's logs.
Who contributed to a version stands in its manifest alone, which no chain holds: keep those you have a part in.

Example:
  agorai exit --rpc http://127.0.0.1:8545 --account dev:1 --manifests my-manifests`

export function exitCommand(output: Output): Command {
  return new Command('exit')
    .description('Take out everything that is yours with the chain alone')
    .requiredOption('--rpc <url>', 'JSON-RPC of the chain')
    .option(...accountOption)
    .option('--deployment <file>', "JSON with the contracts' addresses (default: those known for the chain)")
    .option('--manifests <folder>', 'manifests of versions that you contributed to, and of collections')
    .option('--keep-passes', 'do not give your passes back')
    .option('--json', 'print one JSON object')
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const { rpc: rpcUrl } = options
      const deployment = options.deployment === undefined ? undefined : await readDeployment(options.deployment)
      const reader = await createChainClient({ rpcUrl, deployment })
      const account = await accountOf(options.account, readEnvironment(), reader.info.chain.id)
      const client = await createChainClient({ rpcUrl, deployment, account })
      output.progress('Reading the chain, pulling and paying out')
      const exit = await exitAccount(client, {
        manifests: options.manifests === undefined ? [] : await readManifests(options.manifests),
        keepPasses: options.keepPasses,
      })
      output.result(exit, await describe(client, exit))
    })
}

async function readDeployment(path: string): Promise<Deployment> {
  const value = parseStrictJson(await readInput(path, 'deployment'))
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  const addressAt = (name: string): Address => {
    try {
      return parseWith(addressSchema, fields[name])
    } catch (cause) {
      throw new AgoraiError('invalid_request', `${path} names no address.`, { field: `deployment.${name}`, cause })
    }
  }
  const { deployedAtBlock } = fields
  return {
    governor: addressAt('governor'),
    assetRegistry: addressAt('assetRegistry'),
    revenueLedger: addressAt('revenueLedger'),
    accessMarket: addressAt('accessMarket'),
    contentProofs: addressAt('contentProofs'),
    operatorReceivers: addressAt('operatorReceivers'),
    ...(typeof deployedAtBlock === 'number' ? { deployedAtBlock } : {}),
  }
}

async function readManifests(folder: string): Promise<Uint8Array[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    return await Promise.all(names.map((name) => readFile(join(folder, name))))
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${folder} is not a folder that can be read.`, {
      field: 'manifests',
      cause,
    })
  }
}

async function describe(client: ChainClient, { taken, waiting }: ExitAccountReturnType): Promise<string[]> {
  const tokens = new Map<Address, PaymentToken>()
  for (const { token } of [...taken, ...waiting])
    if (!tokens.has(token))
      tokens.set(
        token,
        isAddressEqual(token, zeroAddress)
          ? { address: token, symbol: 'ETH', decimals: 18 }
          : await paymentToken(client, token),
      )
  const amountOf = (token: Address, amount: bigint): string =>
    formatAmount(amount, tokens.get(token) ?? { symbol: token, decimals: 0 })
  const rows = taken.map(({ from, id, token, amount }) => [`  ${origins[from]} ${id}`, amountOf(token, amount)])
  const later = waiting.map(({ offer, holder, token, amount, until }) => [
    `  offer ${offer}`,
    holder,
    amountOf(token, amount),
    `until ${formatDate(until)}`,
  ])
  return [
    ...(rows.length === 0 ? ['There is nothing to take out now.'] : ['Taken out', ...formatTable(rows)]),
    ...(later.length === 0
      ? []
      : ['', 'Not final yet, of what may reach you: run this again later', ...formatTable(later)]),
  ]
}

const origins: Record<ExitAccountReturnType['taken'][number]['from'], string> = {
  pass: 'pass of offer',
  owner: 'owner of version',
  contributor: 'contributor to version',
  till: 'till of asset',
}
