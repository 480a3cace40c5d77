import {
  parseWith,
  priceOfCall,
  type QuoteRequest,
  quoteRequestSchema,
  quoteSchema,
  type ServingApi,
} from '@agorai/core'
import { type Route, route } from '../http/route.js'
import { type CallRoutesOptions, callErrors } from './callOptions.js'
import { planInference } from './oip/planInference.js'
import { readTensors } from './oip/readTensors.js'
import { inferenceSchema } from './oip/schemas.js'
import { planEmbeddings } from './openai/planEmbeddings.js'
import { planChat, planCompletion } from './openai/planGeneration.js'
import { chatSchema, completionSchema, embeddingsSchema } from './openai/schemas.js'
import type { Plan, Planning } from './planCall.js'

const quoteBytesMax = 1024 * 1024

const plans: Record<ServingApi, (planning: Planning, body: QuoteRequest['body']) => Plan> = {
  completions: (planning, body) => planCompletion(planning, parseWith(completionSchema, named(planning, body))),
  chat: (planning, body) => planChat(planning, parseWith(chatSchema, named(planning, body))),
  embeddings: (planning, body) => planEmbeddings(planning, parseWith(embeddingsSchema, named(planning, body))),
  infer(planning, body) {
    const request = parseWith(inferenceSchema, body)
    return planInference(planning, request, readTensors(request, undefined))
  },
}

/** A quote names the service beside the body, so the body need not. */
const named = ({ model }: Planning, body: QuoteRequest['body']) => ({ model, ...body })

/** What a call costs at most, by the same counting that is done when it is made. Nothing is reserved and nothing is run. */
export const quoteRoutes = ({ services }: CallRoutesOptions): Route[] => [
  route({
    method: 'post',
    path: '/api/v1/quotes',
    summary: 'What a call uses and costs at most: `body` is what would be sent to the API named by `api`.',
    crossOrigin: true,
    hot: true,
    body: quoteRequestSchema,
    bodyBytesMax: quoteBytesMax,
    response: quoteSchema,
    errors: callErrors,
    async handle({ body: { service: asset, api, body }, client }) {
      const open = await services.get(BigInt(asset))
      const { usageMax } = plans[api]({ open, model: asset, client }, body)
      const { version, serving } = open.service
      return {
        service: asset,
        version: version.toString(),
        usageMax,
        amountMax: priceOfCall(serving.prices, usageMax).toString(),
        token: serving.token,
      }
    },
  }),
]
