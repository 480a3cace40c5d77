/**
 * What the chain said: headers and one table an event of the three contracts, keyed by place in the chain. Nothing is
 * ever changed here, only added at the end and taken away from the end. Addresses and hashes are lower-case hex.
 */
const event = (name: string, columns: string) => `
  CREATE TABLE ${name} (
    block_number bigint NOT NULL REFERENCES blocks (number),
    log_index integer NOT NULL,
    transaction_hash text NOT NULL,
    ${columns},
    PRIMARY KEY (block_number, log_index)
  )`

export const events: readonly string[] = [
  // `logs` counts the events of a block; a block without any is kept only while a reorg may still reach it.
  `CREATE TABLE blocks (
    number bigint PRIMARY KEY,
    hash text NOT NULL,
    parent_hash text NOT NULL,
    timestamp bigint NOT NULL,
    logs integer NOT NULL
  )`,

  // Which deployment this is the index of, how far it is, and the height below which it is never rewritten.
  `CREATE TABLE progress (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    chain_id bigint NOT NULL,
    asset_registry text NOT NULL,
    revenue_ledger text NOT NULL,
    access_market text NOT NULL,
    treasury text NOT NULL,
    start_block bigint NOT NULL,
    number bigint,
    hash text,
    finalised bigint NOT NULL
  )`,

  event(
    'version_published',
    `version numeric(78,0) NOT NULL, asset numeric(78,0) NOT NULL, publisher text NOT NULL, kind integer NOT NULL,
     manifest_digest text NOT NULL, contributor_root text NOT NULL, contributor_bps integer NOT NULL,
     royalty_bps integer NOT NULL, edges_bps integer NOT NULL, fee_bps integer NOT NULL,
     parents jsonb NOT NULL, edges jsonb NOT NULL`,
  ),
  'CREATE UNIQUE INDEX ON version_published (version)',
  'CREATE INDEX ON version_published (asset, version)',
  'CREATE INDEX ON version_published (manifest_digest)',
  'CREATE INDEX ON version_published USING gin (parents jsonb_path_ops)',
  'CREATE INDEX ON version_published USING gin (edges jsonb_path_ops)',

  event('asset_transferred', 'sender text NOT NULL, recipient text NOT NULL, asset numeric(78,0) NOT NULL'),
  'CREATE INDEX ON asset_transferred (asset, block_number, log_index)',
  'CREATE INDEX ON asset_transferred (recipient)',

  event(
    'offer_listed',
    `offer numeric(78,0) NOT NULL, asset numeric(78,0) NOT NULL, token text NOT NULL, price numeric(78,0) NOT NULL,
     usage integer NOT NULL`,
  ),
  'CREATE INDEX ON offer_listed (asset, offer)',
  'CREATE INDEX ON offer_listed (token)',

  event('offer_closed', 'offer numeric(78,0) NOT NULL, asset numeric(78,0) NOT NULL'),
  'CREATE INDEX ON offer_closed (offer)',

  event(
    'pass_granted',
    `offer numeric(78,0) NOT NULL, asset numeric(78,0) NOT NULL, version numeric(78,0) NOT NULL, holder text NOT NULL,
     token text NOT NULL, amount numeric(78,0) NOT NULL, nonce bigint NOT NULL`,
  ),
  'CREATE INDEX ON pass_granted (asset)',
  'CREATE INDEX ON pass_granted (holder, block_number, log_index)',

  event(
    'revenue_received',
    'version numeric(78,0) NOT NULL, token text NOT NULL, payer text NOT NULL, amount numeric(78,0) NOT NULL',
  ),
  'CREATE INDEX ON revenue_received (token, version)',

  event(
    'revenue_pulled',
    `version numeric(78,0) NOT NULL, ancestor numeric(78,0) NOT NULL, token text NOT NULL, edge_index integer NOT NULL,
     amount numeric(78,0) NOT NULL`,
  ),
  'CREATE INDEX ON revenue_pulled (token, version, edge_index)',

  event(
    'revenue_collected',
    `version numeric(78,0) NOT NULL, token text NOT NULL, account text NOT NULL, weight_start numeric(78,0) NOT NULL,
     weight_end numeric(78,0) NOT NULL, amount numeric(78,0) NOT NULL`,
  ),
  'CREATE INDEX ON revenue_collected (token, version, weight_start)',

  event(
    'till_swept',
    'asset numeric(78,0) NOT NULL, version numeric(78,0) NOT NULL, token text NOT NULL, amount numeric(78,0) NOT NULL',
  ),

  event('token_allowed', 'token text NOT NULL, allowed boolean NOT NULL'),
]
