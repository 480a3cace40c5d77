import { feeIndex } from '@agorai/core'
import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../../packages/node/src/adapters/database/testDatabases.js'
import { createIndexer } from '../../packages/node/src/indexer/createIndexer.js'
import type { Catalogue } from '../../packages/node/src/ports/catalogue.js'
import type { Database } from '../../packages/node/src/ports/database.js'
import { createCatalogue } from '../../packages/node/src/queries/createCatalogue.js'
import { createRandom } from './random.js'
import { startTestChain, type TestChain } from './testChain.js'

/** What the catalogue says of money and rights is what the contracts say, after a random history. */

let chain: TestChain
let versions: bigint[]
beforeAll(async () => {
  chain = await startTestChain()
  await chain.mineRandom(createRandom(23), 120, 5)
  const count = await chain.read.versionCount()
  versions = Array.from({ length: Number(count) }, (_, index) => BigInt(index + 1))
}, 120_000)
afterAll(() => chain.kill())

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`the catalogue on ${name} beside the chain`, () => {
    let database: Database
    let catalogue: Catalogue
    beforeAll(async () => {
      database = await open()
      const { client, deployment: addresses } = chain
      const manifests = { get: async (digest: Hex) => chain.manifests.get(digest) }
      const indexer = await createIndexer({ database, client: client as never, addresses, manifests })
      await indexer.sync()
      catalogue = createCatalogue(database)
    }, 120_000)
    afterAll(() => database.close())

    test('names the owners, current versions, tills and passes that the contracts name', async () => {
      const assets = [...new Set(await Promise.all(versions.map(chain.read.assetOf)))]
      for (const asset of assets) {
        const [owner, current, till] = await Promise.all([
          chain.read.ownerOf(asset),
          chain.read.currentVersion(asset),
          chain.read.tillOf(asset),
        ])
        const found = await catalogue.getAsset(asset)
        expect(found).toMatchObject({ owner, till, version: { id: `${current}` } })
        for (const offer of found.offers) {
          expect(offer.token).toEqual({ address: chain.token, symbol: 'tUSD', decimals: 6 })
          expect(await chain.read.offerOf(BigInt(offer.id))).toMatchObject({
            price: BigInt(offer.price),
            open: offer.open,
          })
        }
      }
      const { assets: listed } = await catalogue.searchAssets({ limit: 100 })
      expect(listed).toHaveLength(Math.min(100, assets.length))
    })

    test('lets every party collect what the ledger lets it collect once every edge is pulled', async () => {
      for (const version of versions) {
        const edges = (await chain.read.edgesOf(version)).keys()
        const pulls = [...edges, feeIndex].map((index) => ({ version, index }))
        await chain.mineBlock([chain.ledger(chain.anyone, 'pull', [chain.token, pulls])])
      }
      let earning = 0
      let unproven = 0
      for (const version of versions) {
        const { entitlements, ...revenue } = await catalogue.getRevenue({ version, token: chain.token })
        for (const { version: from, role, account, start, collectable } of entitlements) {
          const contributions = await chain.contributionsOf(BigInt(from))
          const contribution = contributions.find((each) => `${each.start}` === start && each.account === account)
          if (role === 'contributor' && start === null) {
            unproven++
            const parts = await Promise.all(contributions.map(chain.read.contributionCollectableOf))
            const dust = BigInt(collectable) - parts.reduce((sum, part) => sum + part, 0n)
            expect(dust >= 0n && dust < BigInt(contributions.length)).toBe(true)
            continue
          }
          const onChain =
            contribution === undefined || role !== 'contributor'
              ? await chain.read.collectableOf(BigInt(from))
              : await chain.read.contributionCollectableOf(contribution)
          expect(collectable, `${role} of ${from}`).toBe(`${onChain}`)
          if (onChain > 0n) earning++
        }
        const parts = [revenue.collected, revenue.collectable, revenue.dust].map(BigInt)
        expect(parts.reduce((sum, part) => sum + part)).toBe(BigInt(revenue.received))
      }
      expect(unproven).toBeGreaterThan(0)
      expect(earning).toBeGreaterThan(10)
    })
  })
