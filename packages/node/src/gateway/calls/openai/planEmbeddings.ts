import { AgoraiError } from '@agorai/core'
import { assertOffers, assertWithin, type Plan, type Planning, usageWithin, withinTime } from '../planCall.js'
import type { EmbeddingsBody } from './schemas.js'

/** @throws AgoraiError `invalid_request`, `limit_exceeded` */
export function planEmbeddings({ open, model, client }: Planning, body: EmbeddingsBody): Plan {
  assertOffers(open, 'embeddings')
  const { runtime } = open
  const { limits, runtime: kind } = open.service.serving
  const texts = [body.input].flat()
  assertWithin('input', texts.length, limits.rows)
  const counted = texts.reduce((sum, text) => sum + runtime.countTokens(text), 0)
  const inputTokens = kind === 'upstream' ? Math.min(counted, limits.inputTokens) : counted
  assertWithin('input', inputTokens, limits.inputTokens)
  const usageMax = { call: 1, input_token: inputTokens, row: texts.length, millisecond: limits.milliseconds }
  return {
    usageMax,
    streams: false,
    work: ({ signal, payer = client }) =>
      withinTime(limits.milliseconds, signal, async (own) => {
        const embedded = await runtime.embed(texts, { client: payer, signal: own })
        const { vectors, milliseconds } = embedded
        const dimensions = vectors[0]?.length
        if (typeof body.dimensions === 'number' && body.dimensions !== dimensions)
          throw new AgoraiError('invalid_request', `dimensions: its vectors have ${dimensions}.`, {
            field: 'dimensions',
          })
        const answer = {
          object: 'list',
          data: vectors.map((vector, index) => ({
            object: 'embedding',
            index,
            embedding: body.encoding_format === 'base64' ? toBase64(vector) : Array.from(vector),
          })),
          model,
          usage: { prompt_tokens: embedded.inputTokens, total_tokens: embedded.inputTokens },
        }
        const used = { call: 1, row: texts.length, input_token: embedded.inputTokens, millisecond: milliseconds }
        return {
          kind: 'whole',
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: Buffer.from(JSON.stringify(answer)),
          usage: usageWithin(usageMax, used),
        }
      }),
  }
}

/** Little-endian floats, as clients of the OpenAI API read them. */
const toBase64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')
