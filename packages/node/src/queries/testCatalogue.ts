import { contributorRootOf, encodeManifest, kindToNumber, type Manifest, manifestDigest } from '@agorai/core'
import { zeroAddress } from 'viem'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { emptyDatabase, type TestEngine } from '../adapters/database/testDatabases.js'
import { addManifest } from '../indexer/manifests.js'
import { createSchema } from '../indexer/schema.js'
import { commitRange, readCursor } from '../indexer/store.js'
import { insertTestDeployment, type TestEvent, testAddress, testBlock } from '../indexer/testRanges.js'
import type { Catalogue } from '../ports/catalogue.js'
import type { Database } from '../ports/database.js'
import { createCatalogue } from './createCatalogue.js'
import { testManifest } from './testManifest.js'

export const [ada, boole, byron] = [testAddress(1), testAddress(2), testAddress(6)]
export const [alpha, beta, gamma] = [testAddress(3), testAddress(4), testAddress(5)]
export const treasury = testAddress(8)
export const token = testAddress(50)

export const dataset = testManifest({
  contributorBps: 6_000,
  leaves: [
    { account: alpha, weight: '4000', label: 'Alpha' },
    { account: beta, weight: '2400', label: 'Beta' },
    { account: gamma, weight: '1600', label: 'Gamma' },
  ],
})
export const model = testManifest({
  kind: 'model',
  name: 'Digit classifier',
  description: 'A small network.',
  tags: ['onnx'],
})

type Values = TestEvent['values']
type Edges = Partial<Record<'parents' | 'suppliers' | 'royalties' | 'supplies', readonly unknown[]>>

const event =
  (table: TestEvent['table']) =>
  (values: Values): TestEvent => ({ table, values })

export const transferred = (asset: number, sender: string, recipient: string) =>
  event('asset_transferred')({ sender, recipient, asset: `${asset}` })
export const minted = (asset: number, to: string) => transferred(asset, zeroAddress, to)

/** A publication, with what it owes when there is anything. */
export const published = (version: number, manifest: Manifest, values: Values = {}, edges?: Edges): TestEvent[] => [
  event('version_published')({
    version: `${version}`,
    asset: `${version}`,
    kind: kindToNumber(manifest.kind),
    manifest_digest: manifestDigest(encodeManifest(manifest)),
    contributor_root: contributorRootOf(manifest),
    contributor_bps: manifest.contributors.bps,
    ...values,
  }),
  ...(edges === undefined ? [] : [event('edges_drawn')({ version: `${version}`, ...edges })]),
]
export const listed = (asset: number, index: number, price: string, values: Values = {}) =>
  event('offer_listed')({ offer: `${(asset << 16) + index}`, asset: `${asset}`, token, price, ...values })
export const granted = (asset: number, index: number, holder: string, values: Values = {}) =>
  event('pass_granted')({
    offer: `${(asset << 16) + index}`,
    asset: `${asset}`,
    version: `${asset}`,
    holder,
    amount: '0',
    ...values,
  })
export const sold = (version: number, amount: string) =>
  event('revenue_received')({ version: `${version}`, token, amount })
export const pulled = (version: number, ancestor: number, amount: string) =>
  event('revenue_pulled')({ version: `${version}`, ancestor: `${ancestor}`, token, amount })
export const collected = (version: number, owner: string, amount: string) =>
  event('revenue_collected')({ version: `${version}`, token, owner, amount })
export const contributed = (version: number, account: string, amount: string, start: number, weight: number) =>
  event('contribution_collected')({
    version: `${version}`,
    token,
    account,
    weight_start: `${start}`,
    weight: `${weight}`,
    amount,
  })

/** Dataset 1 asks 10 %; model 2 is built from it. */
export const twoAssets = [
  minted(1, ada),
  ...published(1, dataset, { royalty_bps: 1_000 }),
  minted(2, boole),
  ...published(2, model, { publisher: boole }, { parents: ['1'], royalties: [{ ancestor: '1', bps: 1_000 }] }),
]

/** A catalogue over an index that is empty before each test. */
export function useCatalogue({ open }: TestEngine) {
  const held: { database?: Database; catalogue?: Catalogue } = {}
  const database = () => held.database as Database
  beforeAll(async () => {
    held.database = await open()
  })
  beforeEach(async () => {
    await emptyDatabase(database())
    await createSchema(database())
    await insertTestDeployment(database(), treasury)
    held.catalogue = createCatalogue(database())
  })
  afterAll(() => database().close())
  return {
    database,
    catalogue: () => held.catalogue as Catalogue,
    /** The next block. */
    async append(...events: readonly TestEvent[]): Promise<void> {
      const { tip } = await readCursor(database())
      await commitRange(database(), tip?.hash, testBlock((tip?.number ?? 0n) + 1n, events), 0n)
    },
    async addManifests(...manifests: readonly Manifest[]): Promise<void> {
      for (const manifest of manifests) await addManifest(database(), encodeManifest(manifest))
    },
  }
}
