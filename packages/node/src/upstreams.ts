import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { AgoraiError, parseStrictJson, parseWith, versionIdSchema } from '@agorai/core'
import { z } from 'zod'

/** A server of the OpenAI API that this node calls for a service. */
export type UpstreamSetting = {
  baseUrl: string
  apiKey: string | undefined
  model: string
  /** Whether it tells the usage with every piece when it is asked, as vLLM does. */
  continuousUsage: boolean
  /** Most calls that it is asked at once. */
  concurrency: number
}

const upstreamSchema = z
  .strictObject({
    baseUrl: z.url({ protocol: /^https?$/ }),
    apiKey: z.string().min(1).max(8_192).optional(),
    apiKeyFile: z.string().min(1).optional(),
    model: z.string().min(1).max(500),
    continuousUsage: z.boolean().default(false),
    concurrency: z.int().min(1).max(10_000).default(64),
  })
  .refine(({ apiKey, apiKeyFile }) => apiKey === undefined || apiKeyFile === undefined, {
    message: 'must not be given twice, by apiKeyFile as well',
    path: ['apiKey'],
  })

const fileSchema = z.record(versionIdSchema, upstreamSchema)

/**
 * Reads the file that names the servers behind services, by asset id.
 *
 * @throws AgoraiError `config_invalid`
 */
export function readUpstreams(path: string | undefined): ReadonlyMap<bigint, UpstreamSetting> {
  if (path === undefined) return new Map()
  const said = parseWith(fileSchema, parse(read(path, 'AGORAI_UPSTREAMS')), 'config_invalid')
  return new Map(
    Object.entries(said).map(([asset, { apiKey, apiKeyFile, ...upstream }]) => {
      const file = apiKeyFile && resolve(dirname(path), apiKeyFile)
      const key = file === undefined ? apiKey : read(file, `AGORAI_UPSTREAMS ${asset}.apiKeyFile`).trimEnd()
      return [BigInt(asset), { ...upstream, apiKey: key }]
    }),
  )
}

function read(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AgoraiError('config_invalid', `${field}: the file cannot be read.`, { field, cause })
  }
}

function parse(text: string): unknown {
  try {
    return parseStrictJson(text)
  } catch (cause) {
    const field = 'AGORAI_UPSTREAMS'
    throw new AgoraiError('config_invalid', `${field}: the file is not JSON.`, { field, cause })
  }
}
