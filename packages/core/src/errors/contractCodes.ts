/** The rows of `errorCodes` for what a contract refuses. A revert's own name and values are in the details. */
export const contractCodes = {
  price_above_max: {
    status: 409,
    exit: 7,
    title: 'The price is above the maximum you set',
    remedy: 'Look at the offer again and raise the maximum if you agree.',
  },
  version_changed: {
    status: 409,
    exit: 7,
    title: 'A newer version was published',
    remedy: 'Look at the asset again and buy its current version.',
  },
  offer_closed: {
    status: 409,
    exit: 7,
    title: 'The offer is not open',
    remedy: 'Choose an open offer: `agorai show <asset>`.',
  },
  pass_held: {
    status: 409,
    exit: 7,
    title: 'You already hold this pass',
    remedy: 'Download with the pass that you hold; no money was moved.',
  },
  funds_missing: {
    status: 402,
    exit: 7,
    title: 'The account has too little of the token',
    remedy:
      'Add funds to the account; on the local chain `agorai fund` gives test money. The amounts are in the detail.',
  },
  rates_invalid: {
    status: 422,
    exit: 7,
    title: 'The rates are over their limits',
    remedy:
      'Royalties together may be at most 50 %, suppliers 90 %, with the fee 100 %; contributors need a weight each.',
  },
  edges_too_many: {
    status: 422,
    exit: 7,
    title: 'More than 16 inherited royalty edges',
    remedy: 'Gather the ancestor assets in a collection, and build from that.',
  },
  parents_invalid: {
    status: 422,
    exit: 7,
    title: 'The parents or suppliers are not in ascending order',
    remedy: 'Name each version once, in ascending order.',
  },
  transaction_reverted: {
    status: 409,
    exit: 7,
    title: 'The contract refused the transaction',
    remedy: 'The reason is in the detail; nothing was changed.',
  },

  // What the registry says no to.
  publication_invalid: {
    status: 422,
    exit: 7,
    title: 'The kind or the digest of the publication is missing',
    remedy: 'Give one of the nine kinds, and the digest of a manifest.',
  },
  terms_invalid: {
    status: 422,
    exit: 7,
    title: 'The terms are over their limits',
    remedy: 'Ask at most 50 % of descendants and at most 90 % of services that sell the work.',
  },
  fee_too_high: {
    status: 409,
    exit: 7,
    title: 'The protocol fee is higher than you accept',
    remedy: 'Look at the fee again and raise the maximum if you agree.',
  },
  suppliers_too_many: {
    status: 422,
    exit: 7,
    title: 'More than four suppliers',
    remedy: 'Sell the work of at most four versions.',
  },
  suppliers_refused: {
    status: 422,
    exit: 7,
    title: "This kind of asset sells nobody else's work",
    remedy: 'Publish a service, an agent or a pipeline, or name the versions as parents.',
  },
  supply_too_deep: {
    status: 422,
    exit: 7,
    title: 'More than four suppliers in a chain',
    remedy: 'Name the version whose work is sold, not a service that sells it.',
  },
  terms_refuse: {
    status: 403,
    exit: 7,
    title: 'The terms of a version do not allow this',
    remedy: 'Ask its owner for other terms, or build from another version.',
  },
  version_retired: {
    status: 409,
    exit: 7,
    title: 'The version is retired or erased',
    remedy: 'Build from another version.',
  },
  consent_missing: {
    status: 403,
    exit: 7,
    title: 'The owner has to consent to this',
    remedy: 'Ask the owner of the named version to sign a consent for your manifest.',
  },
  consent_used: {
    status: 409,
    exit: 7,
    title: 'The consent has been used or revoked',
    remedy: 'Ask the owner to sign another one, with a fresh nonce.',
  },
  contributors_shrunk: {
    status: 409,
    exit: 7,
    title: 'A later version shares less with contributors',
    remedy: 'Give contributors at least the share of the version before.',
  },
  not_for_sale: {
    status: 409,
    exit: 7,
    title: 'The asset is not for sale',
    remedy: 'It is retired, sold exclusively or erased; passes already granted run on.',
  },

  // What the ledger says no to.
  amount_zero: {
    status: 422,
    exit: 7,
    title: 'The amount is zero',
    remedy: 'Pay at least one base unit; a free offer needs no payment.',
  },
  amount_too_large: {
    status: 422,
    exit: 7,
    title: 'The amount is more than an account can hold',
    remedy: 'Pay less; the ledger counts up to 2^126 base units a version.',
  },
  token_not_allowed: {
    status: 409,
    exit: 7,
    title: 'The token is not a payment token here',
    remedy: 'Use a token that the ledger allows.',
  },
  token_allowed: {
    status: 409,
    exit: 7,
    title: 'The token is income of the till',
    remedy: 'Sweep the till: what it holds is paid out to everyone entitled.',
  },
  token_unsupported: {
    status: 409,
    exit: 7,
    title: 'The token moved another amount than it was asked to',
    remedy: 'Use a token that neither takes a fee on transfers nor rebases.',
  },
  contribution_invalid: {
    status: 422,
    exit: 7,
    title: "The proof is not of the version's contributor tree",
    remedy: 'Prove the leaf with the manifest whose root the chain holds.',
  },
  member_invalid: {
    status: 422,
    exit: 7,
    title: 'Only a collection credits members, and only published ones',
    remedy: 'Collect contributions of other versions, and credit members of a collection.',
  },
  lien_invalid: {
    status: 422,
    exit: 7,
    title: 'The lien is not valid',
    remedy: 'Name another version as creditor, a share up to 100 % and a limit above zero.',
  },
  liens_too_many: {
    status: 409,
    exit: 7,
    title: 'The version has four liens already',
    remedy: 'Rule over another version or token of the owner.',
  },
  payee_invalid: {
    status: 422,
    exit: 7,
    title: 'The payee cannot receive this',
    remedy: 'Name an account that is neither zero nor one of the contracts.',
  },

  // What the market says no to.
  market_paused: {
    status: 503,
    exit: 8,
    title: 'New purchases are paused',
    remedy: 'Try again after the time in the detail; refunds and collections are open.',
  },
  offer_exists: {
    status: 409,
    exit: 7,
    title: 'The offer index is used already',
    remedy: 'List the offer under another index.',
  },
  offer_invalid: {
    status: 422,
    exit: 7,
    title: 'The terms of the offer contradict one another',
    remedy: 'Compare them with the rules for timed, refundable and exclusive offers.',
  },
  price_invalid: {
    status: 422,
    exit: 7,
    title: 'The price cannot be stored',
    remedy: 'Use at most 12 significant digits and a smaller amount.',
  },
  commercial_use_refused: {
    status: 403,
    exit: 7,
    title: 'What is built from this may not be sold',
    remedy: "Offer it for nothing, or ask the ancestors' owners for other terms.",
  },
  quantity_invalid: {
    status: 422,
    exit: 7,
    title: "The quantity is outside the offer's range",
    remedy: 'Buy 1 of a perpetual pass, or 1 to 3,650 days of a timed one.',
  },
  nonce_invalid: {
    status: 409,
    exit: 7,
    title: 'The purchase was made already, or another one before it',
    remedy: 'Look at the pass; to buy again sign with the nonce in the detail.',
  },
  not_admitted: {
    status: 403,
    exit: 7,
    title: 'The offer is for named accounts only',
    remedy: 'Buy with an admitted account, or give the proof of admission.',
  },
  pass_missing: {
    status: 404,
    exit: 3,
    title: 'There is no such pass',
    remedy: 'Check the offer and the account that holds the pass.',
  },
  pass_soulbound: {
    status: 409,
    exit: 7,
    title: 'The pass cannot be moved',
    remedy: 'Buy a pass for the other account, as a gift.',
  },
  refund_closed: {
    status: 409,
    exit: 7,
    title: 'There is nothing to give back',
    remedy: 'The refund window has ended, or every day of the pass has begun.',
  },
  refund_open: {
    status: 409,
    exit: 7,
    title: 'The refund window is still open',
    remedy: 'Try again when it has ended; until then the money may go back.',
  },
  bundle_invalid: {
    status: 422,
    exit: 7,
    title: 'The offers cannot be sold together',
    remedy: 'Bundle open offers of assets that you own, in one token.',
  },
  amount_mismatch: {
    status: 409,
    exit: 7,
    title: 'The authorization is for another amount',
    remedy: 'Sign an authorization for exactly the price in the detail.',
  },
  accrual_behind: {
    status: 409,
    exit: 7,
    title: 'The passes of this asset are not accounted for up to today',
    remedy: 'Call accrue for the asset and token first, then buy again.',
  },
} as const
