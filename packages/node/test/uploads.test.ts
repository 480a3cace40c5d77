import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ContentManifest,
  chunkBytes,
  encodeManifest,
  importContentKey,
  manifestDigest,
  openContent,
} from '@agorai/core'
import { computeContentCid, depositAad, generateDeliveryKey, sealTo } from '@agorai/sdk'
import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  problemOf,
  randomHex,
  removeFolder,
  type SealedAsset,
  sealAsset,
  sealBare,
  slices,
  startTestNode,
  stranger,
  type TestNode,
  upload,
  uploadAll,
  uploadContent,
  uploadKey,
  uploadManifest,
  withoutKey,
} from './support.js'

let node: TestNode
let asset: SealedAsset
const text = (value: string) => new TextEncoder().encode(value)

beforeAll(async () => {
  node = await startTestNode()
  asset = await sealAsset(text('name,price\nwheat,12\nbarley,7\n'), 'csv')
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node?.folder ?? '')
})

const incoming = () => readdir(join(node.folder, 'storage', 'incoming'))
const stored = async (resource: string) =>
  (await fetch(`${node.url}/api/v1/${resource}`, { method: 'HEAD' })).status === 200

describe('content', () => {
  test('is stored once it is whole, and served as it is', async () => {
    const answer = await uploadContent(node, asset)
    expect(await answer.json()).toEqual({ stored: asset.cid, received: asset.ciphertext.length })
    const got = await fetch(`${node.url}/api/v1/content/${asset.cid}`)
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(asset.ciphertext)
    expect(got.headers.get('x-content-type-options')).toBe('nosniff')
    expect(got.headers.get('content-disposition')).toBe('attachment')
    expect((await uploadContent(node, asset)).status).toBe(200)
  })

  test.each([
    ['bytes=0-3', 206, [0, 4]],
    ['bytes=5-', 206, [5, undefined]],
    ['bytes=-6', 206, [-6, undefined]],
  ] as const)('is served by range: %s', async (range, status, [from, to]) => {
    const got = await fetch(`${node.url}/api/v1/content/${asset.cid}`, { headers: { range } })
    const expected = asset.ciphertext.slice(from, to)
    expect(got.status).toBe(status)
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(expected)
    expect(got.headers.get('content-range')).toMatch(new RegExp(`^bytes \\d+-\\d+/${asset.ciphertext.length}$`))
  })

  test.each(['bytes=0-1,3-4', 'bytes=9-2', 'bytes=100000-', `bytes=${'0-,'.repeat(1000)}0-`])(
    'refuses the range %.30s',
    async (range) => {
      const got = await fetch(`${node.url}/api/v1/content/${asset.cid}`, { headers: { range } })
      expect(await problemOf(got)).toMatchObject({ code: 'range_not_satisfiable', status: 416 })
    },
  )

  test('that is not what its name says is not kept', async () => {
    const other = await sealAsset(new Uint8Array(100))
    const altered = Uint8Array.from(other.ciphertext)
    altered[7] = (altered[7] ?? 0) ^ 1
    const answers = [
      [await uploadContent(node, other, { body: altered }), 'digest_mismatch'],
      [await uploadContent(node, other, { digest: randomHex() }), 'digest_mismatch'],
      [await uploadContent(node, other, { body: other.ciphertext.slice(1) }), 'digest_mismatch'],
    ] as const
    for (const [answer, code] of answers) expect(await problemOf(answer)).toMatchObject({ code, status: 422 })
    expect(await stored(`content/${other.cid}`)).toBe(false)
    expect(await incoming()).toEqual([])
  })

  test('of another length than was signed is refused, stated or streamed', async () => {
    const other = await sealAsset(new Uint8Array(2_000))
    const signed = { bytes: BigInt(other.ciphertext.length + 1) }
    expect(await problemOf(await uploadContent(node, other, { signed }))).toMatchObject({ code: 'length_mismatch' })
    for (const extra of [-1, 1]) {
      const streamed = new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(other.ciphertext.length + extra))
          controller.close()
        },
      })
      const answer = await uploadContent(node, other, { send: streamed })
      expect(await problemOf(answer)).toMatchObject({ code: 'length_mismatch', status: 422 })
    }
    expect(await incoming()).toEqual([])
  })

  test('above the limit is refused before it is read', async () => {
    const signed = { bytes: 2n ** 60n }
    const send = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
    const answer = await uploadContent(node, asset, { signed, send })
    expect(await problemOf(answer)).toMatchObject({ code: 'payload_too_large', status: 413 })
  })

  test.each([
    ['no content type of ours', { 'content-type': 'text/plain' }, 'unsupported_media_type'],
    ['compression', { 'content-encoding': 'gzip' }, 'unsupported_media_type'],
    ['no request', { 'agorai-request': '' }, 'invalid_request'],
    ['a request that is not JSON', { 'agorai-request': 'bm90IGpzb24' }, 'invalid_request'],
    ['a signature that is not hex', { 'agorai-signature': 'me' }, 'invalid_request'],
  ])('with %s is refused', async (_, headers, code) => {
    expect(await problemOf(await uploadContent(node, asset, { headers }))).toMatchObject({ code })
  })

  test.each([
    ['for another resource', { signed: { resource: 'content/other' } }],
    ['for another chain', { chainId: 1 }],
    ['by another key', { signed: { account: stranger.address } }],
  ])('signed %s is refused', async (_, more) => {
    expect(await problemOf(await uploadContent(node, asset, more))).toMatchObject({
      code: 'signature_invalid',
      status: 401,
    })
  })

  test('signed for another operator, or long ago, is refused', async () => {
    const elsewhere = await uploadContent(node, asset, { signed: { operator: stranger.address } })
    expect(await problemOf(elsewhere)).toMatchObject({ code: 'wrong_operator' })
    expect(await problemOf(await uploadContent(node, asset, { signed: { expiry: 1n } }))).toMatchObject({
      code: 'request_expired',
    })
  })

  test('has a CID that is one', async () => {
    for (const cid of ['../../etc/passwd', 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn', `baf${'a'.repeat(56)}`]) {
      const got = await fetch(`${node.url}/api/v1/content/${encodeURIComponent(cid)}`)
      expect([400, 404]).toContain(got.status)
      await problemOf(got)
    }
  })
})

describe('a manifest', () => {
  test('is stored and served to the byte', async () => {
    expect((await uploadManifest(node, asset)).status).toBe(200)
    const got = await fetch(`${node.url}/api/v1/manifests/${asset.digest}`)
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(asset.manifestBytes)
  })

  const send = async (body: Uint8Array) =>
    uploadManifest(node, { ...asset, manifestBytes: body, digest: manifestDigest(body) })
  const changed = (change: (manifest: ContentManifest) => unknown) =>
    text(JSON.stringify(change(JSON.parse(new TextDecoder().decode(asset.manifestBytes)) as ContentManifest)))
  const named = (fileName: string) =>
    changed((m) => ({ ...m, content: { ...m.content, plaintext: { ...m.content.plaintext, fileName } } }))

  test('in another order than that of canonical JSON is refused: no contract would find what is in it', async () => {
    const { agorai, ...rest } = asset.manifest
    for (const body of [
      text(JSON.stringify({ ...rest, agorai })),
      text(` ${new TextDecoder().decode(asset.manifestBytes)}`),
      text(new TextDecoder().decode(asset.manifestBytes).replace('"content"', '"\\u0063ontent"')),
    ]) {
      const digest = manifestDigest(body)
      const refused = await upload(node, { resource: `manifests/${digest}`, body, digest })
      expect(await problemOf(refused)).toMatchObject({ code: 'manifest_invalid', status: 422 })
    }
  })

  test('with an unknown field, a wrong one, or twice the same, is refused by name', async () => {
    for (const [body, field] of [
      [changed((m) => ({ ...m, terms: { ...m.terms, royaltyBps: 10_001 } })), 'terms.royaltyBps'],
      [changed((m) => ({ ...m, licence: { ...m.licence, spdx: 'not a licence!' } })), 'licence.spdx'],
      [changed((m) => ({ ...m, licence: { ...m.licence, spdx: 'CC-BY-5.0' } })), 'licence.spdx'],
      [changed((m) => ({ ...m, tags: Array(100_000).fill('a') })), 'tags'],
      [changed((m) => ({ ...m, more: 1 })), undefined],
    ] as const) {
      const problem = await problemOf(await send(body))
      expect(problem).toMatchObject({ code: 'manifest_invalid', status: 422 })
      expect(problem.field).toBe(field)
    }
    const twice = text(new TextDecoder().decode(asset.manifestBytes).replace('{', '{"agorai":"1",'))
    expect(await problemOf(await send(twice))).toMatchObject({ code: 'manifest_invalid' })
  })

  test.each([
    '../../etc/passwd',
    '..%2f',
    'C:\\x',
    'a\u0000b',
    'con',
    'nul.txt',
    'a\u202egpj.exe',
    'a'.repeat(4096),
    '',
  ])('refuses the file name %.20j', async (fileName) => {
    const problem = await problemOf(await send(named(fileName)))
    expect(problem.status).toBe(422)
    expect(['unsafe_name', 'manifest_invalid']).toContain(problem.code)
    expect(JSON.stringify(problem)).not.toContain('etc/passwd')
  })

  test('with another digest than its bytes have is refused', async () => {
    const answer = await uploadManifest(node, { ...asset, digest: randomHex() })
    expect(await problemOf(answer)).toMatchObject({ code: 'digest_mismatch' })
  })

  test('of ten megabytes is refused', async () => {
    const problem = await problemOf(await send(changed((m) => ({ ...m, description: 'x'.repeat(10_000_000) }))))
    expect(problem).toMatchObject({ code: 'payload_too_large', status: 413 })
  })
})

describe('a key', () => {
  test('is kept once it opened the whole content, and again changes nothing', async () => {
    await uploadAll(node, asset)
    const journal = join(node.folder, 'journal', 'journal.log')
    const before = await readFile(journal)
    expect((await uploadKey(node, asset)).status).toBe(200)
    expect(await readFile(journal)).toEqual(before)
    for (const secret of [asset.secrets[0].contentKey, asset.secrets[0].saltSeed])
      expect(before.includes(Buffer.from(secret).toString('hex'))).toBe(false)
  })

  test('deposited many times at once is kept once', async () => {
    const other = await sealAsset(new Uint8Array(50_000))
    await uploadContent(node, other)
    await uploadManifest(node, other)
    const answers = await Promise.all(Array.from({ length: 8 }, () => uploadKey(node, other)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    const journal = (await readFile(join(node.folder, 'journal', 'journal.log'))).toString('latin1')
    expect(journal.split(`"manifestDigest":"${other.digest}"`)).toHaveLength(2)
  })

  test.each([0, 1, chunkBytes, chunkBytes + 1])('opens a content of %d bytes', async (bytes) => {
    await uploadAll(node, await sealAsset(new Uint8Array(bytes).fill(7)))
  })

  test('of a content with far more rows than stated is refused at the first of them', async () => {
    const many = await sealAsset(text(`a\n${'\n'.repeat(200_000)}`), 'csv', (m) => withPlaintext(m, { rows: 2 }))
    await uploadContent(node, many)
    await uploadManifest(node, many)
    const problem = await problemOf(await uploadKey(node, many))
    expect(problem).toMatchObject({ code: 'length_mismatch', field: 'content.plaintext.rows' })
    expect(problem).toMatchObject({ details: { stated: 2, actual: 'more' } })
  })

  test('of a content with many short rows lets others have their turn', async () => {
    const many = await sealAsset(text(`a\n${'\n'.repeat(400_000)}`), 'csv')
    await uploadContent(node, many)
    await uploadManifest(node, many)
    const turns = [performance.now()]
    const timer = setInterval(() => turns.push(performance.now()), 1)
    const answer = await uploadKey(node, many)
    clearInterval(timer)
    turns.push(performance.now())
    expect(answer.status).toBe(200)
    const longest = Math.max(...turns.slice(1).map((at, index) => at - (turns[index] ?? at)))
    expect(longest).toBeLessThan((performance.now() - (turns[0] ?? 0)) / 2)
  })

  test('that is being checked is checked once for all who send it, and its answer is theirs', async () => {
    const other = await sealAsset(new Uint8Array(3 * chunkBytes))
    await uploadContent(node, other)
    await uploadManifest(node, other)
    const wrong = withoutKey(other)
    const sealedKey = await sealTo(node.info.operator.encryptionKey, wrong, depositAad(other.digest))
    const body = text(JSON.stringify({ sealedKey }))
    const send = () => upload(node, { resource: `keys/${other.digest}`, body, digest: manifestDigest(body) })
    const answers = await Promise.all([...Array.from({ length: 60 }, send), uploadKey(node, other)])
    const codes = await Promise.all(answers.slice(0, -1).map(async (answer) => (await problemOf(answer)).code))
    // One place in the queue each would be more than there are.
    expect(new Set(codes)).toEqual(new Set(['key_invalid']))
    expect(answers.at(-1)?.status).toBe(200)
  })

  test('of a content in parts opens each, and no row reaches from one into the next', async () => {
    const rows = text('{"a":1}\n{"a":2}\n{"a":3}\n')
    const parts = await sealAsset(rows, 'jsonl', undefined, [8, 16])
    await uploadAll(node, parts)
    expect(parts.manifest.content.partitions?.map((part) => part.rows)).toEqual([1, 2])
    const swapped: SealedAsset['secrets'] = [parts.secrets[1] ?? parts.secrets[0], parts.secrets[0]]
    const less: SealedAsset['secrets'] = [parts.secrets[0]]
    const again = await sealAsset(rows, 'jsonl', undefined, [8, 16])
    await uploadContent(node, again)
    await uploadManifest(node, again)
    for (const secrets of [swapped, less, parts.secrets])
      expect(await problemOf(await uploadKey(node, again, { secrets }))).toMatchObject({ code: 'key_invalid' })
    const moved = (manifest: ContentManifest): ContentManifest => {
      const partitions = [1, 2].map((of) => ({ contributor: null, bytes: of * 8, rows: 3 - of }))
      return { ...manifest, content: { ...manifest.content, partitions } }
    }
    const other = await sealAsset(rows, 'jsonl', moved, [8, 16])
    await uploadContent(node, other)
    await uploadManifest(node, other)
    expect(await problemOf(await uploadKey(node, other))).toMatchObject({
      code: 'length_mismatch',
      field: 'content.partitions.0.rows',
    })
    await expect(sealAsset(rows, 'jsonl', undefined, [7, 17])).rejects.toMatchObject({ code: 'rows_invalid' })
  })

  test('before its content or manifest is refused', async () => {
    const other = await sealAsset(new Uint8Array(10))
    expect(await problemOf(await uploadKey(node, other))).toMatchObject({ code: 'content_missing', status: 409 })
    await uploadManifest(node, other)
    expect(await problemOf(await uploadKey(node, other))).toMatchObject({ code: 'content_missing', status: 409 })
  })

  test('that is another, or sealed to another or for another, is refused', async () => {
    const other = await sealAsset(new Uint8Array(10))
    await uploadContent(node, other)
    await uploadManifest(node, other)
    const foreign = await generateDeliveryKey()
    for (const more of [
      { secrets: withoutKey(other) },
      { secrets: [other.secrets[0], other.secrets[0]] as SealedAsset['secrets'] },
      { sealedTo: foreign.publicKey },
      { sealedFor: asset.digest },
    ])
      expect(await problemOf(await uploadKey(node, other, more))).toMatchObject({ code: 'key_invalid', status: 422 })
    const otherSalt: SealedAsset['secrets'] = [{ ...other.secrets[0], saltSeed: new Uint8Array(32) }]
    expect(await problemOf(await uploadKey(node, other, { secrets: otherSalt }))).toMatchObject({
      code: 'digest_mismatch',
      field: 'content.plaintext.root',
    })
  })

  test.each<[string, (m: ContentManifest) => ContentManifest, string]>([
    ['rows', (m) => withPlaintext(m, { rows: m.content.plaintext.rows + 1 }), 'length_mismatch'],
    ['root', (m) => withPlaintext(m, { root: `0x${'11'.repeat(32)}` as Hex }), 'digest_mismatch'],
    ['length', (m) => withPlaintext(m, { bytes: m.content.plaintext.bytes + 1 }), 'length_mismatch'],
    ['format', (m) => withPlaintext(m, { rowFormat: 'jsonl' }), 'rows_invalid'],
    ['contentId', (m) => ({ ...m, contentId: `0x${'22'.repeat(32)}` as Hex }), 'key_invalid'],
    ['ciphertext length', (m) => ({ ...m, content: { ...m.content, bytes: m.content.bytes + 1 } }), 'length_mismatch'],
  ])('for a manifest with a wrong %s is refused', async (_, change, code) => {
    const wrong = await sealAsset(text('name,price\nwheat,12\n'), 'csv', change)
    await uploadContent(node, wrong)
    await uploadManifest(node, wrong)
    expect(await problemOf(await uploadKey(node, wrong))).toMatchObject({ code, status: 422 })
  })

  test('of a version without a content is refused, and its manifest is stored', async () => {
    const { manifest, manifestBytes, digest } = sealBare(asset)
    const bare = { ...asset, manifestBytes, digest }
    expect(manifest.content).toBeUndefined()
    expect((await uploadManifest(node, bare)).status).toBe(200)
    expect(await problemOf(await uploadKey(node, bare))).toMatchObject({ code: 'nothing_to_deliver', status: 404 })
    const dataset = encodeLoosely({ ...manifest, kind: 'dataset' })
    const refused = await uploadManifest(node, { ...bare, ...dataset })
    expect(await problemOf(refused)).toMatchObject({ code: 'manifest_invalid', field: 'content' })
  })

  const sealedChunk = chunkBytes + 16
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    [
      'out of order',
      (b) => joined(b.slice(sealedChunk, 2 * sealedChunk), b.slice(0, sealedChunk), b.slice(2 * sealedChunk)),
    ],
    ['twice', (b) => joined(b.slice(0, sealedChunk), b.slice(0, sealedChunk), b.slice(2 * sealedChunk))],
    ['flipped', (b) => b.map((byte, index) => (index === sealedChunk + 5 ? byte ^ 1 : byte))],
  ])('of a content with a chunk %s is refused', async (_, spoil) => {
    const whole = await sealAsset(new Uint8Array(2 * chunkBytes + 9).fill(3))
    const ciphertext = spoil(whole.ciphertext)
    const cid = await computeContentCid(slices(ciphertext))
    const manifest = { ...whole.manifest, content: { ...whole.manifest.content, cid } }
    const manifestBytes = encodeManifest(manifest)
    const spoilt = { ...whole, manifest, manifestBytes, digest: manifestDigest(manifestBytes), cid, ciphertext }
    expect((await uploadContent(node, spoilt)).status).toBe(200)
    expect((await uploadManifest(node, spoilt)).status).toBe(200)
    expect(await problemOf(await uploadKey(node, spoilt))).toMatchObject({ code: 'key_invalid' })
  })

  test('opens nothing from a block that was tampered with on the disk', async () => {
    const bytes = new Uint8Array(chunkBytes + 100).fill(9)
    const whole = await sealAsset(bytes)
    await uploadAll(node, whole)
    const path = join(node.folder, 'storage', 'content', whole.cid.slice(-2), whole.cid)
    const file = await readFile(path)
    file.writeUInt8(file.readUInt8(chunkBytes + 40) ^ 1, chunkBytes + 40)
    await writeFile(path, file)
    const got = new Uint8Array(await (await fetch(`${node.url}/api/v1/content/${whole.cid}`)).arrayBuffer())
    const key = await importContentKey(whole.secrets[0].contentKey)
    const opened: number[] = []
    const open = async () => {
      for await (const part of openContent({ key, contentId: whole.manifest.contentId, ciphertext: slices(got) }))
        opened.push(part.length)
    }
    await expect(open()).rejects.toMatchObject({ code: 'integrity_failed' })
    expect(opened).toEqual([chunkBytes])
  })
})

test('nothing went wrong unseen', () => {
  expect(node.warnings).toEqual([])
})

/** Bytes and digest of a document that need not be valid. */
function encodeLoosely(document: object) {
  const manifestBytes = text(JSON.stringify(document))
  return { manifestBytes, digest: manifestDigest(manifestBytes) }
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

type Plaintext = ContentManifest['content']['plaintext']

const withPlaintext = (m: ContentManifest, change: Partial<Plaintext>): ContentManifest => ({
  ...m,
  content: { ...m.content, plaintext: { ...m.content.plaintext, ...change } },
})
