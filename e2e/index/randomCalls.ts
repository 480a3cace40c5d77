import {
  type AssetKind,
  assetKinds,
  contributorLeavesOf,
  createContributorTree,
  encodeManifest,
  encodeOfferFlags,
  kindToNumber,
  type Manifest,
  manifestDigest,
  type OfferTermsArgument,
  offerIdOf,
  type PublicationArgument,
  publicationCommitment,
  publicationTermsHash,
  supplyKinds,
  toTypedData,
} from '@agorai/core'
import { createGate, getDevAccount } from '@agorai/sdk'
import { type Address, encodeAbiParameters, type Hex, keccak256, numberToHex, zeroAddress, zeroHash } from 'viem'
import { foundry } from 'viem/chains'
import { testManifest } from '../../packages/node/src/queries/testManifest.js'
import type { Random } from './random.js'
import { accounts, type Call, type TestContracts } from './testContracts.js'

const chainId = foundry.id
const farFuture = 2n ** 40n
const [treasury = zeroAddress] = accounts

type Bundle = { owner: Address; offers: readonly bigint[]; discountBps: number }

/** From so many versions on, others are published less often. */
const plenty = 40n
const fewVersions = 15n
/** How often another is picked when one was picked that is of no use any more. */
const picksMax = 4

/**
 * Calls of every kind at random, most of which succeed. What was called before is remembered, so that offers are bought,
 * passes given back and bundles sold; whether the chain knows of it, or still does, is asked.
 */
export function createRandomCalls(contracts: TestContracts) {
  const { read, registry, ledger, market, onToken, tokens, deployment, publications, manifests } = contracts
  const { assetRegistry, governor } = deployment
  const domain = { chainId, assetRegistry }
  const offered: bigint[] = []
  const held: { offer: bigint; holder: Address }[] = []
  const bundles: Bundle[] = []
  /** Versions that pay suppliers or members. */
  const payers: bigint[] = []
  /** Assets whose tills were sent the token that is not always allowed. */
  const filled: bigint[] = []
  /** By the gate's root, the proofs of those who are admitted. */
  const proofs = new Map<Hex, ReadonlyMap<Address, Hex[]>>()

  const tokenOf = (random: Random): Address => (random.chance(0.8) ? tokens[0] : tokens[1])
  const amountOf = (random: Random): bigint => 1n + random.belowBig(10_000_000n)
  const signerOf = (account: Address) => {
    const index = accounts.indexOf(account)
    return index < 0 ? undefined : getDevAccount(index, chainId)
  }
  const versionsOf = (random: Random, count: bigint, most: number): bigint[] => {
    const picked = Array.from({ length: count === 0n ? 0 : random.below(most + 1) }, () => 1n + random.belowBig(count))
    return [...new Set(picked)].sort((left, right) => (left < right ? -1 : 1))
  }

  /** Most of what happens, happens to a few. */
  function pickVersion(random: Random, count: bigint): bigint {
    const known = payers.filter((version) => version <= count)
    if (known.length > 0 && random.chance(0.2)) return random.pick(known)
    return 1n + random.belowBig(count > fewVersions && random.chance(0.6) ? fewVersions : count)
  }

  function manifestOf(random: Random, kind: AssetKind, count: bigint, bpsMin: number): Manifest {
    const isCollection = kind === 'collection'
    const leaves = Array.from({ length: isCollection ? 0 : random.below(4) }, (_, index) => ({
      account: random.pick(accounts),
      weight: `${1 + random.below(5_000)}`,
      label: `Contributor ${index}`,
    }))
    // Now and then one that does not exist, or not yet.
    const members = isCollection
      ? versionsOf(random, count + 1n, 4).map((version) => ({
          version: `${version}`,
          weight: `${1 + random.below(9)}`,
        }))
      : []
    const contributorBps = leaves.length + members.length === 0 ? 0 : Math.max(bpsMin, random.below(10_000))
    return testManifest({ kind, name: `Asset ${manifests.size}`, contributorBps, leaves, members })
  }

  async function publicationOf(random: Random, publisher: Address, kind: AssetKind, count: bigint, bpsMin = 0) {
    const manifest = manifestOf(random, kind, count, bpsMin)
    const bytes = encodeManifest(manifest)
    const digest = manifestDigest(bytes)
    const { root, contributions } = createContributorTree(contributorLeavesOf(manifest))
    // Now and then there is no manifest for a digest.
    if (!random.chance(0.1)) manifests.set(digest, bytes)
    publications.set(publicationCommitment(publisher, digest, root), {
      publisher,
      manifestDigest: digest,
      contributorRoot: root,
      contributions,
    })
    const parents = versionsOf(random, count, 2)
    const suppliers = supplyKinds.includes(kind) ? versionsOf(random, count, 2) : []
    const publication: PublicationArgument = {
      manifestDigest: digest,
      parents,
      suppliers,
      terms: {
        royaltyBps: random.below(800),
        serveBps: random.chance(0.7) ? random.below(4_000) : 0,
        // Most let others build and sell; a few ask for consent.
        flags: random.pick([5, 8, 9, 9, 13, 13, 13, 15]),
      },
      contributors: { root, bps: manifest.contributors.bps },
      feeBpsMax: 500,
      consents: await consentsOf(random, publisher, digest, [...new Set([...parents, ...suppliers])]),
    }
    return publication
  }

  /** Consents of those whose terms ask for one. */
  async function consentsOf(random: Random, publisher: Address, digest: Hex, sources: readonly bigint[]) {
    const consents: PublicationArgument['consents'][number][] = []
    for (const version of sources) {
      const owner = await read.ownerOf(await read.assetOf(version))
      const signer = signerOf(owner)
      if (owner === publisher || signer === undefined || ((await read.termsOf(version)).flags & 2) === 0) continue
      const nonce = numberToHex(random.below(40), { size: 32 })
      const message = { version, publisher, manifestDigest: digest, nonce, expiry: farFuture }
      const signature = await signer.signTypedData(toTypedData(domain, 'Consent', message))
      consents.push({ version, nonce, expiry: farFuture, signature })
    }
    return consents
  }

  function offerTermsOf(random: Random): OfferTermsArgument {
    const timed = random.chance(0.4)
    const exclusive = !timed && random.chance(0.08)
    const admitted = random.chance(0.1) ? accounts.filter(() => random.chance(0.5)) : []
    const gate = admitted.length === 0 ? undefined : createGate(admitted)
    if (gate !== undefined) proofs.set(gate.root, new Map(admitted.map((each) => [each, gate.proofOf(each)])))
    return {
      token: tokenOf(random),
      price: random.chance(0.15) && !exclusive ? 0n : amountOf(random),
      usage: exclusive ? 6 : random.below(6),
      flags: encodeOfferFlags({ timed, transferable: gate === undefined && random.chance(0.5) }),
      refundHours: timed || exclusive ? 0 : random.pick([0, 0, 1, 40]),
      gate: gate?.root ?? zeroHash,
      brackets: timed && random.chance(0.5) ? [{ fromDay: 1 + random.below(20), bps: 1 + random.below(9_999) }] : [],
    }
  }

  /** An offer that is open, if one is found. */
  async function openOfferOf(random: Random): Promise<bigint | undefined> {
    for (let i = 0; i < picksMax && offered.length > 0; i++) {
      const offer = random.pick(offered)
      const [, open] = await read.offerOf(offer)
      if (open) return offer
    }
    return undefined
  }

  async function purchaseOf(random: Random, offer: bigint, payer: Address) {
    const [terms] = await read.offerOf(offer)
    const holder = random.chance(0.2) ? random.pick(accounts) : payer
    const { purchases } = await read.passOf(offer, holder)
    held.push({ offer, holder })
    return {
      offerId: offer,
      // After a reorg the asset may never have been.
      version: await read.currentVersion(offer >> 16n).catch(() => 0n),
      holder,
      quantity: (terms.flags & 1) === 1 ? 1 + random.below(40) : 1,
      amountMax: 2n ** 112n,
      nonce: purchases,
      proof: proofs.get(terms.gate)?.get(holder) ?? [],
    }
  }

  async function publishCall(random: Random, someone: Address, count: bigint): Promise<Call> {
    // Datasets and models most of all, as elsewhere.
    const kind = random.chance(0.4) ? random.pick(['dataset', 'model'] as const) : random.pick(assetKinds)
    const publication = await publicationOf(random, someone, kind, count)
    if (publication.suppliers.length > 0 || kind === 'collection') payers.push(count + 1n)
    const number = kindToNumber(kind)
    if (random.chance(0.5)) return registry(someone, 'publish', [number, publication])
    const offers = Array.from({ length: 1 + random.below(3) }, () => offerTermsOf(random))
    for (const index of offers.keys()) offered.push(offerIdOf(count + 1n, index))
    const signer = signerOf(someone)
    if (signer === undefined || random.chance(0.6))
      return registry(someone, 'publishAndList', [number, publication, offers])
    const message = {
      publisher: someone,
      kind: number,
      manifestDigest: publication.manifestDigest,
      terms: publicationTermsHash(publication, offers),
      nonce: await read.nonceOf(someone),
      expiry: farFuture,
    }
    const signature = await signer.signTypedData(toTypedData(domain, 'Publish', message))
    const args = [someone, number, publication, offers, farFuture, signature]
    return registry(random.pick(accounts), 'publishFor', args)
  }

  const bundleIdOf = ({ owner, offers, discountBps }: Bundle): Hex =>
    keccak256(
      encodeAbiParameters(
        [{ type: 'address' }, { type: 'uint256[]' }, { type: 'uint16' }],
        [owner, offers, discountBps],
      ),
    )

  async function bundleCall(random: Random): Promise<Call | undefined> {
    if (bundles.length > 0 && random.chance(0.6)) {
      const bundle = random.pick(bundles)
      if (random.chance(0.2)) return market(bundle.owner, 'closeBundle', [bundleIdOf(bundle)])
      const payer = random.pick(accounts)
      const purchases = []
      for (const offer of bundle.offers) purchases.push(await purchaseOf(random, offer, payer))
      return market(payer, 'buyBundle', [bundleIdOf(bundle), purchases, 2n ** 112n])
    }
    const first = await openOfferOf(random)
    if (first === undefined) return undefined
    const owner = await read.ownerOf(first >> 16n)
    const others = offered.filter((offer) => offer !== first && offer >> 16n === first >> 16n)
    const second = random.chance(0.6) && others.length > 0 ? random.pick(others) : random.pick(offered)
    const bundle = { owner, offers: [first, second], discountBps: random.below(10_001) }
    bundles.push(bundle)
    return market(owner, 'listBundle', [bundle.offers, bundle.discountBps])
  }

  async function passCall(random: Random, someone: Address): Promise<Call> {
    let { offer, holder } = random.pick(held)
    if (random.chance(0.25))
      return market(someone, 'accrue', [offer >> 16n, tokenOf(random), 1n + random.belowBig(90n)])
    const wantsRelease = random.chance(0.4)
    for (let i = 0; i < picksMax; i++) {
      const pass = await read.passOf(offer, holder)
      if (wantsRelease ? pass.refundUntil > 0 : pass.expiry > (await read.now())) break
      ;({ offer, holder } = random.pick(held))
    }
    if (wantsRelease) return market(someone, 'release', [offer, [holder]])
    const [terms] = await read.offerOf(offer)
    if ((terms.flags & 2) === 0 || random.chance(0.3)) return market(holder, 'refund', [offer])
    held.push({ offer, holder: someone })
    return market(holder, 'transferPass', [offer, someone])
  }

  function governedCall(random: Random, version: bigint): Call {
    const [, second] = tokens
    const calls: (() => Call)[] = [
      () => registry(governor, 'setFee', [random.below(501)]),
      () => ledger(governor, 'setTokenAllowed', [second, random.chance(0.6)]),
      () => ledger(governor, 'setArbiter', [random.chance(0.8) ? treasury : zeroAddress]),
      () => market(governor, 'setGuardian', [random.pick([treasury, accounts[1]])]),
      () => market(treasury, 'pause', [random.belowBig(4n)]),
      () => market(governor, 'unpause', []),
      ...Array.from({ length: 6 }, () => () => {
        const share = 1 + random.below(10_000)
        const creditor = 1n + random.belowBig(version + 3n)
        return ledger(treasury, 'setLien', [version, tokenOf(random), creditor, share, amountOf(random)])
      }),
    ]
    return random.pick(calls)()
  }

  return async function randomCall(random: Random): Promise<Call> {
    const someone = random.pick(accounts)
    const count = await read.versionCount()
    if (count === 0n || random.chance(count < plenty ? 0.2 : 0.04)) return publishCall(random, someone, count)
    const version = pickVersion(random, count)
    const asset = await read.assetOf(version)
    const owner = await read.ownerOf(asset)
    const token = tokenOf(random)
    const amount = amountOf(random)
    const offer = random.chance(0.25) ? await openOfferOf(random) : undefined
    if (offer !== undefined) return market(someone, 'buy', [await purchaseOf(random, offer, someone)])
    if (held.length > 0 && random.chance(0.25)) return passCall(random, someone)
    const bundled = random.chance(0.1) ? await bundleCall(random) : undefined
    if (bundled !== undefined) return bundled
    if (random.chance(0.1)) return governedCall(random, version)
    if (random.chance(0.1)) {
      if (token === tokens[1]) filled.push(asset)
      return onToken(someone, 'transfer', [await read.tillOf(asset), amount], token)
    }
    if (filled.length > 0 && random.chance(0.04)) {
      const till = random.pick(filled)
      const keeper = await read.ownerOf(till).catch(() => someone)
      return ledger(keeper, 'rescueToken', [till, tokens[1], someone])
    }
    if (random.chance(0.15)) {
      const parts = await contracts.contributionsOf(version)
      // Members are told by accounts that are small numbers.
      const members = parts.filter(({ account }) => BigInt(account) < version)
      if (members.length > 0) return ledger(someone, 'creditMembers', [token, members])
      if (parts.length > 0) return ledger(someone, 'collectContributions', [token, parts])
    }
    const others = [...new Set([version, ...versionsOf(random, count, 3)])].sort((left, right) =>
      left < right ? -1 : 1,
    )
    const kinds: (() => Call | Promise<Call>)[] = [
      async () => {
        const [, { contributorBps }] = await read.ratesOf(await read.currentVersion(asset))
        const later = await publicationOf(random, owner, 'model', count, contributorBps)
        return registry(owner, 'publishVersion', [asset, later])
      },
      () => registry(owner, 'transferFrom', [owner, someone, asset]),
      () => registry(owner, 'approve', [someone, asset]),
      () => registry(owner, 'setApprovalForAll', [someone, random.chance(0.5)]),
      () => registry(owner, 'setTillVersion', [asset, random.chance(0.3) ? 0n : version]),
      () => registry(owner, 'revokeConsent', [version, numberToHex(random.below(40), { size: 32 })]),
      async () => registry(owner, 'releaseEdge', [await read.assetOf(1n + random.belowBig(count)), asset]),
      () =>
        random.chance(0.1) ? registry(owner, 'retire', [asset]) : ledger(someone, 'pay', [version, token, amount]),
      () =>
        random.chance(0.15) ? registry(owner, 'erase', [version]) : ledger(someone, 'pay', [version, token, amount]),
      () => {
        const index = random.below(6)
        offered.push(offerIdOf(asset, index))
        return market(owner, 'listOffer', [asset, index, offerTermsOf(random)])
      },
      () => market(owner, 'closeOffer', [offerIdOf(asset, random.below(3))]),
      () => ledger(someone, 'pay', [version, token, amount]),
      () => ledger(someone, 'pullMany', [token, others]),
      () => ledger(someone, 'pullMany', [token, [...others].reverse()]),
      () => ledger(someone, 'collectMany', [token, [version, 0n]]),
      () => ledger(someone, 'collectMany', [token, others]),
      () => ledger(someone, 'sweepMany', [token, [asset]]),
      () => onToken(treasury, 'transfer', [random.pick(accounts), 1n], token),
    ]
    return random.pick(kinds)()
  }
}
