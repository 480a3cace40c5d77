import type { ServingApi } from '@agorai/core'

/** Where a service is called, without a leading slash. */
export const callPath = (api: ServingApi, service: bigint): string =>
  ({
    completions: 'v1/completions',
    chat: 'v1/chat/completions',
    embeddings: 'v1/embeddings',
    infer: `v2/models/${service}/infer`,
  })[api]

/** A call's body as it is sent: the OpenAI API names the model in it, the Open Inference Protocol in the path. */
export const callBody = (api: ServingApi, service: bigint, body: Record<string, unknown>): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(api === 'infer' ? body : { model: String(service), ...body }))
