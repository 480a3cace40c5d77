import {
  type Column,
  listColumn,
  wordCharacters,
  wordColumn,
  writeAddress,
  writeFlag,
  writeUint,
  writeWord,
} from './decodeLog.js'
import { writeDecimal, writeText } from './rows.js'

/** The contracts whose events are kept. */
export type ContractName = 'assetRegistry' | 'revenueLedger' | 'accessMarket'

/** An event of ours: where it comes from, its columns after place and transaction, and what of them is looked up. */
export type EventTableShape = {
  contract: ContractName
  eventName: string
  columns: Readonly<Record<string, Column>>
  indexes?: readonly string[]
}

const numeric = wordColumn('numeric(78,0)', writeUint)
const integer = wordColumn('integer', writeUint)
/** Times and counts: below 2^53, but not always below 2^31. */
const count = wordColumn('bigint', writeUint)
const account = wordColumn('text', writeAddress)
const word = wordColumn('text', writeWord)
const flag = wordColumn('boolean', writeFlag)
const ids = listColumn('jsonb', (rows, text, at) => {
  writeText(rows, '"')
  writeUint(rows, text, at)
  writeText(rows, '"')
})
/** Two words of each, as JSON whose numbers stand after these texts. */
const pairs = (before: string, between: string) =>
  listColumn('jsonb', (rows, text, at) => {
    writeText(rows, before)
    writeUint(rows, text, at)
    writeText(rows, between)
    writeUint(rows, text, at + wordCharacters)
    writeText(rows, '}')
  })
const ancestors = pairs('{"ancestor":"', '","bps":')
const suppliers = pairs('{"supplier":"', '","bps":')
const brackets = pairs('{"fromDay":', ',"bps":')
/** An offer's id is its asset's and 16 bits more (`assetOfOffer`). */
const assetOf = wordColumn('numeric(78,0)', (rows, text, at) => writeDecimal(rows, text, at, at + wordCharacters - 4))

const registry = 'assetRegistry'
const ledger = 'revenueLedger'
const market = 'accessMarket'
const place = 'block_number, log_index'

/** One entry a table of the index. */
export const eventTables = {
  version_published: {
    contract: registry,
    eventName: 'VersionPublished',
    columns: {
      version: numeric('version'),
      asset: numeric('asset'),
      publisher: account('publisher'),
      kind: integer('kind'),
      manifest_digest: word('manifestDigest'),
      contributor_root: word('contributors.root'),
      contributor_bps: integer('contributors.bps'),
      royalty_bps: integer('terms.royaltyBps'),
      serve_bps: integer('terms.serveBps'),
      flags: integer('terms.flags'),
      fee_bps: integer('feeBps'),
    },
    indexes: ['UNIQUE (version)', '(asset, version)', '(manifest_digest)'],
  },
  edges_drawn: {
    contract: registry,
    eventName: 'EdgesDrawn',
    columns: {
      version: numeric('version'),
      parents: ids('parents'),
      suppliers: ids('suppliers'),
      royalties: ancestors('royalties'),
      supplies: suppliers('supplies'),
    },
    indexes: [
      'UNIQUE (version)',
      'USING gin (parents jsonb_path_ops)',
      'USING gin (suppliers jsonb_path_ops)',
      'USING gin (royalties jsonb_path_ops)',
      'USING gin (supplies jsonb_path_ops)',
    ],
  },
  asset_transferred: {
    contract: registry,
    eventName: 'Transfer',
    columns: { sender: account('from'), recipient: account('to'), asset: numeric('id') },
    indexes: [`(asset, ${place})`, '(recipient)'],
  },
  asset_retired: {
    contract: registry,
    eventName: 'AssetRetired',
    columns: { asset: numeric('asset') },
    indexes: ['(asset)'],
  },
  asset_sold_exclusively: {
    contract: registry,
    eventName: 'AssetSoldExclusively',
    columns: { asset: numeric('asset') },
    indexes: ['(asset)'],
  },
  version_erased: {
    contract: registry,
    eventName: 'VersionErased',
    columns: { version: numeric('version'), asset: numeric('asset') },
    indexes: ['(version)'],
  },
  edge_released: {
    contract: registry,
    eventName: 'EdgeReleased',
    columns: { asset: numeric('asset'), ancestor_asset: numeric('ancestorAsset') },
  },
  consent_used: {
    contract: registry,
    eventName: 'ConsentUsed',
    columns: { owner: account('owner'), version: numeric('version'), nonce: word('nonce') },
  },
  nonce_used: {
    contract: registry,
    eventName: 'NonceUsed',
    columns: { publisher: account('publisher'), nonce: numeric('nonce') },
  },
  till_version_set: {
    contract: registry,
    eventName: 'TillVersionSet',
    columns: { asset: numeric('asset'), version: numeric('version'), effective_at: numeric('effectiveAt') },
  },
  fee_set: { contract: registry, eventName: 'FeeSet', columns: { fee_bps: integer('feeBps') } },

  revenue_received: {
    contract: ledger,
    eventName: 'RevenueReceived',
    columns: {
      version: numeric('version'),
      token: account('token'),
      payer: account('payer'),
      amount: numeric('amount'),
    },
    indexes: ['(token, version)'],
  },
  revenue_pulled: {
    contract: ledger,
    eventName: 'RevenuePulled',
    columns: {
      version: numeric('version'),
      ancestor: numeric('ancestor'),
      token: account('token'),
      amount: numeric('amount'),
    },
    indexes: [`(token, version, ${place})`, '(token, ancestor)'],
  },
  supply_pulled: {
    contract: ledger,
    eventName: 'SupplyPulled',
    columns: {
      version: numeric('version'),
      supplier: numeric('supplier'),
      token: account('token'),
      amount: numeric('amount'),
    },
    indexes: [`(token, version, ${place})`, '(token, supplier)'],
  },
  member_credited: {
    contract: ledger,
    eventName: 'MemberCredited',
    columns: {
      version: numeric('version'),
      member: numeric('member'),
      token: account('token'),
      weight_start: numeric('start'),
      weight: numeric('weight'),
      amount: numeric('amount'),
    },
    indexes: ['(token, version, weight_start)', '(token, member)'],
  },
  revenue_collected: {
    contract: ledger,
    eventName: 'RevenueCollected',
    columns: {
      version: numeric('version'),
      token: account('token'),
      owner: account('owner'),
      amount: numeric('amount'),
    },
    indexes: ['(token, version)'],
  },
  contribution_collected: {
    contract: ledger,
    eventName: 'ContributionCollected',
    columns: {
      version: numeric('version'),
      token: account('token'),
      account: account('account'),
      weight_start: numeric('start'),
      weight: numeric('weight'),
      amount: numeric('amount'),
    },
    indexes: ['(token, version, weight_start)'],
  },
  lien_set: {
    contract: ledger,
    eventName: 'LienSet',
    columns: {
      version: numeric('version'),
      token: account('token'),
      creditor: numeric('creditor'),
      bps: integer('bps'),
      base: numeric('base'),
      cap: numeric('cap'),
    },
    indexes: [`(token, version, ${place})`],
  },
  lien_moved: {
    contract: ledger,
    eventName: 'LienMoved',
    columns: {
      version: numeric('version'),
      token: account('token'),
      creditor: numeric('creditor'),
      position: integer('index'),
      amount: numeric('amount'),
    },
    indexes: ['(token, version, position)', '(token, creditor)'],
  },
  till_rescued: {
    contract: ledger,
    eventName: 'TillRescued',
    columns: {
      asset: numeric('asset'),
      token: account('token'),
      recipient: account('to'),
      id_or_amount: numeric('idOrAmount'),
    },
  },
  token_allowed: {
    contract: ledger,
    eventName: 'TokenAllowed',
    columns: { token: account('token'), allowed: flag('allowed') },
  },
  arbiter_set: { contract: ledger, eventName: 'ArbiterSet', columns: { arbiter: account('arbiter') } },

  offer_listed: {
    contract: market,
    eventName: 'OfferListed',
    columns: {
      offer: numeric('offerId'),
      asset: numeric('asset'),
      token: account('token'),
      price: numeric('terms.price'),
      usage: integer('terms.usage'),
      flags: integer('terms.flags'),
      refund_hours: integer('terms.refundHours'),
      gate: word('terms.gate'),
      brackets: brackets('terms.brackets'),
    },
    indexes: ['UNIQUE (offer)', '(asset, offer)', '(token)'],
  },
  offer_closed: {
    contract: market,
    eventName: 'OfferClosed',
    columns: { offer: numeric('offerId'), asset: numeric('asset') },
    indexes: ['(offer)'],
  },
  pass_granted: {
    contract: market,
    eventName: 'PassGranted',
    columns: {
      offer: numeric('offerId'),
      asset: assetOf('offerId'),
      version: numeric('version'),
      holder: account('holder'),
      payer: account('payer'),
      amount: numeric('amount'),
      nonce: count('nonce'),
      expiry: count('expiry'),
      refund_until: count('refundUntil'),
    },
    indexes: ['(asset)', '(holder)', `(offer, holder, ${place})`],
  },
  pass_refunded: {
    contract: market,
    eventName: 'PassRefunded',
    columns: {
      offer: numeric('offerId'),
      asset: assetOf('offerId'),
      holder: account('holder'),
      amount: numeric('amount'),
    },
    indexes: ['(asset)', '(holder)', `(offer, holder, ${place})`],
  },
  pass_released: {
    contract: market,
    eventName: 'PassReleased',
    columns: {
      offer: numeric('offerId'),
      asset: assetOf('offerId'),
      holder: account('holder'),
      version: numeric('version'),
      amount: numeric('amount'),
    },
    indexes: ['(asset)', `(offer, holder, ${place})`],
  },
  pass_transferred: {
    contract: market,
    eventName: 'PassTransferred',
    columns: { offer: numeric('offerId'), sender: account('from'), recipient: account('to') },
    indexes: [`(offer, sender, ${place})`, `(offer, recipient, ${place})`, '(sender)', '(recipient)'],
  },
  revenue_accrued: {
    contract: market,
    eventName: 'RevenueAccrued',
    columns: {
      asset: numeric('asset'),
      token: account('token'),
      version: numeric('version'),
      day: count('day'),
      amount: numeric('amount'),
    },
    indexes: ['(asset)'],
  },
  bundle_listed: {
    contract: market,
    eventName: 'BundleListed',
    columns: {
      bundle: word('bundleId'),
      owner: account('owner'),
      offers: ids('offerIds'),
      discount_bps: integer('discountBps'),
    },
    indexes: [`(bundle, ${place})`, '(owner)'],
  },
  bundle_closed: {
    contract: market,
    eventName: 'BundleClosed',
    columns: { bundle: word('bundleId') },
    indexes: [`(bundle, ${place})`],
  },
  paused: { contract: market, eventName: 'Paused', columns: { until: numeric('until') } },
  guardian_set: { contract: market, eventName: 'GuardianSet', columns: { guardian: account('guardian') } },
} as const satisfies Record<string, EventTableShape>

export type EventTable = keyof typeof eventTables
export const eventTableNames = Object.keys(eventTables) as EventTable[]

/** What an event table is made of, whichever it is. */
export const shapeOf = (table: EventTable): EventTableShape => eventTables[table]
