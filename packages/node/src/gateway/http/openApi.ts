import * as core from '@agorai/core'
import { errorCodes } from '@agorai/core'
import { z } from 'zod'
import { contentTypesOf, type Route } from './route.js'

type Json = { [key: string]: unknown }

const prefix = '#/components/schemas/'

/** Schemas that stand under a name of their own. */
const named: Record<string, z.ZodType> = {
  NodeInfo: core.nodeInfoSchema,
  Manifest: core.manifestSchema,
  Offer: core.offerSchema,
  Version: core.versionSchema,
  Vertex: core.vertexSchema,
  AssetSummary: core.assetSummarySchema,
  AssetList: core.assetListSchema,
  AssetDetail: core.assetDetailSchema,
  Lineage: core.lineageSchema,
  Entitlement: core.entitlementSchema,
  Revenue: core.revenueSchema,
  Pass: core.passSchema,
  Event: core.eventSchema,
  EventPage: core.eventPageSchema,
  DeliveryRequest: core.deliveryRequestSchema,
  DeliveryBody: core.deliveryBodySchema,
  DeliveryGrant: core.deliveryGrantSchema,
  UploadRequest: core.uploadRequestSchema,
  KeyDeposit: core.keyDepositSchema,
  Stored: core.storedSchema,
  UploadState: core.uploadStateSchema,
  ServedService: core.servedServiceSchema,
  QuoteRequest: core.quoteRequestSchema,
  Quote: core.quoteSchema,
}

/** The OpenAPI 3.1 document of the given routes, built from the very schemas that check the requests. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const item of routes) paths[item.path] = { ...paths[item.path], [item.method]: operation(item) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Agorai node',
      version,
      description: 'An open marketplace for AI datasets and models. Money, ids and nonces are decimal strings.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { ...componentSchemas(), Problem: problemSchema() } },
  }
}

function operation(item: Route): Json {
  const parameters = [
    ...parametersOf('path', item.params),
    ...parametersOf('query', item.query),
    ...Object.entries(item.headers ?? {}).map(([name, description]) => ({
      name,
      in: 'header',
      description,
      schema: { type: 'string' },
    })),
  ]
  const bodyType = item.body ? 'application/json' : item.rawBody
  return {
    summary: item.summary,
    operationId: `${item.method}_${item.path
      .replace(/^\/(api\/v1\/)?/, '')
      .replace(/[^a-z0-9]+/gi, '_')
      .replace(/_$/, '')}`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(bodyType === undefined
      ? {}
      : { requestBody: { required: true, content: { [bodyType]: { schema: schemaOf(item.body) } } } }),
    responses: {
      200: { description: 'Done.', content: contentOf(item) },
      ...problemsOf(item),
    },
  }
}

const contentOf = (item: Route): Json =>
  Object.fromEntries(contentTypesOf(item).map((type) => [type, { schema: schemaOf(item.response) }]))

/** One entry a status, naming the codes that it stands for. */
function problemsOf(item: Route): Json {
  const byStatus = new Map<number, string[]>()
  for (const code of ['invalid_request', ...item.errors] as const) {
    const { status } = errorCodes[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content:
          item.errorForm === undefined
            ? { 'application/problem+json': { schema: { $ref: `${prefix}Problem` } } }
            : { 'application/json': { schema: {} } },
      },
    ]),
  )
}

function parametersOf(place: 'path' | 'query', shape: z.ZodObject | undefined): Json[] {
  return Object.entries(shape?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || !z.safeParse(schema as z.ZodType, undefined).success,
    schema: schemaOf(schema as z.ZodType),
  }))
}

/** A reference where the schema has a name, else the schema itself. Bytes have no schema. */
function schemaOf(schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return {}
  const name = Object.entries(named).find(([, value]) => value === schema)?.[0]
  if (name !== undefined) return { $ref: prefix + name }
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => prefix + id, io: 'input', unrepresentable: 'any' })
  const components = Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema])
  // Recursive parts stand in a component of their own, which the generator addresses as a document of its own.
  const text = JSON.stringify(Object.fromEntries(components))
  return JSON.parse(text.replaceAll('__shared#/', 'Shared/').replace('"__shared"', '"Shared"')) as Json
}

function problemSchema(): Json {
  const text = { type: 'string' }
  return {
    type: 'object',
    properties: {
      type: text,
      title: text,
      status: { type: 'integer' },
      code: { type: 'string', enum: Object.keys(errorCodes) },
      detail: text,
      remedy: text,
      field: text,
      details: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    },
    required: ['type', 'title', 'status', 'code', 'detail', 'remedy'],
  }
}
