import { AgoraiError } from '@agorai/core'
import { type RescueTillParameters, rescueTill } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAddress, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'

type Options = CommonOptions & { ether?: boolean; token?: string; nft?: string; to?: string }

export function rescueCommand(output: Output): Command {
  return createCommand(
    'rescue',
    "Take what is no income out of your asset's till: ether, other tokens, NFTs",
    'agorai rescue 1 --ether --account dev:1',
  )
    .argument('<asset>', 'id of the asset')
    .option(...accountOption)
    .option('--ether', 'all ether')
    .option('--token <address>', 'all of a token that is not for payment')
    .option('--nft <collection:id>', 'one token of an ERC-721 collection')
    .option('--to <address>', 'who receives it (default: you)')
    .action(async (asset: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const rescued = await rescueTill(client, {
        asset: parseId(asset, 'asset'),
        to: options.to === undefined ? undefined : parseAddress(options.to, 'to'),
        ...whatOf(options),
      } as RescueTillParameters)
      output.result(rescued, [`${rescued.to} received it: ${rescued.amountOrId}.`, `Transaction ${rescued.hash}`])
    })
}

function whatOf({ ether, token, nft }: Options) {
  const [collection = '', id = ''] = (nft ?? '').split(':')
  const named = [
    ...(ether === true ? [{ what: 'ether' as const }] : []),
    ...(token === undefined ? [] : [{ what: 'token' as const, token: parseAddress(token, 'token') }]),
    ...(nft === undefined
      ? []
      : [{ what: 'nft' as const, collection: parseAddress(collection, 'nft'), id: parseId(id, 'nft') }]),
  ]
  const [one, another] = named
  if (one !== undefined && another === undefined) return one
  throw new AgoraiError('invalid_request', 'Name one of --ether, --token and --nft.', { field: 'what' })
}
