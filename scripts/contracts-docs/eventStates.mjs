// What each event says of the state that the contracts keep, and the views that answer from it. Tests hold that every event
// and every view of the contracts is here.

const eventOf = (name) => ({ name, kind: 'event' })

/** Events that a contract has from a standard, by its interface. */
export const inheritedEvents = {
  IAssetRegistry: ['Transfer', 'Approval', 'ApprovalForAll', 'MetadataUpdate'].map(eventOf),
}

const account = 'accountOf'
const derivedFromAccount = ['collectableOf', 'contributionCollectableOf', 'pullableOf']

export const eventStates = {
  VersionPublished: {
    rule: 'A version exists, with its asset, kind, terms, rates and commitment; it is the asset’s current one.',
    views: [
      'versionCount',
      'assetOf',
      'currentVersion',
      'kindOf',
      'termsOf',
      'commitmentOf',
      'ratesOf',
      'contributionRatesOf',
      'royaltyInfo',
    ],
  },
  EdgesDrawn: {
    rule: 'What the version owes others; free only when a parent’s or supplier’s terms or state say so.',
    views: ['edgesOf', 'isFreeOnly'],
  },
  AssetRetired: { rule: 'Nothing of it is sold or built from any more.', views: ['isRetired', 'versionForBuyer'] },
  VersionErased: { rule: 'Its content is gone.', views: ['isErased', 'versionForBuyer'] },
  AssetSoldExclusively: { rule: 'No other sale ever after.', views: ['isSoldExclusively', 'versionForBuyer'] },
  EdgeReleased: { rule: 'Later versions need not owe that ancestor.', views: ['isReleased'] },
  ConsentUsed: { rule: 'The consent is spent, or revoked.', views: ['isConsentUsed'] },
  NonceUsed: { rule: 'The publisher’s next nonce is one higher.', views: ['nonceOf'] },
  TillVersionSet: {
    rule: 'The version that the till is swept into from `effectiveAt` on; until then the one before.',
    views: ['versionForSweep'],
  },
  FeeSet: { rule: 'The protocol fee of later versions.', views: ['feeBps'] },
  Transfer: { rule: 'The asset’s owner; its approval ends.', views: ['ownerOf', 'balanceOf', 'ratesOf'] },
  Approval: { rule: 'Who may move one asset.', views: ['getApproved'] },
  ApprovalForAll: { rule: 'Who may move all assets of an owner.', views: ['isApprovedForAll'] },
  MetadataUpdate: { rule: 'ERC-4906 for other contracts; it says nothing that other events do not.', views: [] },

  RevenueReceived: {
    rule: 'sales += amount; when the payer is an operator’s receiver, its history goes on by version and amount',
    views: [account, ...derivedFromAccount, 'historyOf'],
  },
  RevenuePulled: {
    rule: 'royalties of `ancestor` += amount; pulledSales = sales',
    views: [account, ...derivedFromAccount],
  },
  SupplyPulled: { rule: 'sales of `supplier` += amount; pulledSales = sales', views: [account, ...derivedFromAccount] },
  MemberCredited: {
    rule: 'royalties of `member` += amount; what was credited from `start` on += amount',
    views: [account, 'contributionCollectedOf', 'contributionCollectableOf', 'collectableOf'],
  },
  RevenueCollected: { rule: 'ownerCollected += amount', views: [account, 'collectableOf'] },
  ContributionCollected: {
    rule: 'what was collected from `start` on += amount',
    views: ['contributionCollectedOf', 'contributionCollectableOf'],
  },
  LienSet: { rule: 'One more lien, behind the others.', views: ['liensOf', 'collectableOf'] },
  LienMoved: {
    rule: 'moved of the lien at `index` += amount; royalties of `creditor` += amount',
    views: ['liensOf', account, 'collectableOf'],
  },
  TillRescued: { rule: 'It was never in an account.', views: [] },
  TokenAllowed: { rule: 'Whether the token is taken.', views: ['isTokenAllowed'] },
  ArbiterSet: { rule: 'Who may set liens.', views: ['arbiter'] },

  OfferListed: {
    rule: 'An open offer with these terms; an exclusive one is listed at `now`.',
    views: ['offerOf', 'priceOf'],
  },
  OfferClosed: { rule: 'It is not open any more.', views: ['offerOf', 'priceOf'] },
  PassGranted: {
    rule: 'purchases += 1, expiry and refundUntil as told; a timed pass changes the stream by `packages/core/src/market/stream.ts`.',
    views: ['passOf', 'streamOf', 'rateChangeOf', 'isEntitled'],
  },
  PassRefunded: {
    rule: 'The pass ends; the days of a timed one that had not begun leave the stream.',
    views: ['passOf', 'streamOf', 'rateChangeOf', 'isEntitled'],
  },
  PassReleased: { rule: 'Nothing of the pass waits any more.', views: ['passOf'] },
  PassTransferred: { rule: 'The pass, with what waits of it, is `to`’s.', views: ['passOf', 'isEntitled'] },
  RevenueAccrued: {
    rule: 'The stream has been earned up to `day`, and what was earned is in the ledger.',
    views: ['streamOf', 'rateChangeOf'],
  },
  BundleListed: { rule: 'A bundle of that owner and discount.', views: ['bundleOf'] },
  BundleClosed: { rule: 'There is no such bundle any more.', views: ['bundleOf'] },
  Paused: { rule: 'New purchases are stopped before `until`.', views: ['pausedUntil'] },
  GuardianSet: { rule: 'Who may pause.', views: ['guardian'] },

  AuthorizerSet: { rule: 'Whose signatures count for the operator’s channels.', views: ['authorizer'] },
  Distributed: { rule: 'What was handed on += amount', views: ['distributedOf'] },
  Rescued: { rule: 'It came in beside the channels.', views: [] },
  ReceiverCreated: { rule: 'The operator’s receiver is there.', views: [] },

  Deployed: { rule: 'One more contract is there.', views: ['count'] },
}

/** Views that answer from what was fixed at the deployment, or from their arguments alone. */
export const unstoredViews = {
  tillOf: 'follows from the asset’s id and the ledger’s address',
  treasury: 'fixed at the deployment',
  market: 'fixed at the deployment',
  owner: 'fixed when the receiver is made',
  receiverOf: 'follows from the operator’s address and the factory’s',
  bundle: 'fixed at the deployment',
  authorizationNonceOf: 'follows from its arguments',
}
