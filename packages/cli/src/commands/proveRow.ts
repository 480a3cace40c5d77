import { writeFile } from 'node:fs/promises'
import { AgoraiError, parseStrictJson } from '@agorai/core'
import { proveRow } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readInput } from '../offerOptions.js'
import type { Output } from '../output/output.js'

export function proveRowCommand(output: Output): Command {
  return createCommand(
    'prove-row',
    'Get the proof that a row is in a version, without showing any other',
    'agorai prove-row 3 --row row.json --out proof.json --account dev:3',
  )
    .argument('<version>', 'id of the version')
    .requiredOption('--row <file>', 'the whole row, as one JSON object')
    .option('--out <file>', 'where the proof is written (with --json it is printed)')
    .option(...accountOption)
    .action(async (version: string, options: CommonOptions & { row: string; out?: string }) => {
      const client = await connect(options, readEnvironment())
      const row = await readRow(options.row)
      const proof = await proveRow(client, { version: parseId(version, 'version'), row })
      if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(proof)}\n`)
      output.result(proof, [
        `Row ${proof.index} of the ${proof.rows} rows of version ${proof.version} is that row.`,
        ...(options.out === undefined
          ? []
          : [`The proof is in ${options.out}: agorai verify-row ${options.out} --row ${options.row}`]),
      ])
    })
}

/** One row as a JSON object in a file. */
export async function readRow(path: string): Promise<Record<string, unknown>> {
  const row = parseStrictJson(await readInput(path, 'row'))
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>
  throw new AgoraiError('invalid_request', 'A row is one JSON object.', { field: 'row' })
}
