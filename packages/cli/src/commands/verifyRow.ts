import { parseStrictJson, parseWith, rowProofSchema } from '@agorai/core'
import { verifyRowProof } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readInput } from '../offerOptions.js'
import { plain } from '../output/format.js'
import type { Output } from '../output/output.js'
import { readRow } from './proveRow.js'

type Options = CommonOptions & { row: string; manifest?: string; onChain?: boolean }

export function verifyRowCommand(output: Output): Command {
  return createCommand(
    'verify-row',
    'Check that a row is in a version, by its proof, the manifest and the chain',
    'agorai verify-row proof.json --row row.json',
  )
    .argument('<proof>', 'what `agorai prove-row` wrote')
    .requiredOption('--row <file>', 'the whole row, as one JSON object')
    .option('--manifest <file>', 'the exact manifest of the version (default: the node is asked for it)')
    .option('--on-chain', 'have the contract check it, too; whoever serves the chain sees the row')
    .action(async (path: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const proof = parseWith(rowProofSchema, parseStrictJson(await readInput(path, 'proof')))
      const { manifest: file } = options
      const manifestBytes = file === undefined ? undefined : await readInput(file, 'manifest')
      const { version, index, rows, contributor, manifest } = await verifyRowProof(client, {
        proof,
        row: await readRow(options.row),
        manifestBytes,
        onChain: options.onChain,
      })
      output.result({ verified: true, version, index, rows, contributor }, [
        `Row ${index} of the ${rows} rows of ${plain(manifest.name)}, version ${version}, is that row.`,
        contributor === null ? 'It is of the publisher.' : `It was given by ${plain(contributor.label)}.`,
      ])
    })
}
