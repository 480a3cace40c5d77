import type { Pass } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../../packages/node/src/adapters/database/testDatabases.js'
import { createIndexer } from '../../packages/node/src/indexer/createIndexer.js'
import type { Catalogue } from '../../packages/node/src/ports/catalogue.js'
import type { Database } from '../../packages/node/src/ports/database.js'
import { createCatalogue } from '../../packages/node/src/queries/createCatalogue.js'
import { mineUntilSeen } from './chainEvents.js'
import { createRandom } from './random.js'
import { startTestChain, type TestChain } from './testChain.js'
import { accounts } from './testContracts.js'

/** What the catalogue says of money and rights is what the contracts say, after a random history. */

/** All pages of an account's passes, a few at a time. */
async function everyPass(catalogue: Catalogue, holder: Address): Promise<Pass[]> {
  const passes: Pass[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await catalogue.getPasses({ holder, limit: 3, ...(cursor === undefined ? {} : { cursor }) })
    passes.push(...page.passes)
    cursor = page.nextCursor
  }
  expect(new Set(passes.map(({ offer }) => offer)).size).toBe(passes.length)
  return passes
}

let chain: TestChain
let versions: bigint[]
beforeAll(async () => {
  chain = await startTestChain()
  const rare = [
    'AssetRetired',
    'AssetSoldExclusively',
    'PassTransferred',
    'PassRefunded',
    'LienSet',
    'VersionErased',
  ] as const
  await mineUntilSeen(chain, createRandom(23), [...rare, 'SupplyPulled', 'MemberCredited'])
  const count = await chain.read.versionCount()
  versions = Array.from({ length: Number(count) }, (_, index) => BigInt(index + 1))
}, 240_000)
afterAll(() => chain.kill())

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`the catalogue on ${name} beside the chain`, () => {
    let database: Database
    let catalogue: Catalogue
    const sync = async () => {
      const { client, deployment: addresses } = chain
      const manifests = { get: async (digest: Hex) => chain.manifests.get(digest) }
      await (await createIndexer({ database, client: client as never, addresses, manifests })).sync()
    }
    beforeAll(async () => {
      database = await open()
      await sync()
      catalogue = createCatalogue(database)
    }, 120_000)
    afterAll(() => database.close())

    test('names the owners, versions, flags, tills and offers that the contracts name', async () => {
      const assets = [...new Set(await Promise.all(versions.map(chain.read.assetOf)))]
      const seen = new Set<string>()
      for (const asset of assets) {
        const { client, abis, read } = chain
        const ask = (functionName: 'isRetired' | 'isSoldExclusively' | 'isFreeOnly' | 'isErased', id = asset) =>
          client.readContract({ ...abis.registry, functionName, args: [id] })
        const found = await catalogue.getAsset(asset)
        expect(found).toMatchObject({
          owner: await read.ownerOf(asset),
          till: await read.tillOf(asset),
          version: { id: `${await read.currentVersion(asset)}` },
          retired: await ask('isRetired'),
          soldExclusively: await ask('isSoldExclusively'),
          freeOnly: await ask('isFreeOnly'),
        })
        for (const { id, erased } of found.versions) expect(erased).toBe(await ask('isErased', BigInt(id)))
        for (const flag of ['retired', 'soldExclusively', 'freeOnly'] as const) if (found[flag]) seen.add(flag)
        for (const offer of found.offers) {
          const [terms, open, listedAt] = await read.offerOf(BigInt(offer.id))
          expect(offer).toMatchObject({
            price: `${terms.price}`,
            refundHours: terms.refundHours,
            timed: (terms.flags & 1) === 1,
            transferable: (terms.flags & 2) === 2,
            gate: BigInt(terms.gate) === 0n ? null : terms.gate,
            brackets: terms.brackets,
            listedAt: listedAt === 0n ? null : Number(listedAt),
            open,
          })
          if (offer.token.address === chain.token) expect(offer.token).toMatchObject({ symbol: 'tUSD', decimals: 6 })
        }
      }
      expect([...seen].sort()).toEqual(['freeOnly', 'retired', 'soldExclusively'])
      const { assets: listed } = await catalogue.searchAssets({ limit: 100 })
      expect(listed).toHaveLength(Math.min(100, assets.length))
    })

    test('shows the passes that the market keeps, each holder its own', async () => {
      const now = await chain.read.now()
      const states = new Map<string, number>()
      for (const holder of accounts)
        for (const pass of await everyPass(catalogue, holder)) {
          const { expiry, refundUntil } = await chain.read.passOf(BigInt(pass.offer), holder)
          states.set(pass.state, (states.get(pass.state) ?? 0) + 1)
          expect(pass.state === 'running', `${pass.offer} ${holder}`).toBe(BigInt(expiry) > now)
          if (pass.state !== 'running') continue
          expect(pass.expiry).toBe(pass.timed ? expiry : null)
          expect(pass.refundUntil ?? 0).toBe(refundUntil)
        }
      // What was given back or moved on may have been bought again.
      expect(states.get('running')).toBeGreaterThan(3)
      expect([...states.keys()].length).toBeGreaterThan(2)
    })

    test('lets every party collect what the ledger lets it collect once all that anyone may move has moved', async () => {
      const { ledger, anyone, token, mineBlock, contributionsOf, read } = chain
      const before = new Map<string, string>()
      for (const version of versions) {
        const { entitlements, ...revenue } = await catalogue.getRevenue({ version, token })
        for (const { version: from, role, account, start, entitled } of entitlements)
          before.set([from, role, account, start].join(), entitled)
        const parts = [revenue.collected, revenue.collectable, revenue.dust].map(BigInt)
        expect(parts.reduce((sum, part) => sum + part)).toBe(BigInt(revenue.received))
        expect(parts.every((part) => part >= 0n)).toBe(true)
      }

      // Liens may lead anywhere, so what they move is pulled and credited again until nothing moves any more.
      const credits = new Map<bigint, object[]>()
      for (const version of versions) {
        const members = (await contributionsOf(version)).filter(({ account }) => BigInt(account) < version)
        if (members.length > 0) credits.set(version, members)
      }
      const descending = [...versions].reverse()
      for (let round = 0; round < 6; round++)
        for (let i = 0; i < descending.length; i += 8) {
          const some = descending.slice(i, i + 8)
          await mineBlock([
            ledger(anyone, 'pullMany', [token, some]),
            ...some.flatMap((version) => {
              const members = credits.get(version)
              return members === undefined ? [] : [ledger(anyone, 'creditMembers', [token, members])]
            }),
            ledger(anyone, 'collectMany', [token, some]),
          ])
        }

      let earning = 0
      let unproven = 0
      await sync()
      for (const version of versions) {
        const { entitlements } = await catalogue.getRevenue({ version, token })
        for (const { version: from, role, account, start, entitled, collectable } of entitlements) {
          const contributions = await contributionsOf(BigInt(from))
          const contribution = contributions.find((each) => `${each.start}` === start && each.account === account)
          if (role === 'contributor' && start === null) {
            unproven++
            const parts = await Promise.all(contributions.map(read.contributionCollectableOf))
            const dust = BigInt(collectable) - parts.reduce((sum, part) => sum + part, 0n)
            expect(dust >= 0n && dust < BigInt(contributions.length)).toBe(true)
            continue
          }
          // What was said before anything moved is what there is after all has.
          expect(entitled, `${role} of ${from}`).toBe(before.get([from, role, account, start].join()))
          const onChain =
            contribution === undefined || role !== 'contributor'
              ? await read.collectableOf(BigInt(from))
              : await read.contributionCollectableOf(contribution)
          expect(collectable, `${role} of ${from}`).toBe(`${onChain}`)
          if (BigInt(entitled) > 0n) earning++
        }
      }
      expect(unproven).toBeGreaterThan(0)
      expect(earning).toBeGreaterThan(10)
    })
  })
