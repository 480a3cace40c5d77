import {
  type Account,
  duesOf,
  type LedgerVertex,
  offerIdOf,
  ownerEntitled,
  perpetualExpiry,
  secondsPerDay,
  treasuryVersion,
} from '@agorai/core'
import { type Address, type Hex, numberToHex, zeroAddress, zeroHash } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ChainEvent, mineUntilSeen, readEvents } from './chainEvents.js'
import { createRandom } from './random.js'
import {
  accountIn,
  catalogue,
  chosenTillVersion,
  currentVersionOf,
  passOf,
  rebuildState,
  type State,
  streamIn,
  type VersionState,
  versionIn,
} from './rebuildState.js'
import { startTestChain, type TestChain } from './testChain.js'
import { accounts } from './testContracts.js'

/**
 * State from events is state from storage: after a random history in which every event occurs, each view of the three
 * contracts answers what the events alone say, for every key that was ever used and for some that were not.
 */

/** Offers of an asset that are looked at, listed or not. */
const indexes = [0, 1, 2, 3, 4, 5, 6]
const noncesMax = 40

let chain: TestChain
let state: State
let versions: bigint[]
let assets: bigint[]
/** The block that is looked at, and its time. */
let blockNumber: bigint
let now: bigint
let seen: Set<ChainEvent['eventName']>

beforeAll(async () => {
  chain = await startTestChain()
  const random = createRandom(Number(process.env.AGORAI_EVENTS_SEED ?? 8) * 7_919)
  const events = await mineUntilSeen(chain, random, Object.keys(catalogue) as ChainEvent['eventName'][])
  seen = new Set(events.map(({ eventName }) => eventName))
  state = rebuildState(events)
  versions = [...state.versions.keys()]
  assets = [...state.owners.keys()]
  blockNumber = await chain.headNumber()
  now = (await chain.client.getBlock({ blockNumber })).timestamp
  console.log(
    `Event catalogue: ${events.length} events in ${blockNumber} blocks, ${versions.length} versions of ${assets.length} ` +
      `assets, ${state.offers.size} offers, ${state.passes.size} passes, ${state.accounts.size} accounts`,
  )
}, 600_000)
afterAll(() => chain.kill())

const registry = (functionName: string, ...args: readonly unknown[]) => view('registry', functionName, args)
const ledger = (functionName: string, ...args: readonly unknown[]) => view('ledger', functionName, args)
const market = (functionName: string, ...args: readonly unknown[]) => view('market', functionName, args)

/** What a contract answers, at the block that is looked at. */
const view = (contract: 'registry' | 'ledger' | 'market', functionName: string, args: readonly unknown[]) =>
  chain.client.readContract({ ...chain.abis[contract], functionName, args, blockNumber } as never) as Promise<unknown>

const owedBpsOf = ({ feeBps, royalties, supplies }: VersionState): number =>
  [...royalties, ...supplies].reduce((sum, { bps }) => sum + bps, feeBps)

const vertexOf = (version: bigint): LedgerVertex => {
  const none = { feeBps: 0, contributorBps: 0, royalties: [], supplies: [] }
  const { feeBps, contributorBps, royalties, supplies } = version === treasuryVersion ? none : versionIn(state, version)
  return {
    version,
    feeBps,
    contributorBps,
    edges: royalties.map(({ version: ancestor, bps }) => ({ ancestor, bps })),
    supplies: supplies.map(({ version: supplier, bps }) => ({ supplier, bps })),
    contributors: [],
    members: [],
  }
}

test('every event occurs', () => {
  expect([...seen].sort()).toEqual(Object.keys(catalogue).sort())
})

test('versions: to whom they belong, what they commit to, on what terms, and what they owe', async () => {
  expect(await registry('versionCount')).toBe(BigInt(versions.length))
  expect(await registry('feeBps')).toBe(state.feeBps)
  expect(versions).toEqual(versions.map((_, index) => BigInt(index + 1)))
  for (const id of versions) {
    const version = versionIn(state, id)
    const rates = { feeBps: version.feeBps, owedBps: owedBpsOf(version), contributorBps: version.contributorBps }
    const isCollection = version.kind === 8
    expect({
      asset: await registry('assetOf', id),
      commitment: await registry('commitmentOf', id),
      terms: await registry('termsOf', id),
      rates: await registry('ratesOf', id),
      contributionRates: await registry('contributionRatesOf', id),
      owed: await registry('edgesOf', id),
      freeOnly: await registry('isFreeOnly', id),
      erased: await registry('isErased', id),
    }).toEqual({
      asset: version.asset,
      commitment: version.commitment,
      terms: version.terms,
      rates: [state.owners.get(version.asset), rates],
      contributionRates: [version.commitment, rates, isCollection],
      owed: [BigInt(version.feeBps), version.royalties, version.supplies],
      freeOnly: version.freeOnly,
      erased: version.erased,
    })
  }
  expect(versions.some((id) => versionIn(state, id).freeOnly)).toBe(true)
})

/** The registry's rule: a till that would owe others less than the current version does is not obeyed. */
function tillVersionOf(asset: bigint): bigint {
  const current = currentVersionOf(state, asset) ?? 0n
  const chosen = chosenTillVersion(state, asset, now)
  if (chosen === 0n || chosen === current) return current
  const [wanted, owed] = [versionIn(state, chosen), versionIn(state, current)]
  const covers = (edges: VersionState['royalties'], others: VersionState['royalties']) =>
    others.every(({ version, bps }) => edges.some((edge) => edge.version === version && edge.bps >= bps))
  const owesNoLess =
    owedBpsOf(wanted) >= owedBpsOf(owed) &&
    wanted.contributorBps >= owed.contributorBps &&
    covers(wanted.royalties, owed.royalties) &&
    covers(wanted.supplies, owed.supplies)
  return owesNoLess ? chosen : current
}

test('assets: owners, approvals, marks, tills and what was released', async () => {
  for (const asset of assets) {
    expect({
      owner: await registry('ownerOf', asset),
      approved: await registry('getApproved', asset),
      current: await registry('currentVersion', asset),
      kind: await registry('kindOf', asset),
      retired: await registry('isRetired', asset),
      soldExclusively: await registry('isSoldExclusively', asset),
      till: await registry('versionForSweep', asset),
    }).toEqual({
      owner: state.owners.get(asset),
      approved: state.approved.get(asset) ?? zeroAddress,
      current: currentVersionOf(state, asset),
      kind: versionIn(state, asset).kind,
      retired: state.retired.has(asset),
      soldExclusively: state.soldExclusively.has(asset),
      till: tillVersionOf(asset),
    })
  }
  const pairs = assets.flatMap((asset) => assets.map((ancestor) => [asset, ancestor] as const))
  const released = [...state.released].map((pair) => pair.split(' ').map(BigInt) as [bigint, bigint])
  for (const [asset, ancestor] of [...pairs.filter((_, index) => index % 7 === 0), ...released])
    expect(await registry('isReleased', asset, ancestor)).toBe(state.released.has(`${asset} ${ancestor}`))
  for (const owner of accounts) {
    const owned = [...state.owners.values()].filter((each) => each === owner)
    expect(await registry('balanceOf', owner)).toBe(BigInt(owned.length))
    expect(await registry('nonceOf', owner)).toBe(state.nonces.get(owner) ?? 0n)
    for (const operator of accounts)
      expect(await registry('isApprovedForAll', owner, operator)).toBe(state.operators.has(`${owner} ${operator}`))
  }
})

test('consents that were used or revoked', async () => {
  const isUsed = async (owner: Address, version: bigint, nonce: Hex) =>
    expect(await registry('isConsentUsed', owner, version, nonce)).toBe(
      state.consents.has(`${owner} ${version} ${nonce}`),
    )
  for (const key of state.consents) {
    const [owner, version, nonce] = key.split(' ') as [Address, string, Hex]
    await isUsed(owner, BigInt(version), nonce)
  }
  for (const version of versions.filter((id) => id % 5n === 0n))
    for (let nonce = 0; nonce < noncesMax; nonce += 3)
      await isUsed(
        state.owners.get(versionIn(state, version).asset) ?? zeroAddress,
        version,
        numberToHex(nonce, { size: 32 }),
      )
})

test('accounts: sales, royalties, what was pulled, collected and contributed, and liens', async () => {
  expect(await ledger('arbiter')).toBe(state.arbiter)
  for (const token of [...chain.tokens, zeroAddress])
    expect(await ledger('isTokenAllowed', token)).toBe(state.allowed.has(token))
  for (const version of [treasuryVersion, ...versions])
    for (const token of chain.tokens) {
      const account = accountIn(state, version, token)
      const { sales, royalties, ownerCollected, pulledSales, liens } = account
      expect({
        account: await ledger('accountOf', version, token),
        liens: await ledger('liensOf', version, token),
        collectable: await ledger('collectableOf', version, token),
      }).toEqual({
        account: [sales, royalties, ownerCollected, pulledSales],
        liens: liens.map((lien) => ({ ...lien, creditor: Number(lien.creditor) })),
        collectable: ownerEntitled(account, vertexOf(version)) - ownerCollected,
      })
      if (version === treasuryVersion) continue
      const pullable = duesOf(account, vertexOf(version)).reduce((sum, { amount }) => sum + amount, 0n)
      expect(await ledger('pullableOf', version, token)).toBe(pullable)
      await compareContributions(version, token, account)
    }
})

async function compareContributions(version: bigint, token: Address, { contributionsCollected }: Account) {
  const proven = (await chain.contributionsOf(version)).map(({ start }) => start)
  for (const start of new Set([0n, 1n, ...proven, ...contributionsCollected.keys()]))
    expect(await ledger('contributionCollectedOf', version, start, token)).toBe(contributionsCollected.get(start) ?? 0n)
}

test('offers and bundles', async () => {
  const unlisted = { token: zeroAddress, price: 0n, usage: 0, flags: 0, refundHours: 0, gate: zeroHash, brackets: [] }
  for (const offer of assets.flatMap((asset) => indexes.map((index) => offerIdOf(asset, index)))) {
    const listed = state.offers.get(offer)
    const { terms = unlisted, open = false, listedAt = 0n } = listed ?? {}
    expect(await market('offerOf', offer)).toEqual([terms, open, listedAt])
  }
  expect([...state.offers.keys()].every((offer) => indexes.includes(Number(offer & 0xffffn)))).toBe(true)
  const closed = (await readEvents(chain)).flatMap((event) =>
    event.eventName === 'BundleClosed' ? [event.args.bundleId] : [],
  )
  for (const id of [...state.bundles.keys(), ...closed, zeroHash]) {
    const { owner = zeroAddress, discountBps = 0 } = state.bundles.get(id) ?? {}
    expect(await market('bundleOf', id)).toEqual([owner, discountBps])
  }
  expect(await market('pausedUntil')).toBe(state.pausedUntil)
  expect(await market('guardian')).toBe(state.guardian)
})

test('passes, and whom they entitle', async () => {
  for (const offer of state.offers.keys())
    for (const holder of accounts) {
      const { purchases, grantedAt, expiry, refundUntil, amount } = passOf(state, offer, holder)
      const numbers = [grantedAt, expiry, refundUntil].map(Number)
      expect(await market('passOf', offer, holder), `${offer} ${holder}`).toEqual({
        purchases,
        grantedAt: numbers[0],
        expiry: numbers[1],
        refundUntil: numbers[2],
        amount,
      })
      if (purchases === 0) continue
      const current = currentVersionOf(state, offer >> 16n)
      expect(await market('isEntitled', offer, holder, current)).toBe(expiry > now)
    }
  const running = [...state.passes.values()].filter(({ expiry }) => expiry > now && expiry < perpetualExpiry)
  expect(running.length).toBeGreaterThan(0)
})

test('streams of timed passes, day by day', async () => {
  const today = now / secondsPerDay
  let flowing = 0
  for (const asset of assets)
    for (const token of chain.tokens) {
      const { day, rate, earned, changes } = streamIn(state, asset, token)
      expect(await market('streamOf', asset, token)).toEqual({ day: Number(day), rate, earned })
      if (day === 0n) continue
      flowing++
      const around = Array.from({ length: 30 }, (_, index) => today - 10n + BigInt(index))
      for (const each of new Set([...changes.keys(), ...around, day, day + 1n]))
        expect(await market('rateChangeOf', asset, token, each)).toBe(changes.get(each) ?? 0n)
    }
  expect(flowing).toBeGreaterThan(0)
})
