import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { AgoraiError, type Manifest, parseStrictJson, parseWith, statementSchema, usageSchema } from '@agorai/core'
import { type PublishPhase, publishAsset } from '@agorai/sdk'
import { type Command, Option } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

type Options = CommonOptions & {
  about: string
  token?: string
  price?: string
  usage: string
  asset?: string
  rows?: Manifest['content']['plaintext']['rowFormat']
}

const phases: Record<PublishPhase, string> = {
  measure: 'Reading and hashing',
  upload: 'Encrypting and uploading',
  check: 'The operator checks the content',
  publish: 'Publishing on the chain',
  offer: 'Listing the offer',
}

const about = `
--about names a JSON file with what you state; everything else is measured from the content:
  { "kind": "dataset", "name": "…", "description": "…", "tags": [],
    "licence": { "spdx": "CC-BY-4.0", "source": "…", "attribution": "…" },
    "provenance": { "description": "…", "builtFrom": [] },
    "terms": { "royaltyBps": 1000 },
    "contributors": { "bps": 6000, "leaves": [{ "account": "0x…", "weight": "4000", "label": "…" }] },
    "metrics": [] }
A model also has a "modelCard" object. The operator of the node sees the content.`

export function publishCommand(output: Output): Command {
  return createCommand(
    'publish',
    'Publish a file as a dataset or model, or as a later version of one',
    'agorai publish rows.csv --about about.json --price 5 --usage train --account dev:1',
  )
    .argument('<file>', 'the content')
    .requiredOption('--about <file>', 'what you state about it, as JSON (below)')
    .option(...accountOption)
    .option('--price <amount>', 'list an offer at this price, in whole tokens; 0 is free')
    .option('--token <address>', 'payment token of the offer (default: tUSD on the local chain)')
    .addOption(new Option('--usage <usage>', 'what the offer allows').choices(usageSchema.options).default('internal'))
    .addOption(new Option('--rows <format>', 'how it is cut into rows (default: by the name)').choices(rowFormats))
    .option('--asset <id>', 'the asset that this is a later version of')
    .addHelpText('after', about)
    .action(async (file: string, options: Options) => {
      const { provenance, ...stated } = await readStatement(options.about)
      const bytes = await sizeOf(file)
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client, options.token)
      const offers =
        options.price === undefined
          ? []
          : [
              {
                token: token.address,
                price: parseAmount(options.price, token.decimals),
                usage: parseWith(usageSchema, options.usage),
              },
            ]
      const rowFormat = options.rows ?? formatOf(file)
      const published = await publishAsset(client, {
        ...stated,
        provenance: { description: provenance.description },
        parents: provenance.builtFrom.map(BigInt),
        content: {
          fileName: basename(file),
          mediaType: mediaTypes[rowFormat],
          bytes,
          stream: () => createReadStream(file),
        },
        rowFormat,
        offers,
        ...(options.asset === undefined ? {} : { asset: parseId(options.asset, 'asset') }),
        onProgress: ({ phase, bytes: done, bytesTotal }) =>
          output.progress(phases[phase], ...(bytesTotal === 0 ? [] : [done, bytesTotal])),
      })
      const { asset, version, manifestDigest, cid, hash } = published
      output.result(published, [
        `Published asset ${asset}, version ${version}.`,
        `Manifest ${manifestDigest}`,
        `Ciphertext ${cid}`,
        `Transaction ${hash}`,
        `Next: agorai show ${asset}`,
      ])
    })
}

const rowFormats = ['csv', 'jsonl', 'binary'] as const
const mediaTypes = { csv: 'text/csv', jsonl: 'application/jsonl', binary: 'application/octet-stream' } as const

const formatOf = (file: string): (typeof rowFormats)[number] =>
  /\.csv$/i.test(file) ? 'csv' : /\.(jsonl|ndjson)$/i.test(file) ? 'jsonl' : 'binary'

async function readStatement(path: string) {
  return parseWith(statementSchema, parseStrictJson(await readBytes(path)), 'manifest_invalid')
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw unreadable(path, 'about', cause)
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const entry = await stat(path)
    if (entry.isFile()) return entry.size
  } catch (cause) {
    throw unreadable(path, 'file', cause)
  }
  throw unreadable(path, 'file')
}

const unreadable = (path: string, field: string, cause?: unknown): AgoraiError =>
  new AgoraiError('invalid_request', `${path} is not a file that can be read.`, { field, cause })
