import type { ContentManifest } from '@agorai/core'
import type { Hex } from 'viem'
import { croissantContext } from './croissantContext.js'

const dataTypes = {
  string: 'sc:Text',
  integer: 'sc:Integer',
  number: 'sc:Float',
  boolean: 'sc:Boolean',
  mixed: 'sc:Text',
} as const

/** Tables of more columns state no ranges and no examples here: both stand in the manifest beside. */
const detailedColumnsMax = 256
const examplesMax = 5

const ciphertextId = 'ciphertext'
const filesId = 'files'

type Document = NonNullable<ContentManifest['croissant']>

/**
 * Who made a description, by which anyone knows that it can be made again. One made in another way has another name, so that
 * what was published before is still understood.
 */
export const croissantMaker = { '@type': 'sc:Organization', name: 'Agorai 1' }

/**
 * The MLCommons Croissant 1.0 description of a dataset, made from what its content holds. What can be fetched is the
 * ciphertext, so that is the file with address and checksum; the plaintext is contained in it. A plain hash of the plaintext
 * is not stated: whoever can guess the data could confirm it. The manifest's salted root does what a checksum would.
 *
 * @param more.sha256 Of the ciphertext.
 * @param more.date Day of the description, as `2026-11-21`.
 */
export function describeCroissant(
  manifest: Omit<ContentManifest, 'croissant'>,
  more: { sha256: Hex; date: string },
): Document {
  const { name, description, tags, licence, content } = manifest
  const { fileName, mediaType, bytes, rows, rowFormat } = content.plaintext
  const url = `ipfs://${content.cid}`
  return {
    '@context': croissantContext,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name,
    description,
    url,
    license: licence.spdx.startsWith('LicenseRef-') ? licence.spdx : `https://spdx.org/licenses/${licence.spdx}`,
    creator: [{ '@type': 'sc:Organization', name: licence.attribution }],
    datePublished: more.date,
    sdPublisher: croissantMaker,
    keywords: tags,
    citeAs: licence.attribution,
    isAccessibleForFree: false,
    size: `${rows} ${rowFormat === 'tar' ? 'files' : 'rows'}`,
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': ciphertextId,
        name: `${fileName} (encrypted)`,
        description:
          'What is stored and sold: AES-256-GCM in chunks of 1 MiB. A buyer receives the key; the manifest’s salted root proves every row of the plaintext.',
        contentUrl: url,
        contentSize: `${content.bytes} B`,
        encodingFormat: 'application/octet-stream',
        sha256: more.sha256.slice(2),
      },
      {
        '@type': 'cr:FileObject',
        '@id': fileId(fileName),
        name: fileName,
        containedIn: { '@id': ciphertextId },
        contentUrl: fileName,
        contentSize: `${bytes} B`,
        encodingFormat: mediaType,
      },
      ...(rowFormat === 'tar'
        ? [
            {
              '@type': 'cr:FileSet',
              '@id': filesId,
              name: 'Files of the folder',
              containedIn: { '@id': fileId(fileName) },
              encodingFormat: onlyMediaType(manifest),
              includes: '**',
            },
          ]
        : []),
    ],
    recordSet:
      rowFormat === 'tar' ? [filesRecordSet(manifest)] : rowFormat === 'binary' ? [] : [rowsRecordSet(manifest)],
    ...(isDetailed(manifest) ? describeRanges(manifest) : {}),
  }
}

const fileId = (fileName: string) => `file/${encodeURIComponent(fileName)}`

const isDetailed = ({ fields }: Pick<ContentManifest, 'fields'>) => fields.length <= detailedColumnsMax

/** The media type of all files in a folder, or of any file. */
function onlyMediaType({ profile }: Pick<ContentManifest, 'profile'>): string {
  const [first, ...others] = profile?.files?.mediaTypes ?? []
  return first === undefined || others.length > 0 ? 'application/octet-stream' : first.value
}

/** A record for each file: where it stands in the folder, and what it holds. */
function filesRecordSet(manifest: Pick<ContentManifest, 'profile'>): Document {
  const mediaType = onlyMediaType(manifest)
  const dataType = mediaType.startsWith('image/')
    ? 'sc:ImageObject'
    : mediaType.startsWith('audio/')
      ? 'sc:AudioObject'
      : 'sc:Text'
  const field = (name: string, type: string, fileProperty: string) => ({
    '@type': 'cr:Field',
    '@id': `${filesId}/${name}`,
    name,
    dataType: type,
    source: { fileSet: { '@id': filesId }, extract: { fileProperty } },
  })
  return {
    '@type': 'cr:RecordSet',
    '@id': `${filesId}/records`,
    name: filesId,
    field: [field('path', 'sc:Text', 'fullpath'), field('content', dataType, 'content')],
  }
}

function rowsRecordSet(manifest: Omit<ContentManifest, 'croissant'>): Document {
  const { content, fields, sample, profile } = manifest
  const { fileName, rowFormat } = content.plaintext
  const dates = new Set(profile?.table?.columns.filter(({ type }) => type === 'date').map(({ name }) => name))
  const idOf = (name: string) => `rows/${encodeURIComponent(name)}`
  const rows = isDetailed(manifest) ? (sample?.rows.slice(0, examplesMax) ?? []) : []
  const examples = rows.map(({ row }) => {
    const record: Document = JSON.parse(row)
    return Object.fromEntries(Object.entries(record).map(([name, value]) => [idOf(name), value]))
  })
  const extractOf = (name: string): Document =>
    rowFormat === 'jsonl' ? { jsonPath: `$[${JSON.stringify(name)}]` } : { column: name }
  return {
    '@type': 'cr:RecordSet',
    '@id': 'rows',
    name: 'rows',
    field: fields.map(({ name, type }) => ({
      '@type': 'cr:Field',
      '@id': idOf(name),
      name,
      dataType: dates.has(name) ? 'sc:Date' : dataTypes[type],
      source: {
        fileObject: { '@id': fileId(fileName) },
        extract: extractOf(name),
      },
    })),
    ...(examples.length === 0 ? {} : { examples }),
  }
}

/** What schema.org says of statistics, which Croissant leaves to it: the range of each column of numbers. */
function describeRanges({ profile }: Pick<ContentManifest, 'profile'>) {
  const variableMeasured = (profile?.table?.columns ?? []).flatMap(({ name, type, spread }) =>
    spread === undefined || (type !== 'integer' && type !== 'number')
      ? []
      : [{ '@type': 'sc:PropertyValue', name, minValue: spread.min, maxValue: spread.max }],
  )
  return variableMeasured.length === 0 ? {} : { variableMeasured }
}
