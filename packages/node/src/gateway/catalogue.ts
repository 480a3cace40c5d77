import {
  addressSchema,
  assetDetailSchema,
  assetListSchema,
  kindSchema,
  lineageSchema,
  passSchema,
  revenueSchema,
  uintSchema,
} from '@agorai/core'
import { z } from 'zod'
import type { Catalogue } from '../ports/catalogue.js'
import { type Route, route } from './http/route.js'

const idParams = z.strictObject({ id: uintSchema })
const limitSchema = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number')
  .transform(Number)
  .refine((limit) => limit <= 100, 'must be between 1 and 100')

/** What people look up: assets, where they come from, and what they earn. */
export function catalogueRoutes(catalogue: Catalogue): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/assets',
      summary: 'Search what is published, newest first.',
      query: z.strictObject({
        query: z
          .string()
          .max(200)
          .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be plain text')
          .optional(),
        kind: kindSchema.optional(),
        limit: limitSchema.optional(),
        cursor: uintSchema.optional(),
      }),
      response: assetListSchema,
      errors: [],
      handle: ({ query: { query, kind, limit = 20, cursor } }) =>
        catalogue.searchAssets({
          limit,
          ...(query === undefined ? {} : { query }),
          ...(kind === undefined ? {} : { kind }),
          ...(cursor === undefined ? {} : { cursor: BigInt(cursor) }),
        }),
    }),
    route({
      method: 'get',
      path: '/api/v1/assets/{id}',
      summary: 'One asset with its versions, its manifest and its offers.',
      params: idParams,
      response: assetDetailSchema,
      errors: ['not_found'],
      handle: ({ params }) => catalogue.getAsset(BigInt(params.id)),
    }),
    route({
      method: 'get',
      path: '/api/v1/versions/{id}/lineage',
      summary: 'A version with everything it is built from and everything built from it.',
      params: idParams,
      response: lineageSchema,
      errors: ['not_found'],
      handle: ({ params }) => catalogue.getLineage(BigInt(params.id)),
    }),
    route({
      method: 'get',
      path: '/api/v1/versions/{id}/revenue',
      summary: 'Who is entitled to what in a version and in all that it is built from.',
      params: idParams,
      query: z.strictObject({ token: addressSchema }),
      response: revenueSchema,
      errors: ['not_found'],
      handle: ({ params, query }) => catalogue.getRevenue({ version: BigInt(params.id), token: query.token }),
    }),
    route({
      method: 'get',
      path: '/api/v1/revenue',
      summary: 'What one account is entitled to, wherever it is.',
      query: z.strictObject({ account: addressSchema, token: addressSchema }),
      response: revenueSchema,
      errors: [],
      handle: ({ query }) => catalogue.getRevenue(query),
    }),
    route({
      method: 'get',
      path: '/api/v1/passes',
      summary: 'The passes that an account holds.',
      query: z.strictObject({ holder: addressSchema }),
      response: z.array(passSchema),
      errors: [],
      handle: ({ query }) => catalogue.getPasses(query.holder),
    }),
  ]
}
