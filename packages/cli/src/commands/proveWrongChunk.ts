import { AgoraiError, parseStrictJson, parseWith } from '@agorai/core'
import { proveWrongChunk, wrongChunkSchema } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readInput } from '../offerOptions.js'
import type { Output } from '../output/output.js'

/** A manifest of 4 MiB in hex, and what stands beside it. */
const proofBytesMax = 10 * 1024 * 1024

export function proveWrongChunkCommand(output: Output): Command {
  return createCommand(
    'prove-wrong-chunk',
    'Have the contract check that an operator signed for another chunk than was published',
    'agorai prove-wrong-chunk wrong-chunk-2-7.json',
  )
    .argument('<proof>', 'what `agorai download` wrote')
    .action(async (path: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const bytes = await readInput(path, 'proof')
      const proof = parseWith(wrongChunkSchema, parseStrictJson(bytes, { bytesMax: proofBytesMax }))
      const { proven } = await proveWrongChunk(client, proof)
      const { operator, version } = proof
      const { index } = proof.receipt
      if (!proven)
        throw new AgoraiError('integrity_failed', `The contract does not find that ${operator} sent a wrong chunk.`, {
          field: 'proof',
        })
      output.result({ proven, operator, version, chunk: index }, [
        `Operator ${operator} signed that it sent another chunk ${index} than version ${version} published.`,
      ])
    })
}
