import { randomBytes } from 'node:crypto'
import { AgoraiError, type ErrorCode } from '@agorai/core'
import { createWalletClient, http } from 'viem'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { getDevAccount } from '../accounts/getDevAccount.js'
import { computeContentCid } from '../content/contentCid.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { HttpRequest } from '../http/createHttp.js'
import { uploadContent } from './uploadContent.js'

const content = randomBytes(40_000_000)
async function* from(start: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < content.length; at += 1_000_000) yield content.subarray(at, at + 1_000_000)
}
let cid: string
let kept: Buffer
let requests: string[]
/** What goes wrong with the next bodies: after so many bytes, or at once. */
let failures: { after: number; code: ErrorCode }[]

beforeEach(async () => {
  cid ??= await computeContentCid(from(0))
  kept = Buffer.alloc(0)
  requests = []
  failures = []
})
afterEach(() => vi.unstubAllGlobals())

/** A node that keeps what arrives. */
async function answer({ path, method, headers, body }: HttpRequest) {
  if (method === undefined) {
    expect(path).toBe(`api/v1/uploads/${cid}`)
    return { received: kept.length, stored: isWhole() ? cid : null }
  }
  const [, first, last] = /^bytes (\d+)-(\d+)\/40000000$/.exec(headers?.['content-range'] ?? '') ?? []
  requests.push(`${first}-${last}`)
  kept = kept.subarray(0, Number(first))
  const failure = failures.shift()
  const sent: Uint8Array[] = []
  for await (const slice of new Response(body?.()).body as unknown as AsyncIterable<Uint8Array>) {
    sent.push(slice)
    if (failure !== undefined && sent.reduce((sum, { length }) => sum + length, 0) > failure.after) break
  }
  const arrived = Buffer.concat(sent)
  if (failure === undefined) kept = Buffer.concat([kept, arrived])
  else {
    kept =
      failure.code === 'digest_mismatch' ? Buffer.alloc(0) : Buffer.concat([kept, arrived.subarray(0, failure.after)])
    throw new AgoraiError(failure.code, 'It broke.')
  }
  return { received: kept.length, stored: isWhole() ? cid : null }
}
const isWhole = () => kept.length === content.length && kept.equals(content)

const upload = (onBytes?: (bytes: number) => void) => {
  const account = getDevAccount(1, 31_337)
  const operator = { address: account.address }
  const client = {
    wallet: createWalletClient({ account, transport: http('http://127.0.0.1:1') }),
    info: { operator, chain: { id: 31_337, local: true, addresses: { assetRegistry: account.address } } },
    http: { json: (_: unknown, request: HttpRequest) => answer(request) },
  } as unknown as AgoraiClient
  return uploadContent(client, { cid, bytes: content.length, sealed: from, onBytes, retryDelayMs: 1 })
}

test('sends everything in one stream, and says how far it is', async () => {
  const told: number[] = []
  await upload((bytes) => told.push(bytes))
  expect([requests, isWhole(), told.at(-1)]).toEqual([['0-39999999'], true, content.length])
})

test('sends only what is missing', async () => {
  kept = content.subarray(0, 30_000_001)
  await upload()
  expect([requests, isWhole()]).toEqual([['30000001-39999999'], true])
})

test('sends nothing of what is stored', async () => {
  kept = content
  await upload()
  expect(requests).toEqual([])
})

test('in a browser sends parts that it can hold', async () => {
  vi.stubGlobal('document', {})
  await upload()
  expect([requests, isWhole()]).toEqual([['0-16777215', '16777216-33554431', '33554432-39999999'], true])
})

test('goes on however often it breaks, as long as something comes through', async () => {
  failures = Array.from({ length: 20 }, () => ({ after: 1_500_000, code: 'node_unavailable' as const }))
  await upload()
  expect([requests.length, isWhole()]).toEqual([21, true])
  expect(requests[20]).toBe('30000000-39999999')
})

test('gives up when nothing does', async () => {
  failures = Array.from({ length: 20 }, () => ({ after: 0, code: 'busy' as const }))
  await expect(upload()).rejects.toMatchObject({ code: 'busy' })
  expect(requests.length).toBe(6)
})

test('does not ask again where asking again is of no use', async () => {
  failures = [{ after: 0, code: 'quota_exceeded' }]
  await expect(upload()).rejects.toMatchObject({ code: 'quota_exceeded' })
  expect(requests.length).toBe(1)
})

test('begins once more, and only once, when what the node had was damaged', async () => {
  kept = Buffer.alloc(10)
  failures = [{ after: 0, code: 'digest_mismatch' }]
  await upload()
  expect([requests, isWhole()]).toEqual([['10-39999999', '0-39999999'], true])
  kept = Buffer.alloc(10)
  failures = [
    { after: 0, code: 'digest_mismatch' },
    { after: 0, code: 'digest_mismatch' },
  ]
  await expect(upload()).rejects.toMatchObject({ code: 'digest_mismatch' })
})
