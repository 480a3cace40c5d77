import { writeFile } from 'node:fs/promises'
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
  type AgoraiClient,
  type PrepareAssetParameters,
  type PublishAssetReturnType,
  type PublishPhase,
  prepareAsset,
  publishAsset,
  type SignedConsent,
  type UploadMemory,
} from '@agorai/sdk'
import type { OpenedSource } from '@agorai/sdk/ingest'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseCount, parseId, relayerOption } from '../command.js'
import { connect, connectRelayer } from '../connect.js'
import { addDescribeOptions, type DescribeOptions, describeSource } from '../describeOptions.js'
import { type Environment, readEnvironment } from '../environment.js'
import { addOfferOptions, type OfferOptions, readInput, readOffer, readOffers } from '../offerOptions.js'
import { plain } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'
import { addSourceOptions, openContent, type SourceOptions, sourcesHelp } from '../sourceOptions.js'
import { openUploadState } from '../uploadState.js'

type Options = CommonOptions &
  OfferOptions &
  DescribeOptions &
  SourceOptions & {
    resume?: boolean
    about?: string
    prepare?: string
    prepared?: string
    consent?: string[]
    token?: string
    offers?: string
    asset?: string
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
Of these "tags", "builtFrom", "contributors", "metrics" and all of "terms" but "royaltyBps" may be left out.
A model may have a "modelCard" object; a service, agent or pipeline may name "suppliers", the versions whose work it
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
    .argument(
      '[content]',
      'the content: a path or another reference (below); collections have none, services need none',
    )
    .option('--about <file>', 'what you state about it, as JSON (below)')
    .option(...accountOption)
    .option('--price <amount>', 'list an offer at this price, in whole tokens; 0 is free')
  return addSourceOptions(addDescribeOptions(addOfferOptions(command)))
    .option('--offers <file>', 'several first offers, as JSON (below)')
    .option('--token <address>', 'payment token of the offers (default: tUSD on the local chain)')
    .option('--no-resume', 'begin the upload anew, even if it was cut short before')
    .option('--asset <id>', 'the asset that this is a later version of')
    .option('--prepare <file>', 'upload everything, write the manifest here, and leave the chain for later')
    .option('--prepared <file>', 'publish what was prepared: the manifest')
    .option('--consent <file...>', 'consents of owners of what it is built from or sells')
    .option('--fee-max <bps>', 'highest protocol fee that you accept, of 10,000 (default: the one asked now)')
    .option(...relayerOption)
    .addHelpText('after', sourcesHelp)
    .addHelpText('after', about)
    .action(async (reference: string | undefined, options: Options) => {
      const environment = readEnvironment()
      const client = await connect(options, environment)
      const source = await readSource()
      const { content } = source
      try {
        if (options.prepare === undefined) await publish()
        else await prepare(options.prepare)
      } finally {
        await content?.close?.()
      }

      async function readSource() {
        if (options.prepared !== undefined)
          return { content: undefined, prepared: await readPrepared(options.prepared) }
        const statement = await readStatement(options.about)
        const content = reference === undefined ? undefined : await openContent(reference, options, environment, output)
        const uploads = content && (await rememberUpload(client, content, environment, options))
        return { ...(await describeAsset(statement, content, options, output)), content, uploads }
      }
      async function prepare(file: string): Promise<void> {
        if ('prepared' in source) throw unusable('It is prepared already: leave --prepare out.', 'prepare')
        const prepared = await prepareAsset(client, source)
        await writeFile(file, encodeManifest(prepared.manifest))
        await source.uploads?.clear()
        output.result(prepared, [
          ...describeLeftOut(content),
          `Uploaded and checked. Manifest ${prepared.manifestDigest} is in ${file}.`,
          `Next: agorai publish --prepared ${file}`,
        ])
      }
      async function publish(): Promise<void> {
        const published = await publishAsset(client, {
          ...source,
          offers: await readFirstOffers(),
          asset: options.asset === undefined ? undefined : parseId(options.asset, 'asset'),
          consents: await Promise.all((options.consent ?? []).map(readConsent)),
          feeBpsMax: options.feeMax === undefined ? undefined : parseCount(options.feeMax, 'feeMax', 500),
          relayer: await connectRelayer(options, environment),
        })
        const leftOut = content?.leftOut ?? []
        const result = leftOut.length === 0 ? published : { ...published, leftOut }
        output.result(result, [...describeLeftOut(content), ...describe(published)])
      }
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

const leftOutShown = 10

function describeLeftOut(content: OpenedSource | undefined): string[] {
  const { leftOut = [] } = content ?? {}
  if (leftOut.length === 0) return []
  const more = leftOut.length - leftOutShown
  return [
    `Left out of the folder: ${leftOut.length}`,
    ...leftOut.slice(0, leftOutShown).map(({ path, reason }) => `  ${plain(path)} (${plain(reason)})`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

async function readStatement(path: string | undefined) {
  if (path === undefined) throw unusable('Name a statement with --about; see --help.', 'about')
  return parseWith(statementSchema, parseStrictJson(await readInput(path, 'about')), 'manifest_invalid')
}

/** What is stated, and what the content says of itself if there is one. */
async function describeAsset(
  { provenance, suppliers, modelCard, ...stated }: Awaited<ReturnType<typeof readStatement>>,
  content: OpenedSource | undefined,
  options: Options,
  output: Output,
): Promise<PrepareAssetParameters> {
  return {
    ...stated,
    ...(content === undefined ? { modelCard } : await describeSource(content, options, modelCard, output)),
    provenance: { description: provenance.description },
    history: content?.history,
    parents: provenance.builtFrom.map(BigInt),
    suppliers: suppliers.map(BigInt),
    content,
    rowFormat: content?.format.rowFormat,
    onProgress: ({ phase, bytes, bytesTotal }) =>
      output.progress(phases[phase], ...(bytesTotal === 0 ? [] : [bytes, bytesTotal])),
  }
}

/** So that the same command goes on where it was cut short, also after its process was killed. */
async function rememberUpload(
  client: AgoraiClient,
  { identity }: OpenedSource,
  { stateFolder }: Environment,
  options: Options,
): Promise<UploadMemory> {
  const account = client.wallet?.account.address ?? ''
  const uploads = openUploadState({ stateFolder, identity, account, operator: client.info.operator.address })
  if (options.resume === false) await uploads.clear()
  return uploads
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

const unusable = (message: string, field: string, cause?: unknown): AgoraiError =>
  new AgoraiError('invalid_request', message, { field, cause })
