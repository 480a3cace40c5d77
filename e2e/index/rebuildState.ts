import {
  type Account,
  assetOfOffer,
  decodeOfferFlags,
  earn,
  emptyAccount,
  emptyPass,
  emptyStream,
  grantDays,
  grantPerpetual,
  isRunning,
  type PassState,
  publicationCommitment,
  refundPass,
  releasePass,
  type Stream,
  secondsPerDay,
  transferPassState,
  usages,
} from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { ChainEvent } from './chainEvents.js'

type Edge = { version: bigint; bps: number }

export type VersionState = {
  asset: bigint
  publisher: Address
  kind: number
  commitment: Hex
  contributorBps: number
  terms: { royaltyBps: number; serveBps: number; flags: number }
  feeBps: number
  royalties: readonly Edge[]
  supplies: readonly Edge[]
  freeOnly: boolean
  erased: boolean
}

export type OfferState = {
  terms: Extract<ChainEvent, { eventName: 'OfferListed' }>['args']['terms']
  open: boolean
  listedAt: bigint
}

/**
 * The state that the contracts keep. What cannot change after the deployment (their addresses, the treasury) is in no
 * event, and what an account has of a token is in the token's.
 */
export type State = {
  feeBps: number
  /** In the order of their ids. */
  versions: Map<bigint, VersionState>
  owners: Map<bigint, Address>
  approved: Map<bigint, Address>
  /** `owner operator` */
  operators: Set<string>
  retired: Set<bigint>
  soldExclusively: Set<bigint>
  /** `asset ancestorAsset` */
  released: Set<string>
  /** `owner version nonce` */
  consents: Set<string>
  nonces: Map<Address, bigint>
  tills: Map<bigint, { next: bigint; previous: bigint; effectiveAt: bigint }>

  allowed: Set<Address>
  arbiter: Address | undefined
  /** By `version token`. */
  accounts: Map<string, Account>

  offers: Map<bigint, OfferState>
  bundles: Map<Hex, { owner: Address; discountBps: number }>
  /** By `offer holder`. */
  passes: Map<string, PassState>
  /** By `asset token`. */
  streams: Map<string, Stream>
  pausedUntil: bigint
  guardian: Address | undefined
}

type Name = ChainEvent['eventName']
type Change<name extends Name> = (
  state: State,
  args: Extract<ChainEvent, { eventName: name }>['args'],
  now: bigint,
) => void

const commercial = 8

/** The event catalogue: what each event of the contracts says of their state. */
export const catalogue: { [name in Name]: Change<name> } = {
  /* AssetRegistry */
  FeeSet: (state, { feeBps }) => {
    state.feeBps = feeBps
  },
  VersionPublished: (state, { version, asset, publisher, kind, manifestDigest, contributors, terms, feeBps }) => {
    const before = currentVersionOf(state, asset)
    state.versions.set(version, {
      asset,
      publisher,
      kind,
      commitment: publicationCommitment(publisher, manifestDigest, contributors.root),
      contributorBps: contributors.bps,
      terms,
      feeBps,
      royalties: [],
      supplies: [],
      freeOnly: before !== undefined && versionIn(state, before).freeOnly,
      erased: false,
    })
  },
  EdgesDrawn: (state, { version, parents, suppliers, royalties, supplies }) => {
    const drawn = versionIn(state, version)
    const sources = [...parents, ...suppliers].map((id) => versionIn(state, id))
    const bindsToFree = sources.some(
      ({ asset, terms, freeOnly }) =>
        freeOnly || ((terms.flags & commercial) === 0 && state.owners.get(asset) !== drawn.publisher),
    )
    state.versions.set(version, { ...drawn, royalties, supplies, freeOnly: drawn.freeOnly || bindsToFree })
  },
  Transfer: (state, { to, id }) => {
    state.owners.set(id, to)
    state.approved.delete(id)
  },
  Approval: (state, { account, id }) => {
    state.approved.set(id, account)
  },
  ApprovalForAll: (state, { owner, operator, isApproved }) => {
    put(state.operators, `${owner} ${operator}`, isApproved)
  },
  MetadataUpdate: () => {
    // ERC-4906 says it of what other events have said.
  },
  AssetRetired: (state, { asset }) => {
    state.retired.add(asset)
  },
  AssetSoldExclusively: (state, { asset }) => {
    state.soldExclusively.add(asset)
  },
  VersionErased: (state, { version }) => {
    state.versions.set(version, { ...versionIn(state, version), erased: true })
  },
  EdgeReleased: (state, { asset, ancestorAsset }) => {
    state.released.add(`${asset} ${ancestorAsset}`)
  },
  ConsentUsed: (state, { owner, version, nonce }) => {
    state.consents.add(`${owner} ${version} ${nonce}`)
  },
  NonceUsed: (state, { publisher, nonce }) => {
    state.nonces.set(publisher, nonce + 1n)
  },
  TillVersionSet: (state, { asset, version, effectiveAt }, now) => {
    const previous = chosenTillVersion(state, asset, now)
    if (version === 0n) state.tills.delete(asset)
    else state.tills.set(asset, { next: version, previous, effectiveAt })
  },

  /* RevenueLedger */
  TokenAllowed: (state, { token, allowed }) => {
    put(state.allowed, token, allowed)
  },
  ArbiterSet: (state, { arbiter }) => {
    state.arbiter = arbiter
  },
  RevenueReceived: (state, { version, token, amount }) => {
    change(state, version, token, ({ sales }) => ({ sales: sales + amount }))
  },
  RevenuePulled: (state, { version, ancestor, token, amount }) => {
    change(state, version, token, ({ sales }) => ({ pulledSales: sales }))
    change(state, ancestor, token, ({ royalties }) => ({ royalties: royalties + amount }))
  },
  SupplyPulled: (state, { version, supplier, token, amount }) => {
    change(state, version, token, ({ sales }) => ({ pulledSales: sales }))
    change(state, supplier, token, ({ sales }) => ({ sales: sales + amount }))
  },
  MemberCredited: (state, { version, member, token, start, amount }) => {
    contribute(state, version, token, start, amount)
    change(state, member, token, ({ royalties }) => ({ royalties: royalties + amount }))
  },
  ContributionCollected: (state, { version, token, start, amount }) => {
    contribute(state, version, token, start, amount)
  },
  RevenueCollected: (state, { version, token, amount }) => {
    change(state, version, token, ({ ownerCollected }) => ({ ownerCollected: ownerCollected + amount }))
  },
  LienSet: (state, { version, token, creditor, bps, base, cap }) => {
    change(state, version, token, ({ liens }) => ({ liens: [...liens, { creditor, bps, base, cap, moved: 0n }] }))
  },
  LienMoved: (state, { version, token, creditor, index, amount }) => {
    change(state, version, token, ({ liens }) => ({
      liens: liens.map((lien, place) => (place === Number(index) ? { ...lien, moved: lien.moved + amount } : lien)),
    }))
    change(state, creditor, token, ({ royalties }) => ({ royalties: royalties + amount }))
  },
  TillRescued: () => {
    // What is rescued was never in an account.
  },

  /* AccessMarket */
  OfferListed: (state, { offerId, terms }, now) => {
    const isExclusive = usages[terms.usage] === 'exclusive'
    state.offers.set(offerId, { terms, open: true, listedAt: isExclusive ? now : 0n })
  },
  OfferClosed: (state, { offerId }) => {
    state.offers.set(offerId, { ...offerIn(state, offerId), open: false })
  },
  BundleListed: (state, { bundleId, owner, discountBps }) => {
    state.bundles.set(bundleId, { owner, discountBps })
  },
  BundleClosed: (state, { bundleId }) => {
    state.bundles.delete(bundleId)
  },
  PassGranted: (state, { offerId, holder, amount, expiry }, now) => {
    const { terms } = offerIn(state, offerId)
    const pass = passOf(state, offerId, holder)
    if (!decodeOfferFlags(terms.flags).timed) {
      setPass(state, offerId, holder, grantPerpetual(pass, { now, amount, refundHours: terms.refundHours }))
      return
    }
    // What was bought is what the pass lasts longer.
    const from = isRunning(pass, now) ? pass.expiry : now
    const quantity = Number((BigInt(expiry) - from) / secondsPerDay)
    const granted = grantDays(streamOf(state, offerId), pass, { now, quantity, amount })
    setPass(state, offerId, holder, granted.pass)
    setStream(state, offerId, granted.stream)
  },
  PassRefunded: (state, { offerId, holder }, now) => {
    const refunded = refundPass(streamOf(state, offerId), passOf(state, offerId, holder), now)
    setPass(state, offerId, holder, refunded.pass)
    if (decodeOfferFlags(offerIn(state, offerId).terms.flags).timed) setStream(state, offerId, refunded.stream)
  },
  PassReleased: (state, { offerId, holder }, now) => {
    setPass(state, offerId, holder, releasePass(passOf(state, offerId, holder), now).pass)
  },
  PassTransferred: (state, { offerId, from, to }, now) => {
    const moved = transferPassState(passOf(state, offerId, from), passOf(state, offerId, to), now)
    setPass(state, offerId, from, moved.pass)
    setPass(state, offerId, to, moved.other)
  },
  RevenueAccrued: (state, { asset, token, day }) => {
    const key = `${asset} ${token}`
    // Earned up to the day that it names, however many days the caller allowed.
    const earned = earn(state.streams.get(key) ?? emptyStream, day * secondsPerDay, day)
    state.streams.set(key, { ...earned, earned: 0n })
  },
  Paused: (state, { until }) => {
    state.pausedUntil = until
  },
  GuardianSet: (state, { guardian }) => {
    state.guardian = guardian
  },
}

/** The state after these events, which are all that the contracts ever emitted, in order. */
export function rebuildState(events: readonly ChainEvent[]): State {
  const state: State = {
    feeBps: 0,
    versions: new Map(),
    owners: new Map(),
    approved: new Map(),
    operators: new Set(),
    retired: new Set(),
    soldExclusively: new Set(),
    released: new Set(),
    consents: new Set(),
    nonces: new Map(),
    tills: new Map(),
    allowed: new Set(),
    arbiter: undefined,
    accounts: new Map(),
    offers: new Map(),
    bundles: new Map(),
    passes: new Map(),
    streams: new Map(),
    pausedUntil: 0n,
    guardian: undefined,
  }
  for (const { eventName, args, timestamp } of events) catalogue[eventName](state, args as never, timestamp)
  return state
}

export const versionIn = (state: State, version: bigint): VersionState => known(state.versions.get(version), 'version')
const offerIn = (state: State, offerId: bigint): OfferState => known(state.offers.get(offerId), 'offer')

/** Ids ascend, so the last one of an asset is its current version. */
export const currentVersionOf = (state: State, asset: bigint): bigint | undefined =>
  [...state.versions].findLast(([, version]) => version.asset === asset)?.[0]

/** What the owner wants the till swept into at a time; 0 is the current version. */
export function chosenTillVersion({ tills }: State, asset: bigint, now: bigint): bigint {
  const till = tills.get(asset)
  if (till === undefined) return 0n
  return now < till.effectiveAt ? till.previous : till.next
}

export const accountIn = (state: State, version: bigint, token: Address): Account =>
  state.accounts.get(`${version} ${token}`) ?? emptyAccount
export const passOf = (state: State, offerId: bigint, holder: Address): PassState =>
  state.passes.get(`${offerId} ${holder}`) ?? emptyPass
export const streamIn = (state: State, asset: bigint, token: Address): Stream =>
  state.streams.get(`${asset} ${token}`) ?? emptyStream

const setPass = (state: State, offerId: bigint, holder: Address, pass: PassState) =>
  state.passes.set(`${offerId} ${holder}`, pass)
const streamOf = (state: State, offerId: bigint): Stream =>
  streamIn(state, assetOfOffer(offerId), offerIn(state, offerId).terms.token)
const setStream = (state: State, offerId: bigint, stream: Stream) =>
  state.streams.set(`${assetOfOffer(offerId)} ${offerIn(state, offerId).terms.token}`, stream)

function change(state: State, version: bigint, token: Address, by: (account: Account) => Partial<Account>): void {
  const account = accountIn(state, version, token)
  state.accounts.set(`${version} ${token}`, { ...account, ...by(account) })
}

function contribute(state: State, version: bigint, token: Address, start: bigint, amount: bigint): void {
  change(state, version, token, ({ contributionsCollected: collected }) => ({
    contributionsCollected: new Map(collected).set(start, (collected.get(start) ?? 0n) + amount),
  }))
}

function put<Item>(set: Set<Item>, item: Item, isIn: boolean): void {
  if (isIn) set.add(item)
  else set.delete(item)
}

function known<Item>(item: Item | undefined, what: string): Item {
  if (item === undefined) throw new Error(`An event names an unknown ${what}.`)
  return item
}
