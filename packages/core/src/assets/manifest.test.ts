import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { encodeAbiParameters, keccak256 } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import { createContributorTree } from '../revenue/contributors.js'
import {
  contributorRootOf,
  encodeManifest,
  manifestBytesMax,
  manifestCid,
  manifestDigest,
  parseManifest,
  publicationCommitment,
} from './digest.js'
import { fileNameSchema } from './fileName.js'
import { assetKinds, contentKinds } from './kinds.js'
import { hasContent, type Manifest, requireContent, statementSchema } from './manifest.js'
import { decodeTerms, encodeTerms, statedTermsSchema, type Terms } from './terms.js'

const word = (byte: string) => `0x${byte.repeat(32)}` as const
const accountOf = (index: number) => devAccounts[index]?.address ?? '0x'

const manifest: Manifest = {
  agorai: '1',
  kind: 'dataset',
  name: 'Digits',
  description: 'Handwritten digits.\n28 by 28 pixels.',
  tags: ['digits', 'images'],
  licence: { spdx: 'CC-BY-SA-3.0', source: 'https://example.org/licence', attribution: 'The writers' },
  contentId: word('01'),
  content: {
    cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    bytes: 116,
    chunkRoot: word('03'),
    chunks: 1,
    plaintext: {
      fileName: 'digits.csv',
      mediaType: 'text/csv',
      bytes: 100,
      root: word('02'),
      rowFormat: 'csv',
      rows: 3,
    },
  },
  fields: [{ name: 'label', type: 'integer' }],
  provenance: { description: 'Collected by hand.', builtFrom: ['2', '10'] },
  terms: {
    derivatives: true,
    royaltyBps: 1_000,
    serveBps: 0,
    consent: false,
    attribution: true,
    commercial: true,
  },
  contributors: {
    bps: 6_000,
    leaves: [
      { account: accountOf(3), weight: '4000', label: 'Alpha' },
      { account: accountOf(4), weight: '2400', label: 'Beta' },
    ],
  },
  members: [],
  suppliers: [],
  metrics: [],
  croissant: { '@type': 'sc:Dataset', nested: [1, null, { deep: true }] },
}

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** The manifest with the value at a path replaced. */
function changed(path: string, value: unknown): unknown {
  const copy = structuredClone(manifest) as Record<string, unknown>
  const keys = path.split('.')
  let target = copy
  for (const key of keys.slice(0, -1)) target = target[key] as Record<string, unknown>
  target[keys.at(-1) ?? ''] = value
  return copy
}

describe('a manifest', () => {
  test('is the same after encoding and parsing, whatever the order of its keys', () => {
    const bytes = encodeManifest(manifest)
    expect(parseManifest(bytes)).toEqual(manifest)
    const reversed = Object.fromEntries(Object.entries(manifest).reverse()) as Manifest
    expect(Buffer.from(encodeManifest(reversed)).equals(bytes)).toBe(true)
  })

  test('has the digest, CID and commitment of independent implementations', () => {
    const bytes = encodeManifest(manifest)
    const digest = createHash('sha256').update(bytes).digest()
    expect(manifestDigest(bytes)).toBe(`0x${digest.toString('hex')}`)
    const cid = CID.parse(manifestCid(bytes))
    expect([cid.version, cid.code, cid.multihash.code]).toEqual([1, 0x55, 0x12])
    expect(Buffer.from(cid.multihash.digest).equals(digest)).toBe(true)
    // sha-256 of "hello world" in base32 after the bytes 01 55 12 20.
    expect(manifestCid(Buffer.from('hello world'))).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
    const publisher = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    const types = [{ type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }]
    const encoded = encodeAbiParameters(types, [publisher, word('01'), word('02')])
    expect(publicationCommitment(publisher, word('01'), word('02'))).toBe(
      `${keccak256(encoded).slice(0, 50)}${'0'.repeat(16)}`,
    )
  })

  test('has the contributor root of its leaves, zero without any', () => {
    const leaves = manifest.contributors.leaves.map(({ account, weight }) => ({ account, weight: BigInt(weight) }))
    expect(contributorRootOf(manifest)).toBe(createContributorTree(leaves).root)
    expect(contributorRootOf({ ...manifest, contributors: { bps: 0, leaves: [] } })).toBe(word('00'))
  })

  test('every change of a byte is another digest or no manifest', () => {
    const bytes = encodeManifest(manifest)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const flipped = Uint8Array.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ mask
        expect(manifestDigest(flipped)).not.toBe(manifestDigest(bytes))
      }),
      { numRuns: 300 },
    )
  })
})

const { contentId: _id, content: _content, fields: _fields, croissant: _croissant, ...withoutContent } = manifest
const service: Manifest = { ...withoutContent, kind: 'service', suppliers: ['3', '12'] }
const collection: Manifest = {
  ...withoutContent,
  kind: 'collection',
  contributors: { bps: 9_000, leaves: [] },
  members: [
    { version: '2', weight: '3' },
    { version: '10', weight: '1' },
  ],
}

describe('a manifest of another kind', () => {
  test.each([...assetKinds])('%s', (kind) => {
    const feed = { fields: [{ name: 'at', type: 'integer' as const }], cadenceSeconds: 60 }
    const without = kind === 'collection' ? collection : { ...withoutContent, kind, ...(kind === 'feed' && { feed }) }
    const full: Manifest = { ...manifest, kind, modelCard: {} }
    const documents = contentKinds.includes(kind) ? [full] : kind === 'collection' ? [without] : [full, without]
    for (const document of documents) {
      const parsed = parseManifest(encodeManifest(document))
      expect(parsed).toEqual(document)
      expect(hasContent(parsed)).toBe(document === full)
    }
    if (contentKinds.includes(kind)) expect(requireContent(full).content.bytes).toBe(116)
    else expect(() => requireContent(without)).toThrow(expect.objectContaining({ code: 'nothing_to_deliver' }))
  })

  test('a service names its suppliers, by default none', () => {
    expect(parseManifest(encodeManifest(service)).suppliers).toEqual(['3', '12'])
    const { suppliers: _suppliers, members: _members, ...silent } = service
    expect(parseManifest(bytesOf(silent))).toMatchObject({ suppliers: [], members: [] })
  })

  test('a collection has the root of its members, each as an account of its id', () => {
    const leaves = [
      { account: `0x${'0'.repeat(39)}2`, weight: 3n },
      { account: `0x${'0'.repeat(39)}a`, weight: 1n },
    ] as const
    expect(contributorRootOf(collection)).toBe(createContributorTree(leaves).root)
  })
})

describe('terms', () => {
  const all: Terms = { ...manifest.terms, royaltyBps: 5_000, serveBps: 9_000, consent: true }

  test('are one word of flags', () => {
    expect(encodeTerms(all)).toEqual({ royaltyBps: 5_000, serveBps: 9_000, flags: 15 })
    expect(encodeTerms(manifest.terms)).toEqual({ royaltyBps: 1_000, serveBps: 0, flags: 1 + 4 + 8 })
    for (let flags = 0; flags < 16; flags++)
      expect(encodeTerms(decodeTerms({ royaltyBps: 1, serveBps: 2, flags }))).toEqual({
        royaltyBps: 1,
        serveBps: 2,
        flags,
      })
    expect(decodeTerms({ royaltyBps: 0, serveBps: 0, flags: 2 })).toMatchObject({ consent: true, derivatives: false })
  })

  test('that a seller does not mention are the usual ones', () => {
    expect(statedTermsSchema.parse({ royaltyBps: 1_000 })).toEqual(manifest.terms)
    expect(statedTermsSchema.safeParse({}).success).toBe(false)
  })
})

test('a statement may leave out the lists that are empty, and no word of whose work it is', () => {
  const { name, description, licence, kind } = manifest
  const short = { kind, name, description, licence, terms: { royaltyBps: 0 }, provenance: { description: 'Gathered.' } }
  expect(statementSchema.parse(short)).toMatchObject({
    ...{ tags: [], metrics: [], contributors: { bps: 0, leaves: [] }, suppliers: [], members: [] },
    provenance: { description: 'Gathered.', builtFrom: [] },
  })
  for (const left of ['licence', 'terms', 'provenance', 'description'])
    expect(statementSchema.safeParse({ ...short, [left]: undefined }).success).toBe(false)
})

describe('refused manifests', () => {
  test.each([
    ['agorai', '2'],
    ['kind', 'robot'],
    ['name', ''],
    ['name', '   '],
    ['name', 'x'.repeat(121)],
    ['name', 'invoice\u202efdp.exe'],
    ['name', 'a\u0007b'],
    ['description', 'x'.repeat(10_000_000 / 4)],
    ['tags', Array.from({ length: 21 }, () => 'tag')],
    ['tags', Array.from({ length: 100_000 }, () => 't')],
    ['tags.0', 7],
    ['licence.spdx', 'CC BY'],
    ['contentId', word('AB')],
    ['content.plaintext.rows', 2 ** 26 + 1],
    ['content.cid', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG'],
    ['content.bytes', 15],
    ['content.bytes', 2 ** 53],
    ['content.bytes', '116'],
    ['content.plaintext.mediaType', 'text/html; charset=utf-8'],
    ['content.plaintext.rows', -1],
    ['content.plaintext.rows', 1.5],
    ['content.plaintext.rowFormat', 'pickle'],
    ['provenance.builtFrom', ['10', '2']],
    ['provenance.builtFrom', ['2', '2']],
    ['provenance.builtFrom.0', '02'],
    ['terms.royaltyBps', 5_001],
    ['terms.serveBps', 9_001],
    ['terms.consent', undefined],
    ['provenance.builtFrom.0', '281474976710656'],
    ['provenance.builtFrom', Array.from({ length: 17 }, (_, i) => `${i + 10}`)],
    ['suppliers', ['1']],
    ['members', [{ version: '1', weight: '1' }]],
    ['content', undefined],
    ['contentId', undefined],
    ['fields', undefined],
    ['contributors.bps', 10_001],
    ['contributors.leaves', []],
    ['contributors.leaves', [{ account: accountOf(3), weight: `${2n ** 64n}`, label: 'Alpha' }]],
    ['contributors.leaves.0.weight', '0'],
    ['contributors.leaves.0.weight', '-1'],
    ['contributors.leaves.0.weight', '0x10'],
    ['contributors.leaves.0.weight', ''],
    ['contributors.leaves.0.weight', 4000],
    ['contributors.leaves.0.account', `0x${'0'.repeat(40)}`],
    ['contributors.leaves.0.account', '0x12'],
    ['croissant', undefined],
  ] as [string, unknown][])('%s is refused (case %#)', (path, value) => {
    const field = path
    expect(() => parseManifest(bytesOf(changed(path, value)))).toThrow(
      expect.objectContaining({ code: 'manifest_invalid', field }),
    )
    expect(() => encodeManifest(changed(path, value) as Manifest)).toThrow(
      expect.objectContaining({ code: 'manifest_invalid', field }),
    )
  })

  test('a count above its total', () => {
    const metric = { name: 'correct', correct: 3, total: 2, evaluationRoot: word('03'), description: 'All rows.' }
    expect(() => parseManifest(bytesOf(changed('metrics', [metric])))).toThrow(
      expect.objectContaining({ field: 'metrics.0.correct' }),
    )
  })

  test.each([
    ['collection', 'contributors.leaves', { content: undefined, contentId: undefined, fields: undefined }],
    ['collection', 'content', { contributors: { bps: 0, leaves: [] } }],
    ['feed', 'feed', { content: undefined, contentId: undefined, fields: undefined }],
    ['algorithm', 'feed', { feed: { fields: [{ name: 'at', type: 'integer' }] } }],
    ['feed', 'feed.fields', { feed: { fields: [] } }],
    ['feed', 'feed.cadenceSeconds', { feed: { fields: [{ name: 'at', type: 'integer' }], cadenceSeconds: 0 } }],
    ['algorithm', 'content', { content: undefined, contentId: undefined, fields: undefined }],
    ['service', 'contentId', { content: undefined, fields: undefined }],
    ['service', 'suppliers', { suppliers: ['1', '2', '3', '4', '5'] }],
    ['service', 'suppliers', { suppliers: ['2', '1'] }],
    ['agent', 'members', { members: [{ version: '1', weight: '1' }] }],
    ['machine', 'suppliers', { suppliers: ['1'] }],
  ])('a %s with another %s (case %#)', (kind, field, rest) => {
    expect(() => parseManifest(bytesOf({ ...manifest, kind, ...rest }))).toThrow(
      expect.objectContaining({ code: 'manifest_invalid', field }),
    )
  })

  test.each([
    [{ version: '1', weight: '0' }, 'members.0.weight'],
    [{ version: '281474976710656', weight: '1' }, 'members.0.version'],
    [{ version: '1', weight: `${2n ** 64n}` }, 'members'],
  ])('a member %j', (member, field) => {
    expect(() => parseManifest(bytesOf({ ...collection, members: [member] }))).toThrow(
      expect.objectContaining({ code: 'manifest_invalid', field }),
    )
    expect(() => parseManifest(bytesOf({ ...collection, members: [...collection.members].reverse() }))).toThrow(
      expect.objectContaining({ code: 'manifest_invalid', field: 'members' }),
    )
  })

  test('a model without a model card', () => {
    expect(() => parseManifest(bytesOf(changed('kind', 'model')))).toThrow(
      expect.objectContaining({ field: 'modelCard' }),
    )
  })

  test.each([
    '',
    'licence',
    'content',
    'content.plaintext',
    'provenance',
    'terms',
    'contributors',
    'contributors.leaves.1',
  ])('an unknown field in %o', (path) => {
    const unknown = changed(path ? `${path}.surprise` : 'surprise', 1)
    const field = path === '' ? {} : { field: path }
    expect(() => parseManifest(bytesOf(unknown))).toThrow(
      expect.objectContaining({ code: 'manifest_invalid', ...field }),
    )
  })

  test.each([
    ['a key twice', JSON.stringify(manifest).replace('{', '{"name":"Digits",')],
    ['__proto__ in the free document', JSON.stringify(manifest).replace('"nested"', '"__proto__"')],
    ['a document too deep', JSON.stringify(changed('croissant.nested', JSON.parse('['.repeat(31) + ']'.repeat(31))))],
    ['a byte order mark', `\ufeff${JSON.stringify(manifest)}`],
    ['no JSON', '{'],
    ['no object', '[]'],
    ['nothing', ''],
  ])('%s', (_, text) => {
    expect(() => parseManifest(new TextEncoder().encode(text))).toThrow(
      expect.objectContaining({ code: 'manifest_invalid' }),
    )
  })

  test('a lone surrogate in the free document is not published either', () => {
    expect(() => encodeManifest(changed('croissant.nested', '\ud800') as Manifest)).toThrow(
      expect.objectContaining({ code: 'manifest_invalid' }),
    )
  })

  test('more bytes than a manifest may have', () => {
    expect(() => parseManifest(new Uint8Array(manifestBytesMax + 1))).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    )
  })
})

describe('file names', () => {
  test.each([
    'digits.csv',
    'a',
    '2024 (final) v1.2.tar.gz',
    'データ.jsonl',
    'हिन्दी.csv',
    'naïve.txt',
    '_x',
    'console.log',
    'x'.repeat(200),
  ])('%j is accepted', (name) => {
    expect(fileNameSchema.parse(name)).toBe(name)
  })

  test.each([
    '',
    '.',
    '..',
    '../../etc/passwd',
    '../../etc',
    '..%2f',
    'a/b',
    'a\\b',
    'C:\\',
    'C:x',
    '\\\\server\\share',
    'a\0b',
    '\0',
    'con',
    'CON',
    'con.txt',
    'Con .txt',
    'nul',
    'lpt1.csv',
    'COM¹',
    'a.',
    'a ',
    ' a',
    '.hidden',
    '-rf',
    '~',
    '$HOME',
    '`id`',
    'a\nb',
    'a:stream',
    'a*?',
    '<img>',
    'invoice\u202efdp.exe',
    'a\u200bb',
    '\ufeffa',
    'a\ud800',
    'x'.repeat(201),
    'é'.repeat(101),
    'x'.repeat(4096),
  ])('name %# is refused', (fileName) => {
    const path = 'content.plaintext.fileName'
    expect(fileNameSchema.safeParse(fileName).success).toBe(false)
    expect(() => encodeManifest(changed(path, fileName) as Manifest)).toThrow(
      expect.objectContaining({ code: 'unsafe_name', field: path }),
    )
    const code = fileName.isWellFormed() && !fileName.includes('\0') ? 'unsafe_name' : 'manifest_invalid'
    expect(() => parseManifest(bytesOf(changed(path, fileName)))).toThrow(expect.objectContaining({ code }))
  })
})
