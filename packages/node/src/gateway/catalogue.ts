import {
  addressSchema,
  assetCursorSchema,
  assetDetailSchema,
  assetListSchema,
  assetSortSchema,
  chainNameSchema,
  kindSchema,
  lineageSchema,
  offerCursorSchema,
  offerListSchema,
  pageDefault,
  passCursorSchema,
  passListSchema,
  revenueSchema,
  uintSchema,
  usageSchema,
  versionCursorSchema,
  versionIdSchema,
  versionListSchema,
} from '@agorai/core'
import { z } from 'zod'
import type { SearchAssetsParameters } from '../ports/catalogue.js'
import type { CatalogueOf } from './chains.js'
import { type Route, route } from './http/route.js'

/** Which chain is asked about; the node's own when absent. */
const ofChain = z.strictObject({ chain: chainNameSchema.optional() })
const idParams = z.strictObject({ id: uintSchema })
const limitSchema = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number')
  .transform(Number)
  .refine((limit) => limit <= 100, 'must be between 1 and 100')

const textSchema = (characters: number) =>
  z
    .string()
    .max(characters)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be plain text')

const searchSchema = z
  .strictObject({
    query: textSchema(200).optional(),
    kind: kindSchema.optional(),
    owner: addressSchema.optional(),
    publisher: addressSchema.optional(),
    tag: textSchema(100).optional(),
    licence: textSchema(100).optional(),
    token: addressSchema.optional(),
    usage: usageSchema.optional(),
    priceMin: uintSchema.optional(),
    priceMax: uintSchema.optional(),
    builtFrom: versionIdSchema.optional(),
    hasSample: z
      .enum(['true', 'false'])
      .transform((value) => value === 'true')
      .optional(),
    sort: assetSortSchema.optional(),
    limit: limitSchema.optional(),
    cursor: assetCursorSchema.optional(),
    ...ofChain.shape,
  })
  .refine(
    ({ token, priceMin, priceMax, sort }) =>
      token !== undefined || (priceMin === undefined && priceMax === undefined && sort !== 'price'),
    { path: ['token'], message: 'must say in which token prices are compared' },
  )

/** Names that were not given are not there at all. */
const given = <value extends object>(value: value) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [name in keyof value]: Exclude<value[name], undefined>
  }

function toSearch(query: Omit<z.output<typeof searchSchema>, 'chain'>): SearchAssetsParameters {
  const { token, usage, priceMin, priceMax, builtFrom, limit = pageDefault, ...rest } = query
  const offer = given({
    token,
    usage,
    priceMin: priceMin === undefined ? undefined : BigInt(priceMin),
    priceMax: priceMax === undefined ? undefined : BigInt(priceMax),
  })
  return {
    ...given({ ...rest, builtFrom: builtFrom === undefined ? undefined : BigInt(builtFrom) }),
    ...(Object.keys(offer).length === 0 ? {} : { offer }),
    limit,
  }
}

/** What people look up: assets, where they come from, and what they earn. */
export function catalogueRoutes(catalogueOf: CatalogueOf): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/assets',
      summary: 'Search what is published.',
      query: searchSchema,
      response: assetListSchema,
      errors: [],
      handle: ({ query: { chain, ...query } }) => catalogueOf(chain).searchAssets(toSearch(query)),
    }),
    route({
      method: 'get',
      path: '/api/v1/assets/{id}',
      summary: 'One asset with its manifest, its newest versions and its first offers.',
      params: idParams,
      query: ofChain,
      response: assetDetailSchema,
      errors: ['not_found'],
      handle: ({ params, query }) => catalogueOf(query.chain).getAsset(BigInt(params.id)),
    }),
    route({
      method: 'get',
      path: '/api/v1/assets/{id}/versions',
      summary: 'What an asset published, the newest first.',
      params: idParams,
      query: ofChain.extend({ limit: limitSchema.default(pageDefault), cursor: versionCursorSchema.optional() }),
      response: versionListSchema,
      errors: ['not_found'],
      handle: ({ params, query: { chain, ...query } }) =>
        catalogueOf(chain).getVersions(given({ ...query, asset: BigInt(params.id) })),
    }),
    route({
      method: 'get',
      path: '/api/v1/assets/{id}/offers',
      summary: 'The offers of an asset: those that are open as they were listed, then those that are not.',
      params: idParams,
      query: ofChain.extend({ limit: limitSchema.default(pageDefault), cursor: offerCursorSchema.optional() }),
      response: offerListSchema,
      errors: ['not_found'],
      handle: ({ params, query: { chain, ...query } }) =>
        catalogueOf(chain).getOffers(given({ ...query, asset: BigInt(params.id) })),
    }),
    route({
      method: 'get',
      path: '/api/v1/versions/{id}/lineage',
      summary: 'A version with everything it is built from and everything built from it.',
      params: idParams,
      query: ofChain,
      response: lineageSchema,
      errors: ['not_found'],
      handle: ({ params, query }) => catalogueOf(query.chain).getLineage(BigInt(params.id)),
    }),
    route({
      method: 'get',
      path: '/api/v1/versions/{id}/revenue',
      summary: 'Who is entitled to what in a version and in all that it is built from.',
      params: idParams,
      query: ofChain.extend({ token: addressSchema }),
      response: revenueSchema,
      errors: ['not_found'],
      handle: ({ params, query: { chain, token } }) =>
        catalogueOf(chain).getRevenue({ version: BigInt(params.id), token }),
    }),
    route({
      method: 'get',
      path: '/api/v1/revenue',
      summary: 'What one account is entitled to, wherever it is.',
      query: ofChain.extend({ account: addressSchema, token: addressSchema }),
      response: revenueSchema,
      errors: [],
      handle: ({ query: { chain, ...query } }) => catalogueOf(chain).getRevenue(query),
    }),
    route({
      method: 'get',
      path: '/api/v1/passes',
      summary: 'The passes that an account holds.',
      query: ofChain.extend({
        holder: addressSchema,
        asset: uintSchema.optional(),
        limit: limitSchema.default(pageDefault),
        cursor: passCursorSchema.optional(),
      }),
      response: passListSchema,
      errors: [],
      handle: ({ query: { chain, asset, ...query } }) =>
        catalogueOf(chain).getPasses(given({ ...query, asset: asset === undefined ? undefined : BigInt(asset) })),
    }),
  ]
}
