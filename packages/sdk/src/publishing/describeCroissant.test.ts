import type { ContentManifest } from '@agorai/core'
import jsonld from 'jsonld'
import { describe, expect, test } from 'vitest'
import { describeCroissant } from './describeCroissant.js'
import { verifyCroissant } from './verifyCroissant.js'

const word = (byte: string) => `0x${byte.repeat(32)}` as const

function manifestOf(
  plaintext: Partial<ContentManifest['content']['plaintext']>,
  more: Partial<Omit<ContentManifest, 'contentId' | 'content' | 'croissant'>> = {},
) {
  const manifest: Omit<ContentManifest, 'croissant'> = {
    ...{ agorai: '1', kind: 'dataset', name: 'Weather', description: 'Days in Seattle.', tags: ['weather'] },
    licence: { spdx: 'CC0-1.0', source: 'https://example.org', attribution: 'The observers' },
    contentId: word('01'),
    content: {
      ...{ cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', bytes: 116 },
      ...{ chunkRoot: word('03'), chunks: 1 },
      plaintext: {
        ...{ fileName: 'weather 2024.csv', mediaType: 'text/csv', bytes: 100, root: word('02') },
        ...{ rowFormat: 'csv', rows: 2 },
        ...plaintext,
      },
    },
    fields: [
      { name: 'date', type: 'string' },
      { name: 'max temp °C', type: 'number' },
      { name: '@id', type: 'integer' },
      { name: 'rain', type: 'boolean' },
    ],
    provenance: { description: 'Measured.', builtFrom: [] },
    terms: { derivatives: true, royaltyBps: 0, serveBps: 0, consent: false, attribution: true, commercial: true },
    contributors: { bps: 0, leaves: [] },
    ...{ members: [], suppliers: [], metrics: [] },
    ...more,
  }
  return manifest
}

const described = (manifest: ReturnType<typeof manifestOf>) =>
  describeCroissant(manifest, { sha256: word('ab'), date: '2026-11-21' })

type Node = Record<string, { '@value'?: unknown; '@id'?: string }[]>
const sc = (name: string) => `https://schema.org/${name}`
const cr = (name: string) => `http://mlcommons.org/croissant/${name}`

/** The description as a processor of JSON-LD understands it, which may fetch nothing. */
async function expand(document: object): Promise<Node> {
  const fetched: string[] = []
  const [expanded, ...others] = await jsonld.expand(document as jsonld.JsonLdDocument, {
    documentLoader: (url) => {
      fetched.push(url)
      return Promise.reject(new TypeError(`nothing is fetched, not even ${url}`))
    },
  })
  expect([fetched, others]).toEqual([[], []])
  return expanded as unknown as Node
}

const nodes = (node: Node, name: string) =>
  (node[name] ?? []) as unknown as (Node & { '@id': string; '@type': string[] })[]
const value = (node: Node, name: string) => node[name]?.[0]?.['@value']

/** What the specification asks of each thing, by its IRI. */
const required = {
  dataset: ['description', 'license', 'name', 'url', 'creator', 'datePublished'].map(sc),
  fileObject: ['name', 'contentUrl', 'contentSize', 'encodingFormat'].map(sc),
  fileSet: [sc('containedIn'), sc('encodingFormat'), cr('includes')],
  recordSet: [cr('field')],
  field: [cr('dataType'), cr('source'), sc('name')],
}

async function assertCroissant(document: object): Promise<Node> {
  const dataset = await expand(document)
  expect(dataset['@type']).toEqual([sc('Dataset')])
  expect(value(dataset, 'http://purl.org/dc/terms/conformsTo')).toBe('http://mlcommons.org/croissant/1.0')
  expect(Object.keys(dataset)).toEqual(expect.arrayContaining(required.dataset))
  const ids = new Set<string>()
  for (const file of nodes(dataset, sc('distribution'))) {
    ids.add(file['@id'])
    const isSet = file['@type'].includes(cr('FileSet'))
    expect(Object.keys(file)).toEqual(expect.arrayContaining(isSet ? required.fileSet : required.fileObject))
    // A file that is in no other is fetched, and so has a checksum.
    if (!isSet && file[sc('containedIn')] === undefined) expect(value(file, sc('sha256'))).toMatch(/^[0-9a-f]{64}$/)
    for (const { '@id': container } of nodes(file, sc('containedIn'))) expect(ids).toContain(container)
  }
  for (const records of nodes(dataset, cr('recordSet'))) {
    expect(records['@type']).toEqual([cr('RecordSet')])
    for (const field of nodes(records, cr('field'))) {
      expect(Object.keys(field)).toEqual(expect.arrayContaining(required.field))
      expect(ids).not.toContain(field['@id'])
      ids.add(field['@id'])
      const [source] = nodes(field, cr('source'))
      const [file] = nodes(source as Node, cr(source?.[cr('fileSet')] ? 'fileSet' : 'fileObject'))
      expect(ids).toContain(file?.['@id'])
      expect(nodes(source as Node, cr('extract'))).toHaveLength(1)
    }
  }
  return dataset
}

describe('a Croissant description', () => {
  test.each(['csv', 'tsv', 'jsonl', 'parquet', 'arrow'] as const)('of %s names each column', async (rowFormat) => {
    const dataset = await assertCroissant(described(manifestOf({ rowFormat })))
    const [records] = nodes(dataset, cr('recordSet'))
    const found = nodes(records as Node, cr('field')).map((field) => {
      const [extract] = nodes(nodes(field, cr('source'))[0] as Node, cr('extract'))
      return [value(field, sc('name')), field[cr('dataType')]?.[0]?.['@id'], extract]
    })
    expect(found.map(([name, type]) => [name, type])).toEqual([
      ['date', sc('Text')],
      ['max temp °C', sc('Float')],
      ['@id', sc('Integer')],
      ['rain', sc('Boolean')],
    ])
    const [, second] = found
    expect(second?.[2]).toEqual(
      rowFormat === 'jsonl'
        ? { [cr('jsonPath')]: [{ '@value': '$["max temp °C"]', '@language': 'en' }] }
        : { [cr('column')]: [{ '@value': 'max temp °C', '@language': 'en' }] },
    )
  })

  test('of a folder is a set of files', async () => {
    const plaintext = { rowFormat: 'tar', fileName: 'photos.tar', mediaType: 'application/x-tar' } as const
    const files = { files: 2, bytes: 90, opened: 2, mediaTypes: [{ value: 'image/png', files: 2 }] }
    const dataset = await assertCroissant(described(manifestOf(plaintext, { fields: [], profile: { files } })))
    const [, , set] = nodes(dataset, sc('distribution'))
    expect(set?.['@type']).toEqual([cr('FileSet')])
    expect(value(set as Node, sc('encodingFormat'))).toBe('image/png')
    const [records] = nodes(dataset, cr('recordSet'))
    const [, content] = nodes(records as Node, cr('field'))
    expect(content?.[cr('dataType')]).toEqual([{ '@id': sc('ImageObject') }])
  })

  test('of a binary file has no records', async () => {
    const dataset = await assertCroissant(described(manifestOf({ rowFormat: 'binary' }, { fields: [] })))
    expect(nodes(dataset, cr('recordSet'))).toEqual([])
  })

  test('shows the rows and ranges that the seller made public', async () => {
    const row = '{"@id":"1","date":"2024-01-01","max temp °C":"-3.5","rain":"true"}'
    const spread = {
      ...{
        min: -3.5,
        max: 38,
        mean: 12,
        deviation: 5,
        quantiles: [0, 1, 2, 3, 4] as [number, number, number, number, number],
      },
      histogram: { from: -3.5, to: 38, counts: [1, 1] },
    }
    const columns = [{ name: 'max temp °C', type: 'number' as const, nulls: 0, distinct: 2, spread }]
    const dataset = await assertCroissant(
      described(
        manifestOf(
          {},
          {
            sample: { rows: [{ index: 0, row, salt: word('05'), proof: [] }], previews: [] },
            profile: { table: { rows: 2, columns, withheld: [], correlations: [] } },
          },
        ),
      ),
    )
    const [range] = nodes(dataset, sc('variableMeasured'))
    expect([sc('minValue'), sc('maxValue')].map((name) => value(range as Node, name))).toEqual([-3.5, 38])
    const [records] = nodes(dataset, cr('recordSet'))
    expect(value(records as Node, cr('examples'))).toMatchObject([{ 'rows/date': '2024-01-01', 'rows/%40id': '1' }])
  })

  test('states no hash of the plaintext', () => {
    const text = JSON.stringify(described(manifestOf({})))
    expect(text.match(/[0-9a-f]{64}/g)).toEqual(['ab'.repeat(32)])
  })
})

describe('a description in a manifest', () => {
  const manifest = manifestOf({})
  const croissant = described(manifest)
  const verify = (change: Partial<ContentManifest>, sha256?: `0x${string}`) =>
    verifyCroissant({ ...manifest, croissant, ...change }, sha256)

  test('that Agorai made is made again, in any order of its keys', () => {
    expect(verify({})).toBe(true)
    expect(verify({}, word('ab'))).toBe(true)
    expect(verify({ croissant: Object.fromEntries(Object.entries(croissant).reverse()) })).toBe(true)
  })

  test.each([
    ['name', { name: 'Climate' }],
    ['license', { licence: { ...manifest.licence, spdx: 'CC-BY-4.0' } }],
    ['size', { content: { ...manifest.content, plaintext: { ...manifest.content.plaintext, rows: 3 } } }],
    ['recordSet', { fields: manifest.fields.slice(1) }],
    ['distribution', { croissant: { ...croissant, distribution: [] } }],
    ['datePublished', { croissant: { ...croissant, datePublished: 'yesterday' } }],
    ['isAccessibleForFree', { croissant: { ...croissant, isAccessibleForFree: true } }],
    ['award', { croissant: { ...croissant, award: 'Best of all' } }],
  ])('and that says another %s than the manifest is refused', (name, change) => {
    expect(() => verify(change)).toThrow(
      expect.objectContaining({ code: 'integrity_failed', field: `croissant.${name}` }),
    )
  })

  test('has the checksum of the ciphertext', () => {
    expect(() => verify({}, word('cd'))).toThrow(expect.objectContaining({ field: 'croissant.distribution' }))
  })

  test('that its seller wrote is the seller’s word', () => {
    const { sdPublisher, ...own } = croissant
    for (const document of [own, { ...own, sdPublisher: 'The observers' }, undefined])
      expect(verify({ croissant: document })).toBe(false)
  })
})
