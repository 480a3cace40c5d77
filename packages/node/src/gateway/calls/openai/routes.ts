import { AgoraiError, parseStrictJson, parseWith } from '@agorai/core'
import { z } from 'zod'
import { assertContentType, readBytes } from '../../http/readBody.js'
import { type Route, route } from '../../http/route.js'
import type { OpenService, Services } from '../../services/createServices.js'
import { type CallRoutesOptions, callBytesMax, callErrors } from '../callOptions.js'
import type { Plan, Planning } from '../planCall.js'
import { sellCall } from '../sellCall.js'
import { openAiError } from './errorForm.js'
import { planEmbeddings } from './planEmbeddings.js'
import { planChat, planCompletion } from './planGeneration.js'
import { chatSchema, completionSchema, embeddingsSchema } from './schemas.js'

const common = { crossOrigin: true, hot: true, errorForm: openAiError } as const

/** The OpenAI API: any of its clients calls a service by `baseURL` and, where it has a price, a session's token. */
export function openAiRoutes(options: CallRoutesOptions): Route[] {
  const { services } = options
  const call = <body extends { model: string }>(
    path: string,
    summary: string,
    schema: z.ZodType<body>,
    plan: (planning: Planning, body: body) => Plan,
  ) =>
    route({
      ...common,
      light: true,
      method: 'post',
      path,
      summary,
      rawBody: 'application/json',
      rawResponse: ['application/json', 'text/event-stream'],
      errors: callErrors,
      async handle({ request, client }) {
        assertContentType(request, 'application/json')
        const bytes = await readBytes(request, callBytesMax)
        const body = parseWith(schema, parseStrictJson(bytes, { bytesMax: callBytesMax }))
        const open = await services.find(body.model)
        const planned = plan({ open, model: body.model, client }, body)
        const { service } = open
        return sellCall({ ...options, request, body: bytes, client, service, plan: planned, errorForm: openAiError })
      },
    })
  /** Refunds are asked for at the address that was paid; a channel is with the operator, whichever service it is. */
  const ways = (path: string) =>
    route({
      ...common,
      method: 'get',
      path,
      summary: 'The ways to pay for calls of a service; where a payment asks for its money back, the refund.',
      query: z.strictObject({ model: z.string().min(1).max(200).optional() }),
      rawResponse: 'application/json',
      errors: ['model_not_found'],
      async handle({ query: { model }, request }) {
        const [first] = model === undefined ? await services.all() : [await services.find(model)]
        if (first === undefined) throw new AgoraiError('model_not_found', 'No service is served here.')
        return options.cashier.offer(request, first.service)
      },
    })
  return [
    ...['/v1/completions', '/v1/chat/completions', '/v1/embeddings'].map(ways),
    call('/v1/completions', 'Go on with a text.', completionSchema, planCompletion),
    call('/v1/chat/completions', 'Answer a chat.', chatSchema, planChat),
    call('/v1/embeddings', 'Vectors of texts.', embeddingsSchema, planEmbeddings),
    ...modelRoutes(services),
  ]
}

function modelRoutes(services: Services): Route[] {
  const item = {
    ...common,
    method: 'get',
    summary: 'A service that this node serves.',
    params: z.strictObject({ id: z.string().min(1).max(200) }),
    rawResponse: 'application/json',
    errors: ['model_not_found', 'taken_down'],
  } as const
  return [
    route({
      ...common,
      method: 'get',
      path: '/v1/models',
      summary: 'The services that this node serves.',
      rawResponse: 'application/json',
      errors: [],
      handle: async () => Response.json({ object: 'list', data: (await services.all()).map(toModel) }),
    }),
    route({
      ...item,
      path: '/v1/models/{id}',
      handle: async ({ params: { id } }) => Response.json(toModel(await services.find(id))),
    }),
    // The same as one name with a slash in it, for clients that do not encode it.
    route({
      ...item,
      path: '/v1/models/agorai/{id}',
      handle: async ({ params: { id } }) => Response.json(toModel(await services.find(`agorai/${id}`))),
    }),
  ]
}

const toModel = ({ service, since }: OpenService) => ({
  id: `agorai/${service.asset}`,
  object: 'model',
  created: since,
  owned_by: service.owner,
  name: service.name,
})
