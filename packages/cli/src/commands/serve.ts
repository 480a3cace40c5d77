import type { ServedServiceInfo } from '@agorai/core'
import { type AgoraiClient, serveAsset, stopServing } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { describeCalls } from '../output/describeCalls.js'
import { plain } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

type Options = CommonOptions & { offer?: string; stop?: boolean }

const more = `
What the service answers by and what a call costs stand in its manifest ("serving"), which \`agorai publish\` takes; see
docs/calls.md. The node goes on serving it after a restart, until --stop.`

export function serveCommand(output: Output): Command {
  return createCommand(
    'serve',
    'Have the node answer calls of a service that you own',
    'agorai serve 3 --account dev:2',
  )
    .argument('<asset>', 'id of the service')
    .option('--offer <id>', 'the offer of the model that you hold a pass of, if the model is not yours')
    .option('--stop', 'answer no more calls')
    .option(...accountOption)
    .addHelpText('after', more)
    .action(async (id: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const asset = parseId(id, 'asset')
      if (options.stop) {
        const { stopped } = await stopServing(client, { asset })
        output.result({ stopped }, [`Service ${stopped} answers no more calls at ${client.node.href}`])
        return
      }
      output.progress('Opening the model')
      const offer = options.offer === undefined ? undefined : parseId(options.offer, 'offer')
      const service = await serveAsset(client, { asset, offer })
      output.result(service, await describe(client, service))
    })
}

async function describe(client: AgoraiClient, { asset, name, serving }: ServedServiceInfo): Promise<string[]> {
  const token = await paymentToken(client, serving.token)
  const paths = serving.apis.map((api) => (api === 'infer' ? `v2/models/${asset}/infer` : 'v1'))
  return [
    `${plain(name)} is served.`,
    ...[...new Set(paths)].map((path) => `  ${new URL(path, client.node).href}`),
    ...describeCalls(serving, token),
    `Next: agorai call ${asset} ${serving.apis.includes('infer') ? '--input body.json' : '--prompt "The sea"'} --account dev:6`,
  ]
}
