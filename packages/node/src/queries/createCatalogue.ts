import type { Catalogue } from '../ports/catalogue.js'
import type { Database } from '../ports/database.js'
import { getAsset, getManifest, searchAssets } from './assets.js'
import { lastEvent, readEvents } from './events.js'
import { getLineage } from './lineage.js'
import { createNextBlock } from './nextBlock.js'
import { getOffers } from './offers.js'
import { getPasses } from './passes.js'
import { readSnapshot } from './readSnapshot.js'
import { createLedgerReader, getRevenue } from './revenue.js'
import { getVersions } from './versions.js'

/** The catalogue over the index's tables. */
export function createCatalogue(database: Database): Catalogue {
  const ledgerReader = createLedgerReader()
  return {
    searchAssets: (parameters) => readSnapshot(database, (snapshot) => searchAssets(snapshot, parameters)),
    getAsset: (asset) => readSnapshot(database, (snapshot) => getAsset(snapshot, asset)),
    getVersions: (parameters) => readSnapshot(database, (snapshot) => getVersions(snapshot, parameters)),
    getOffers: (parameters) => readSnapshot(database, (snapshot) => getOffers(snapshot, parameters)),
    getManifest: (version) => getManifest(database, version),
    getLineage: (version) => readSnapshot(database, (snapshot) => getLineage(snapshot, version)),
    getRevenue: (parameters) => readSnapshot(database, (snapshot) => getRevenue(snapshot, ledgerReader, parameters)),
    getPasses: (parameters) => getPasses(database, parameters),
    indexedBlock: async () => {
      const [progress] = await database.query<{ number: bigint | null }>('SELECT number FROM progress')
      return Number(progress?.number ?? -1n)
    },
    readEvents: (parameters) => readSnapshot(database, (snapshot) => readEvents(snapshot, parameters)),
    lastEvent: () => lastEvent(database),
    nextBlock: createNextBlock(database),
  }
}
