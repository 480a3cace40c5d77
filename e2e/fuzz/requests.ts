import type { Random } from './random.js'
import { bodyOf, drawValue, hostileTexts, type Resolve, spoil } from './values.js'

type Json = Record<string, unknown>

export type Operation = {
  method: string
  path: string
  parameters: readonly { name: string; in: 'path' | 'query' | 'header'; schema: Json }[]
  /** Content type and schema of its body. */
  body: { type: string; schema: Json } | undefined
}

export type FuzzRequest = { method: string; path: string; headers: Record<string, string>; body?: Uint8Array }

/** Every operation of an OpenAPI document. */
export function operationsOf(document: Json): Operation[] {
  return Object.entries(document.paths as Record<string, Json>).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Json>).map(([method, described]) => {
      const content = (described.requestBody as { content: Record<string, { schema: Json }> } | undefined)?.content
      const [type, media] = Object.entries(content ?? {})[0] ?? []
      return {
        method: method.toUpperCase(),
        path,
        parameters: (described.parameters ?? []) as Operation['parameters'],
        body: type === undefined ? undefined : { type, schema: media?.schema ?? {} },
      }
    }),
  )
}

export const resolverOf =
  (document: Json): Resolve =>
  (ref) =>
    ref
      .slice(2)
      .split('/')
      .reduce<Json>((at, name) => at[name] as Json, document)

export type Sources = {
  resolve: Resolve
  known: readonly string[]
  bodies: Readonly<Record<string, Json>>
  /** Headers of calls that are paid, as they are right: texts, and documents that travel in base64. */
  paying: Readonly<Record<string, string | Json>>
}

/** What is sold by the call, and what sells it. */
const sold = /^\/(v1|v2|api\/v1\/(sessions|quotes))\b/

const headerTexts = [
  'bytes=0-',
  'bytes=5-2',
  'bytes=0-0,1-1',
  `bytes=${'0-,'.repeat(500)}`,
  'bytes=-0',
  'text/html',
  '*/*;q=0',
  'application/json; charset=utf-7',
  'gzip, deflate, br',
  'x'.repeat(9_000),
  'eyJhIjoxfQ',
]
const headerNames = [
  'range',
  'accept',
  'content-encoding',
  'agorai-request',
  'agorai-signature',
  'x-http-method-override',
  'origin',
  'traceparent',
  'if-none-match',
]
const origin = ['http://evil.example', 'null', 'http://localhost']

/** One request to an operation: most of it as described, something of it not. */
export function drawRequest(operation: Operation, random: Random, sources: Sources): FuzzRequest {
  const { resolve, known, bodies, paying } = sources
  const text = (schema: Json) =>
    random.chance(0.35) ? random.one(hostileTexts) : String(drawValue(schema, random, resolve, known))
  const encoded = (value: string) =>
    random.chance(0.1) ? value.replace(/[^\x21-\x7e]/g, '') : encodeURIComponent(value.toWellFormed())
  let path = operation.path
  const query: string[] = []
  const headers: Record<string, string> = {}
  for (const { name, in: place, schema } of operation.parameters) {
    if (place === 'path') path = path.replace(`{${name}}`, encoded(text(schema)) || 'x')
    else if (place === 'query' && random.chance(0.7)) query.push(`${name}=${encoded(text(schema))}`)
    else if (place === 'header' && random.chance(0.5)) headers[name] = headerValue(random)
  }
  if (random.chance(0.05))
    query.push(`${random.one(['extra', 'limit', '__proto__', ''])}=${encoded(random.one(hostileTexts))}`)
  if (random.chance(0.02)) query.push(...Array.from({ length: 300 }, (_, n) => `f${n}=1`))
  if (random.chance(0.1)) headers[random.one(headerNames)] = headerValue(random)
  if (random.chance(0.02)) headers.origin = random.one(origin)
  if (sold.test(operation.path))
    for (const [name, right] of Object.entries(paying))
      if (random.chance(0.4)) headers[name] = payingValue(right, random)
  const method = random.chance(0.04)
    ? random.one(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
    : operation.method
  const url = `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`
  if (method === 'GET' || method === 'HEAD') return { method, path: url, headers }
  const described = bodies[operation.path] ?? drawValue(operation.body?.schema ?? {}, random, resolve, known)
  const value = random.chance(0.8) ? spoil(described, random) : described
  headers['content-type'] = random.chance(0.93)
    ? (operation.body?.type ?? 'application/json')
    : random.one(['text/plain', 'application/xml', '', 'multipart/form-data'])
  return { method, path: url, headers, body: bodyOf(value, random) }
}

/** A header of a paid call: right, with something of it spoilt, or another altogether. */
function payingValue(right: string | Json, random: Random): string {
  if (random.chance(0.1)) return headerValue(random)
  if (typeof right !== 'string') {
    const document = random.chance(0.6) ? spoil(right, random) : right
    return Buffer.from(JSON.stringify(document) ?? '').toString('base64')
  }
  if (random.chance(0.5)) return right
  const at = random.below(right.length)
  return right.slice(0, at) + random.one(['', '.', '0', '-1', 'A', ' ', '=']) + right.slice(at + 1)
}

const headerValue = (random: Random): string =>
  random.chance(0.5)
    ? random.one(headerTexts)
    : random.chance(0.5)
      ? Buffer.from(JSON.stringify({ [random.one(hostileTexts)]: 1 })).toString('base64url')
      : `0x${Buffer.from(random.bytes(65)).toString('hex')}`
