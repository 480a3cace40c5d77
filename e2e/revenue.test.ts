import { revenueLedgerAbi } from '@agorai/core'
import {
  type AgoraiClient,
  buyOffer,
  collectRevenue,
  eraseVersion,
  getGovernance,
  getLineage,
  listOffer,
  prepareAsset,
  publishAsset,
  releaseEdge,
  rescueTill,
  retireAsset,
  revokeConsent,
  setTillVersion,
  signConsent,
  sweepTill,
} from '@agorai/sdk'
import { type Address, parseEther } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** Where money goes: along suppliers, ancestors, collections, liens and tills, through the SDK on a real chain. */

let market: Marketplace

beforeAll(async () => {
  market = await startMarketplace()
  await market.mint(market.byron, 1_000_000_000n)
})
afterAll(() => market?.stop())

/** Sells one pass of a new perpetual offer. */
async function sell(owner: AgoraiClient, asset: bigint, price: bigint): Promise<void> {
  const { offer } = await listOffer(owner, { asset, token: market.token, price, usage: 'internal' })
  await buyOffer(market.byron, { offer, amountMax: price })
}

/** What each account has more than before. */
async function gains(accounts: readonly AgoraiClient[], work: () => Promise<unknown>): Promise<bigint[]> {
  const before = await Promise.all(accounts.map(market.balanceOf))
  await work()
  const after = await Promise.all(accounts.map(market.balanceOf))
  return after.map((balance, place) => balance - (before[place] ?? 0n))
}

const contributorsOf = (...accounts: Address[]) => ({
  bps: 6_000,
  leaves: accounts.map((account, place) => ({ account, weight: '1', label: `Contributor ${place}` })),
})

test('what a service earns reaches the supplier, its ancestors and their contributors, to the unit', async () => {
  const { treasury, ada, boole, alpha, beta, curie, token, publishService, addressOf, settle } = market
  const source = await publishService(ada, {
    terms: { royaltyBps: 1_000 },
    contributors: contributorsOf(addressOf(alpha), addressOf(beta)),
  })
  const model = await publishService(boole, {
    parents: [source.version],
    terms: { royaltyBps: 500, serveBps: 6_000 },
  })
  const service = await publishService(curie, { suppliers: [model.version] })
  await sell(curie, service.asset, 10_000_000n)
  await settle()
  const { vertices } = await getLineage(ada, { version: source.version })
  expect(vertices.map(({ version }) => version).sort()).toEqual(
    [source, model, service].map(({ version }) => String(version)).sort(),
  )

  // DESIGN's example: 1 % in all, on value added. The dataset's party collects and all above it is pulled on the way.
  const own = await gains([alpha], () => collectRevenue(alpha, { token }))
  expect(own).toEqual([180_000n])
  const rest = await gains([treasury, ada, beta, boole, curie], () =>
    collectRevenue(curie, { token, version: service.version }),
  )
  expect(rest).toEqual([100_000n, 240_000n, 180_000n, 5_340_000n, 3_960_000n])
  expect([...own, ...rest].reduce((sum, amount) => sum + amount)).toBe(10_000_000n)
  expect((await collectRevenue(curie, { token, version: service.version })).collected).toEqual([])
})

test('members of a collection are credited, those of a collection inside it too', async () => {
  const { ada, boole, alpha, byron, curie, token, publishService, settle } = market
  const [first, second, third] = [await publishService(ada), await publishService(boole), await publishService(alpha)]
  const gather = (members: readonly (readonly [bigint, string])[]) =>
    publishService(curie, {
      kind: 'collection',
      terms: { royaltyBps: 1_000 },
      contributors: { bps: 10_000, leaves: [] },
      members: members.map(([version, weight]) => ({ version: String(version), weight })),
    })
  const inner = await gather([
    [first.version, '3'],
    [second.version, '1'],
  ])
  const outer = await gather([
    [third.version, '1'],
    [inner.version, '1'],
  ])
  const derived = await publishService(byron, { parents: [outer.version] })
  await sell(byron, derived.asset, 8_000_000n)
  await settle()
  // 10 % of the sale is 800,000: half to the third, half to the inner collection, 3 : 1 there.
  expect(await gains([ada], () => collectRevenue(ada, { token }))).toEqual([300_000n])
  expect(await gains([boole], () => collectRevenue(boole, { token }))).toEqual([100_000n])
  expect(await gains([alpha], () => collectRevenue(alpha, { token }))).toEqual([400_000n])
})

test('what a ruling set aside of an owner reaches the creditor when it collects', async () => {
  const { ada, boole, treasury, alpha, chain, token, publishService, settle, addressOf, node } = market
  const { governor, revenueLedger } = node.info.chain.addresses
  const [debtor, creditor] = [await publishService(ada), await publishService(alpha)]
  const ledger = { address: revenueLedger, abi: revenueLedgerAbi, chain: foundry } as const
  await chain.setBalance({ address: governor, value: parseEther('1') })
  await chain.impersonateAccount({ address: governor })
  await chain.writeContract({
    ...ledger,
    account: governor,
    functionName: 'setArbiter',
    args: [addressOf(treasury)],
  })
  await chain.stopImpersonatingAccount({ address: governor })
  await treasury.wallet?.writeContract({
    ...ledger,
    account: treasury.wallet.account,
    functionName: 'setLien',
    args: [debtor.version, token, creditor.version, 2_500, 1_000_000n],
  })
  await sell(ada, debtor.asset, 1_000_000n)
  await settle()
  expect(await gains([alpha], () => collectRevenue(alpha, { token }))).toEqual([247_500n])
  expect((await collectRevenue(ada, { token })).amount).toBe(0n)
  expect(await getGovernance(boole)).toMatchObject({
    governor,
    feeBps: 100,
    arbiter: addressOf(treasury),
    tokens: [token],
  })
})

describe('tills', () => {
  test('are swept into the ledger together, and what is no income is rescued', async () => {
    const { ada, boole, byron, curie, token, chain, publishService, send, addressOf, settle, node } = market
    const [first, second] = [await publishService(ada), await publishService(boole)]
    const tillOf = (asset: bigint) =>
      chain.readContract({
        address: node.info.chain.addresses.revenueLedger,
        abi: revenueLedgerAbi,
        functionName: 'tillOf',
        args: [asset],
      })
    await send(byron, await tillOf(first.asset), 1_000_000n)
    await send(byron, await tillOf(second.asset), 2_000_000n)
    const swept = await sweepTill(curie, { token, assets: [first.asset, second.asset] })
    expect(swept).toMatchObject({ amount: 3_000_000n })
    expect(swept.swept.map(({ version }) => version)).toEqual([first.version, second.version])
    expect((await sweepTill(curie, { token, assets: [first.asset] })).amount).toBe(0n)
    await settle()
    expect(await gains([ada], () => collectRevenue(ada, { token }))).toEqual([990_000n])

    await chain.setBalance({ address: await tillOf(first.asset), value: 7n })
    await expect(rescueTill(boole, { asset: first.asset, what: 'ether' })).rejects.toMatchObject({ code: 'not_owner' })
    const to = addressOf(market.gamma)
    const before = await chain.getBalance({ address: to })
    expect(await rescueTill(ada, { asset: first.asset, what: 'ether', to })).toMatchObject({ amountOrId: 7n })
    expect(await chain.getBalance({ address: to })).toBe(before + 7n)
    await send(byron, await tillOf(first.asset), 5n)
    await expect(rescueTill(ada, { asset: first.asset, what: 'token', token })).rejects.toMatchObject({
      code: 'token_allowed',
    })
  })

  test('may be pointed at an earlier version after a week', async () => {
    const { ada, curie, byron, token, publishService, send, passTime, chain, node } = market
    const first = await publishService(ada)
    const later = await publishService(ada, { asset: first.asset })
    const { effectiveAt } = await setTillVersion(ada, { asset: first.asset, version: first.version })
    const till = await chain.readContract({
      address: node.info.chain.addresses.revenueLedger,
      abi: revenueLedgerAbi,
      functionName: 'tillOf',
      args: [first.asset],
    })
    await send(byron, till, 10n)
    const versionOf = async () => (await sweepTill(curie, { token, assets: [first.asset] })).swept[0]?.version
    expect(await versionOf()).toBe(later.version)
    await passTime(effectiveAt - Number((await chain.getBlock()).timestamp))
    await send(byron, till, 10n)
    expect(await versionOf()).toBe(first.version)
  })
})

describe('terms', () => {
  test('a consent lets one publisher build one manifest, once, unless it is taken back', async () => {
    const { ada, boole, publishService, addressOf } = market
    const source = await publishService(ada, { terms: { royaltyBps: 100, consent: true } })
    const parents = [source.version]
    const prepare = async () =>
      prepareAsset(boole, {
        kind: 'service',
        name: 'Built with consent',
        description: 'Built from what asks for it.',
        tags: [],
        licence: { spdx: 'CC0-1.0', source: 'e2e', attribution: 'nobody' },
        provenance: { description: String(Math.random()) },
        terms: { royaltyBps: 0 },
        contributors: { bps: 0, leaves: [] },
        metrics: [],
        parents,
      })
    const prepared = await prepare()
    await expect(publishAsset(boole, { prepared })).rejects.toMatchObject({ code: 'consent_missing' })
    const { manifestDigest } = prepared
    const consentTo = (publisher: AgoraiClient, digest = manifestDigest) =>
      signConsent(ada, { version: source.version, publisher: addressOf(publisher), manifestDigest: digest })
    const consent = await consentTo(boole)
    const other = await prepare()
    await expect(publishAsset(boole, { prepared: other, consents: [consent] })).rejects.toMatchObject({
      code: 'signature_invalid',
    })
    expect(await publishAsset(boole, { prepared, consents: [consent] })).toMatchObject({ manifestDigest })
    await expect(publishAsset(boole, { prepared, consents: [consent] })).rejects.toMatchObject({ code: 'consent_used' })
    const taken = await consentTo(boole, other.manifestDigest)
    await revokeConsent(ada, taken)
    await expect(publishAsset(boole, { prepared: other, consents: [taken] })).rejects.toMatchObject({
      code: 'consent_used',
    })
  })

  test('an ancestor that is released is owed by versions published before alone', async () => {
    const { ada, boole, publishService, settle } = market
    const source = await publishService(ada, { terms: { royaltyBps: 1_000 } })
    const built = await publishService(boole, { parents: [source.version] })
    await expect(releaseEdge(boole, { asset: built.asset, ancestor: source.asset })).rejects.toMatchObject({
      code: 'not_owner',
    })
    const kept = await publishService(boole, { asset: built.asset })
    await releaseEdge(ada, { asset: built.asset, ancestor: source.asset })
    const free = await publishService(boole, { asset: built.asset })
    await settle()
    const { vertices } = await getLineage(ada, { version: source.version })
    const edgesOf = (version: bigint) => vertices.find((vertex) => vertex.version === String(version))?.edges
    expect(edgesOf(kept.version)).toEqual([{ ancestor: String(source.version), bps: 1_000 }])
    expect(edgesOf(free.version) ?? []).toEqual([])
  })

  test('what is retired or erased is neither sold nor built from', async () => {
    const { ada, boole, byron, token, publishService } = market
    const offers = [{ token, price: 1_000_000n, usage: 'train' as const }]
    const terms = { royaltyBps: 0 }
    const [retired, erased] = [
      await publishService(ada, { offers, terms }),
      await publishService(ada, { offers, terms }),
    ]
    await expect(retireAsset(boole, { asset: retired.asset })).rejects.toMatchObject({ code: 'not_owner' })
    await retireAsset(ada, { asset: retired.asset })
    await eraseVersion(ada, { version: erased.version })
    for (const { version, offers: listed } of [retired, erased]) {
      await expect(buyOffer(byron, { offer: listed[0] ?? 0n, amountMax: 1_000_000n })).rejects.toMatchObject({
        code: 'not_for_sale',
      })
      await expect(publishService(boole, { parents: [version] })).rejects.toMatchObject({ code: 'version_retired' })
    }
  })

  test('terms that refuse, a fee above the maximum and a free-only ancestor are told', async () => {
    const { ada, boole, token, publishService } = market
    const closed = await publishService(ada, { terms: { royaltyBps: 0, derivatives: false } })
    await expect(publishService(boole, { parents: [closed.version] })).rejects.toMatchObject({ code: 'terms_refuse' })
    await expect(publishService(boole, { suppliers: [closed.version] })).rejects.toMatchObject({ code: 'terms_refuse' })
    await expect(publishService(ada, { feeBpsMax: 99 })).rejects.toMatchObject({ code: 'fee_too_high' })
    const free = await publishService(ada, { terms: { royaltyBps: 0, commercial: false } })
    const offers = [{ token, price: 1n, usage: 'train' as const }]
    await expect(publishService(boole, { parents: [free.version], offers })).rejects.toMatchObject({
      code: 'commercial_use_refused',
    })
  })
})
