import type { ContentManifest } from '@agorai/core'

const dataTypes = {
  string: 'sc:Text',
  integer: 'sc:Integer',
  number: 'sc:Float',
  boolean: 'sc:Boolean',
  mixed: 'sc:Text',
} as const

/**
 * The MLCommons Croissant 1.0 description of a dataset, made from what its content holds. The file it names is sold
 * encrypted: `contentUrl` is the ciphertext, and the manifest says how the plaintext is checked.
 */
export function describeCroissant(
  manifest: Omit<ContentManifest, 'croissant'>,
): NonNullable<ContentManifest['croissant']> {
  const { name, description, tags, licence, content, fields } = manifest
  const { fileName, mediaType, bytes, rows, rowFormat } = content.plaintext
  const recordSet = 'rows'
  return {
    '@context': {
      '@language': 'en',
      '@vocab': 'https://schema.org/',
      sc: 'https://schema.org/',
      cr: 'http://mlcommons.org/croissant/',
      dct: 'http://purl.org/dc/terms/',
      conformsTo: 'dct:conformsTo',
      column: 'cr:column',
      dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
      extract: 'cr:extract',
      field: 'cr:field',
      fileObject: 'cr:fileObject',
      jsonPath: 'cr:jsonPath',
      recordSet: 'cr:recordSet',
      source: 'cr:source',
    },
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name,
    description,
    keywords: tags,
    license: `https://spdx.org/licenses/${licence.spdx}`,
    creditText: licence.attribution,
    size: `${rows} rows`,
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': fileName,
        name: fileName,
        contentSize: `${bytes} B`,
        contentUrl: `ipfs://${content.cid}`,
        encodingFormat: mediaType,
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': recordSet,
        name: recordSet,
        field: fields.map((field) => ({
          '@type': 'cr:Field',
          '@id': `${recordSet}/${field.name}`,
          name: field.name,
          dataType: dataTypes[field.type],
          source: {
            fileObject: { '@id': fileName },
            extract: rowFormat === 'jsonl' ? { jsonPath: `$.${field.name}` } : { column: field.name },
          },
        })),
      },
    ],
  }
}
