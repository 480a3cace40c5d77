import { type Manifest, requireContent } from '@agorai/core'
import type { Address } from 'viem'
import { testHash } from '../indexer/testRanges.js'

type Overrides = Partial<Pick<Manifest, 'kind' | 'name' | 'description' | 'tags' | 'members' | 'suppliers'>> & {
  contributorBps?: number
  leaves?: readonly { account: Address; weight: string; label: string }[]
}

/** A manifest that is valid, with what a test says of it. A collection has no content. */
export function testManifest({ contributorBps = 0, leaves = [], ...overrides }: Overrides): Manifest {
  const manifest: Manifest = {
    agorai: '1',
    kind: 'dataset',
    name: 'Handwritten digits',
    description: 'Scans of digits with their labels.',
    tags: ['images', 'ocr'],
    licence: { spdx: 'CC-BY-SA-3.0', source: 'The source says so.', attribution: 'Its authors' },
    contentId: testHash('content'),
    content: {
      cid: `bafkrei${'a'.repeat(52)}`,
      bytes: 16,
      chunkRoot: testHash('chunks'),
      chunks: 1,
      plaintext: {
        fileName: 'digits.csv',
        mediaType: 'text/csv',
        bytes: 0,
        root: testHash('root'),
        rowFormat: 'csv',
        rows: 0,
      },
    },
    fields: [],
    provenance: { description: 'Collected for a test.', builtFrom: [] },
    terms: {
      derivatives: true,
      royaltyBps: 1_000,
      serveBps: 0,
      consent: false,
      attribution: true,
      commercial: true,
    },
    contributors: { bps: contributorBps, leaves: [...leaves] },
    members: [],
    suppliers: [],
    metrics: [],
    croissant: {},
    modelCard: {},
    ...overrides,
  }
  if (manifest.kind !== 'collection') return manifest
  const { contentId, content, fields, ...bare } = requireContent(manifest)
  return bare
}
