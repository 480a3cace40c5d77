import {
  type AgoraiClient,
  createAgoraiClient,
  getDevAccount,
  type PublishAssetParameters,
  publishAsset,
} from '@agorai/sdk'

/** Text that tries to be more than text. */
export const hostile = '<img src=x onerror="window.broken=1">[link](javascript:window.broken=1)'

type Stated = Partial<Exclude<PublishAssetParameters, { prepared: unknown }>> & { name: string }

/** Publishes a dataset of two rows. @returns Its asset. */
export async function publishRows(client: AgoraiClient, stated: Stated): Promise<bigint> {
  const rows = new TextEncoder().encode('name,value\na,1\nb,2\n')
  const { asset } = await publishAsset(client, {
    content: {
      fileName: 'rows.csv',
      mediaType: 'text/csv',
      bytes: rows.length,
      async *stream() {
        yield rows
      },
    },
    rowFormat: 'csv',
    kind: 'dataset',
    description: 'Two rows.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'This test', attribution: 'Nobody' },
    provenance: { description: 'Made for a test.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    ...stated,
  })
  return asset
}

const hostileTable = {
  rows: 2,
  columns: [{ name: hostile, type: 'string' as const, nulls: 0, distinct: 2, top: [{ value: hostile, count: 2 }] }],
  withheld: [`withheld ${hostile}`],
  correlations: [{ a: hostile, b: hostile, r: 1 }],
}

/** A dataset whose every text is hostile. */
export async function publishHostileText(node: string): Promise<bigint> {
  const reader = await createAgoraiClient({ node })
  const account = getDevAccount(1, reader.info.chain.id)
  return publishRows(await createAgoraiClient({ node, account }), {
    name: `Two rows ${hostile}`,
    description: hostile,
    tags: [hostile.slice(0, 40)],
    licence: { spdx: 'CC0-1.0', source: hostile, attribution: hostile },
    fields: [{ name: hostile, type: 'string' }],
    provenance: { description: hostile },
    contributors: { bps: 100, leaves: [{ account: account.address, weight: '1', label: hostile.slice(0, 80) }] },
    // Nobody loads what a description names as its context.
    croissant: { '@context': 'https://context.invalid/broken.jsonld', name: hostile },
    sample: { first: 2 },
    profile: { table: hostileTable },
    modelCard: { intendedUse: hostile, notes: { [hostile]: hostile } },
  })
}
