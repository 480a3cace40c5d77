import { createReadStream } from 'node:fs'
import { verifyDelivery } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand } from '../command.js'
import { connect } from '../connect.js'
import { readDelivery } from '../deliveryFolder.js'
import { readEnvironment } from '../environment.js'
import { formatTable, plain } from '../output/format.js'
import type { Output } from '../output/output.js'
import { verifyDescription } from '../verifyDescription.js'

type Options = CommonOptions & { rows?: string; label: string; divide: string }

export function verifyCommand(output: Output): Command {
  return createCommand(
    'verify',
    'Recompute everything that was stated about a download',
    'agorai verify digits-model --rows held-out.csv',
  )
    .argument('<folder>', 'what `agorai download` wrote')
    .option('--rows <file>', 'for an ONNX model: the evaluation rows as CSV, to count right answers again')
    .option('--label <column>', 'the column that holds the right answer', 'label')
    .option('--divide <number>', 'divide every input by this number, as the model card says', '255')
    .action(async (folder: string, options: Options) => {
      const delivery = await readDelivery(folder)
      const client = await connect(options, readEnvironment())
      output.progress('Hashing, encrypting again and comparing')
      const { rows } = options
      // The runtime is a native library: only who needs it loads it.
      const runtime = rows === undefined ? undefined : await import('../predictor.js')
      const predictor = await runtime?.createPredictor(delivery.path, options.divide)
      try {
        const { checks, manifest } = await verifyDelivery(client, {
          ...delivery,
          ...(rows === undefined || predictor === undefined
            ? {}
            : {
                evaluation: {
                  rows: () => createReadStream(rows),
                  rowFormat: 'csv' as const,
                  labelColumn: options.label,
                  predict: predictor.predict,
                },
              }),
        })
        output.progress('Taking the description again')
        checks.push(...(await verifyDescription(delivery.manifest, delivery.path)))
        output.result({ verified: true, checks }, [
          `${plain(manifest.name)} is what was published.`,
          ...formatTable(checks.map(({ name, found }) => [`  ✓ ${name}`, found])),
        ])
      } finally {
        await predictor?.release()
      }
    })
}
