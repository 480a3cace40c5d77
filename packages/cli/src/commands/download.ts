import { writeFile } from 'node:fs/promises'
import { fetchDelivery, getAsset } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { contentNameOf, writeDelivery } from '../deliveryFolder.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'

type Options = CommonOptions & { version?: string; offer?: string; output?: string; from?: string[] }

export function downloadCommand(output: Output): Command {
  return createCommand(
    'download',
    'Download and decrypt an asset that you hold a pass for',
    'agorai download 2 --account dev:6 --output digits-model',
  )
    .argument('<asset>', 'id of the asset')
    .option(...accountOption)
    .option('--version <id>', 'another version than the current one; a pass opens all of them')
    .option('--offer <id>', 'the offer whose pass you hold (default: found by your passes)')
    .option('--from <url...>', 'other nodes that may have the content; none of them is believed anything')
    .option('--output <folder>', 'a folder that does not exist yet (default: agorai-<asset>)')
    .action(async (asset: string, options: Options) => {
      const id = parseId(asset, 'asset')
      const client = await connect(options, readEnvironment())
      const version =
        options.version === undefined
          ? BigInt((await getAsset(client, { asset: id })).version.id)
          : parseId(options.version, 'version')
      output.progress('Asking for the key')
      const proofs: string[] = []
      const delivery = await fetchDelivery(client, {
        version,
        sources: options.from ?? [],
        async onWrongChunk(wrong) {
          const path = `wrong-chunk-${wrong.version}-${wrong.receipt.index}.json`
          await writeFile(path, `${JSON.stringify(wrong, null, 2)}\n`)
          proofs.push(path)
          output.progress(`The operator signed for another chunk than was published: the proof is in ${path}`)
        },
        ...(options.offer === undefined ? {} : { offer: parseId(options.offer, 'offer') }),
      })
      const folder = options.output ?? `agorai-${id}`
      await writeDelivery(folder, delivery, {
        onProgress: (done, total) => output.progress('Downloading', done, total),
        onResume: (bytes) => output.progress(`Going on after ${bytes} bytes that are here already`),
      })
      const { bytes } = delivery.manifest.content.plaintext
      const file = contentNameOf(delivery.manifest)
      output.result({ folder, file, bytes, version, manifestDigest: delivery.grant.manifestDigest, proofs }, [
        `Downloaded ${file}, ${bytes} bytes, into ${folder}.`,
        'Every chunk was compared with the manifest, and authenticated.',
        `Next: agorai verify ${folder}`,
      ])
    })
}
