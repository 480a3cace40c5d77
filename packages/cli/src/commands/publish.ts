import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  AgoraiError,
  bytes32Schema,
  encodeManifest,
  hexSchema,
  manifestDigest,
  parseManifest,
  parseStrictJson,
  parseWith,
  statementSchema,
  uintSchema,
} from '@agorai/core'
import {
  type ContentSource,
  type PrepareAssetParameters,
  type PublishAssetReturnType,
  type PublishPhase,
  prepareAsset,
  publishAsset,
  type RowFormat,
  type SignedConsent,
} from '@agorai/sdk'
import { type Command, Option } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseCount, parseId, relayerOption } from '../command.js'
import { connect, connectRelayer } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { addOfferOptions, type OfferOptions, readInput, readOffer, readOffers } from '../offerOptions.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

type Options = CommonOptions &
  OfferOptions & {
    about?: string
    prepare?: string
    prepared?: string
    consent?: string[]
    token?: string
    offers?: string
    asset?: string
    rows?: RowFormat
    feeMax?: string
    relayer?: string
  }

const phases: Record<PublishPhase, string> = {
  measure: 'Reading and hashing',
  upload: 'Encrypting and uploading',
  check: 'The operator checks the content',
  publish: 'Publishing on the chain',
}

const about = `
--about names a JSON file with what you state; everything else is measured from the content:
  { "kind": "dataset", "name": "…", "description": "…", "tags": [],
    "licence": { "spdx": "CC-BY-4.0", "source": "…", "attribution": "…" },
    "provenance": { "description": "…", "builtFrom": [] },
    "terms": { "royaltyBps": 1000, "serveBps": 6000, "derivatives": true, "consent": false, "commercial": true },
    "contributors": { "bps": 6000, "leaves": [{ "account": "0x…", "weight": "4000", "label": "…" }] },
    "metrics": [] }
A model also has a "modelCard" object; a service, agent or pipeline may name "suppliers", the versions whose work it
sells; a collection has "members": [{ "version": "1", "weight": "1" }] and no file. The operator of the node sees the
content.

When an owner has to consent: --prepare manifest.json does all but the chain and prints the digest that the owner signs
with \`agorai consent sign\`; then --prepared manifest.json --consent consent.json publishes it.

--offers names a JSON file with several first offers:
  [{ "price": "5", "usage": "train" }, { "price": "1", "usage": "inference", "timed": true,
     "brackets": [{ "fromDay": 7, "bps": 9000 }] }]`

export function publishCommand(output: Output): Command {
  const command = createCommand(
    'publish',
    'Publish an asset, or a later version of one, with its first offers',
    'agorai publish rows.csv --about about.json --price 5 --usage train --account dev:1',
  )
    .argument('[file]', 'the content; collections have none, and services need none')
    .option('--about <file>', 'what you state about it, as JSON (below)')
    .option(...accountOption)
    .option('--price <amount>', 'list an offer at this price, in whole tokens; 0 is free')
  return addOfferOptions(command)
    .option('--offers <file>', 'several first offers, as JSON (below)')
    .option('--token <address>', 'payment token of the offers (default: tUSD on the local chain)')
    .addOption(new Option('--rows <format>', 'how it is cut into rows (default: by the name)').choices(rowFormats))
    .option('--asset <id>', 'the asset that this is a later version of')
    .option('--prepare <file>', 'upload everything, write the manifest here, and leave the chain for later')
    .option('--prepared <file>', 'publish what was prepared: the manifest')
    .option('--consent <file...>', 'consents of owners of what it is built from or sells')
    .option('--fee-max <bps>', 'highest protocol fee that you accept, of 10,000 (default: the one asked now)')
    .option(...relayerOption)
    .addHelpText('after', about)
    .action(async (file: string | undefined, options: Options) => {
      const client = await connect(options, readEnvironment())
      const source =
        options.prepared === undefined
          ? await readSource(file, options, output)
          : { prepared: await readPrepared(options.prepared) }
      if (options.prepare !== undefined) {
        if ('prepared' in source) throw unusable('It is prepared already: leave --prepare out.', 'prepare')
        const prepared = await prepareAsset(client, source)
        await writeFile(options.prepare, encodeManifest(prepared.manifest))
        return output.result(prepared, [
          `Uploaded and checked. Manifest ${prepared.manifestDigest} is in ${options.prepare}.`,
          `Next: agorai publish --prepared ${options.prepare}`,
        ])
      }
      const published = await publishAsset(client, {
        ...source,
        offers: await readFirstOffers(),
        asset: options.asset === undefined ? undefined : parseId(options.asset, 'asset'),
        consents: await Promise.all((options.consent ?? []).map(readConsent)),
        feeBpsMax: options.feeMax === undefined ? undefined : parseCount(options.feeMax, 'feeMax', 500),
        relayer: await connectRelayer(options, readEnvironment()),
      })
      output.result(published, describe(published))

      async function readFirstOffers() {
        const { price } = options
        if (price === undefined && options.offers === undefined) return []
        const token = await paymentToken(client, options.token)
        return [
          ...(price === undefined ? [] : [await readOffer({ ...options, price }, token)]),
          ...(options.offers === undefined ? [] : await readOffers(options.offers, token)),
        ]
      }
    })
}

const describe = ({ asset, version, manifestDigest: digest, cid, offers, hash }: PublishAssetReturnType): string[] => [
  `Published asset ${asset}, version ${version}.`,
  `Manifest ${digest}`,
  ...(cid === null ? [] : [`Ciphertext ${cid}`]),
  ...(offers.length === 0 ? [] : [`Offers ${offers.join(', ')}`]),
  `Transaction ${hash}`,
  `Next: agorai show ${asset}`,
]

const rowFormats = ['csv', 'jsonl', 'binary'] as const
const mediaTypes = { csv: 'text/csv', jsonl: 'application/jsonl', binary: 'application/octet-stream' } as const

const formatOf = (file: string): RowFormat =>
  /\.csv$/i.test(file) ? 'csv' : /\.(jsonl|ndjson)$/i.test(file) ? 'jsonl' : 'binary'

/** What is stated, and the content if there is one. */
async function readSource(file: string | undefined, options: Options, output: Output): Promise<PrepareAssetParameters> {
  if (options.about === undefined) throw unusable('Name a statement with --about; see --help.', 'about')
  const document = parseStrictJson(await readInput(options.about, 'about'))
  const { provenance, suppliers, ...stated } = parseWith(statementSchema, document, 'manifest_invalid')
  const rowFormat = options.rows ?? formatOf(file ?? '')
  return {
    ...stated,
    provenance: { description: provenance.description },
    parents: provenance.builtFrom.map(BigInt),
    suppliers: suppliers.map(BigInt),
    content: file === undefined ? undefined : await readContent(file, rowFormat),
    rowFormat,
    onProgress: ({ phase, bytes, bytesTotal }) =>
      output.progress(phases[phase], ...(bytesTotal === 0 ? [] : [bytes, bytesTotal])),
  }
}

async function readContent(file: string, rowFormat: RowFormat): Promise<ContentSource> {
  return {
    fileName: basename(file),
    mediaType: mediaTypes[rowFormat],
    bytes: await sizeOf(file),
    stream: () => createReadStream(file),
  }
}

async function readPrepared(path: string) {
  const bytes = await readInput(path, 'prepared')
  return { manifest: parseManifest(bytes), manifestDigest: manifestDigest(bytes) }
}

/** What `agorai consent sign --json` printed. */
async function readConsent(path: string): Promise<SignedConsent> {
  const document = parseStrictJson(await readInput(path, 'consent'))
  const { version, nonce, expiry, signature } = (document ?? {}) as Record<string, unknown>
  return {
    version: BigInt(parseWith(uintSchema, version)),
    nonce: parseWith(bytes32Schema, nonce),
    expiry: BigInt(parseWith(uintSchema, expiry)),
    signature: parseWith(hexSchema, signature),
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const entry = await stat(path)
    if (entry.isFile()) return entry.size
  } catch (cause) {
    throw unusable(`${path} is not a file that can be read.`, 'file', cause)
  }
  throw unusable(`${path} is not a file that can be read.`, 'file')
}

const unusable = (message: string, field: string, cause?: unknown): AgoraiError =>
  new AgoraiError('invalid_request', message, { field, cause })
