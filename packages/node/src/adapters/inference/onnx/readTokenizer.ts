import { AgoraiError, type BytePairCoder, createBytePairCoder, parseStrictJson } from '@agorai/core'
import { z } from 'zod'

const token = z.number().int().min(0).max(1_000_000)

/** What stands in an ONNX file's metadata under `agorai.tokenizer`. */
const tokenizerSchema = z.strictObject({
  kind: z.literal('byte-pair'),
  /** The token that stands before a text begins. */
  before: token,
  /** The token after which a text has ended, where the model knows one. */
  end: token.optional(),
  merges: z.array(z.tuple([token, token])).max(1_000_000),
})

export type Tokenizer = BytePairCoder & { before: number; end: number | undefined }

const bytesMax = 32 * 1024 * 1024

/** The tokenizer that a model brings along. @throws AgoraiError `model_unsupported` for one that is not right. */
export function readTokenizer(metadata: Readonly<Record<string, string>>): Tokenizer | undefined {
  const said = metadata['agorai.tokenizer']
  if (said === undefined) return undefined
  try {
    const { before, end, merges } = tokenizerSchema.parse(parseStrictJson(said, { bytesMax }))
    return { ...createBytePairCoder(merges), before, end }
  } catch (cause) {
    throw new AgoraiError('model_unsupported', 'The tokenizer in its metadata is not valid.', { cause })
  }
}
