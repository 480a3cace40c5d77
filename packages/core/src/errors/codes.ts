import { callCodes } from './callCodes.js'
import { contractCodes } from './contractCodes.js'
import { paymentCodes } from './paymentCodes.js'
import { sessionCodes } from './sessionCodes.js'

/**
 * Every way in which Agorai says no. One row a code: the HTTP status a gateway answers, the exit code the CLI ends with,
 * a short title, and what to do about it. Codes are stable; `docs/errors.md` is generated from this table.
 */
export const errorCodes = {
  // What was sent is not well formed.
  invalid_request: {
    status: 400,
    exit: 2,
    title: 'The request is not valid',
    remedy: 'Correct the field named in the detail.',
  },
  manifest_invalid: {
    status: 422,
    exit: 2,
    title: 'The manifest is not valid',
    remedy: 'Correct the field named in the detail.',
  },
  rows_invalid: {
    status: 422,
    exit: 2,
    title: 'The rows cannot be read',
    remedy: 'Correct the row named in the detail; every row must have the columns of the header.',
  },
  unsafe_format: {
    status: 422,
    exit: 2,
    title: 'The format is not accepted',
    remedy: 'Files that run code when they are loaded are refused; the detail names what to publish instead.',
  },
  content_unreadable: {
    status: 422,
    exit: 2,
    title: 'The file cannot be described',
    remedy: 'Check that the file is whole and what its name says; export it again, or publish it as a binary file.',
  },
  archive_invalid: {
    status: 422,
    exit: 2,
    title: 'The folder or archive cannot be taken in',
    remedy: 'Correct the entry named in the detail, or unpack the archive and publish the folder.',
  },
  unsafe_name: {
    status: 422,
    exit: 2,
    title: 'The file name is not safe',
    remedy: 'Use a plain file name without folders, control characters or reserved words.',
  },
  unsafe_url: {
    status: 422,
    exit: 2,
    title: 'The URL is not one that is fetched',
    remedy: 'Use https:// and a public host, without a user name, on the usual port; the detail says what is wrong.',
  },
  source_unavailable: {
    status: 504,
    exit: 8,
    title: 'The source does not answer as it should',
    remedy: 'Try again later; what was uploaded is kept and continued.',
  },
  source_changed: {
    status: 409,
    exit: 6,
    title: 'The source changed while it was read',
    remedy: 'Nothing was published. Publish again, from a source that stays as it is.',
  },
  not_final: {
    status: 409,
    exit: 5,
    title: 'The blocks of this range are not final yet',
    remedy: 'Wait, or end the range at the block named in the detail.',
  },
  quota_exceeded: {
    status: 429,
    exit: 8,
    title: 'The account has no room left at this node',
    remedy: 'Finish what is uploaded, or wait until what was left unfinished expires.',
  },
  payload_too_large: {
    status: 413,
    exit: 2,
    title: 'The body is too large',
    remedy: 'Send less; the limit is in the detail.',
  },
  unsupported_media_type: {
    status: 415,
    exit: 2,
    title: 'The content type is not supported',
    remedy: 'Send the content type named in the detail.',
  },
  method_not_allowed: {
    status: 405,
    exit: 2,
    title: 'The method is not allowed',
    remedy: 'See /api/v1/openapi.json for the methods of this path.',
  },
  not_acceptable: {
    status: 406,
    exit: 2,
    title: 'None of the accepted content types is served here',
    remedy: 'Accept the content type named in the detail.',
  },
  uri_too_long: {
    status: 414,
    exit: 2,
    title: 'The URL is too long',
    remedy: 'Ask for less in one URL.',
  },
  headers_too_large: {
    status: 431,
    exit: 2,
    title: 'The headers are too large',
    remedy: 'Send fewer or shorter headers.',
  },
  origin_not_allowed: {
    status: 403,
    exit: 4,
    title: 'Pages of other sites may not send this',
    remedy: 'Use the URL that the node printed at its start, or add the site to AGORAI_HOSTS.',
  },
  range_not_satisfiable: {
    status: 416,
    exit: 2,
    title: 'The range cannot be answered',
    remedy: 'Ask for one range inside the content.',
  },
  host_not_allowed: {
    status: 421,
    exit: 2,
    title: 'This host name is not served here',
    remedy: 'Use the URL that the node printed at its start, or add the name to AGORAI_HOSTS.',
  },
  not_found: {
    status: 404,
    exit: 3,
    title: 'There is nothing here',
    remedy: 'Check the id; `agorai search` lists what is published.',
  },

  // Who asks, and whether they may.
  signature_invalid: {
    status: 401,
    exit: 4,
    title: 'The signature does not match',
    remedy: 'Sign the exact message with the key of the named account, on the named chain.',
  },
  request_expired: {
    status: 401,
    exit: 4,
    title: 'The signed request has expired',
    remedy: 'Sign it again; a request to a node may expire at most one hour ahead.',
  },
  wrong_operator: {
    status: 401,
    exit: 4,
    title: 'The request is signed for another operator',
    remedy: 'Ask the operator that is named in the request, or sign one for this operator.',
  },
  nonce_used: {
    status: 409,
    exit: 4,
    title: 'The nonce has been used for another request',
    remedy: 'Sign the request again with a fresh nonce.',
  },
  entitlement_missing: {
    status: 403,
    exit: 4,
    title: 'The holder has no pass for this version',
    remedy: 'Buy one of its offers first: `agorai buy <asset>`.',
  },
  contribution_refused: {
    status: 403,
    exit: 4,
    title: 'The rows may not be taken in',
    remedy: 'Ask for a consent, or an approval, for this dataset, this application and this purpose.',
  },
  approval_revoked: {
    status: 410,
    exit: 4,
    title: 'The owner of the dataset has revoked what the application was approved for',
    remedy: 'Ask the owner for a new approval; what was accepted before stays.',
  },
  consent_withdrawn: {
    status: 410,
    exit: 4,
    title: 'The contributor has taken the rows back',
    remedy: 'Leave them out; only a consent that is given afterwards counts.',
  },
  segment_refused: {
    status: 409,
    exit: 4,
    title: 'The segment does not follow the last one of the feed',
    remedy: 'Read where the feed stands and append to its end; what was appended stays.',
  },
  feed_broken: {
    status: 422,
    exit: 6,
    title: 'The feed has a gap or has forked',
    remedy: 'Ask its publisher, or another operator that has it; what was read before is whole.',
  },
  row_missing: {
    status: 404,
    exit: 6,
    title: 'The row is not in the version',
    remedy: 'Give the whole row as it was handed in; whoever has no pass can ask for own rows only.',
  },
  not_confirmed: {
    status: 409,
    exit: 5,
    title: 'The purchase is not confirmed yet',
    remedy: 'Wait for the block named in the detail and ask again.',
  },
  chain_not_local: {
    status: 400,
    exit: 4,
    title: 'Development keys and tokens are refused on this chain',
    remedy: 'Use a wallet of your own; development keys work on the local chain only.',
  },
  wrong_chain: {
    status: 409,
    exit: 4,
    title: 'The wallet is on another chain',
    remedy: 'Switch the wallet to the chain of the node and sign again; nothing was sent.',
  },
  deployment_unknown: {
    status: 409,
    exit: 4,
    title: 'The node names other contracts than are known for its chain',
    remedy: 'Use a node of the deployment that you trust, or give its addresses when you create the client.',
  },
  role_missing: {
    status: 403,
    exit: 4,
    title: 'Only one named role may do this',
    remedy: 'The governor acts through the timelock; guardian and arbiter are named by it.',
  },
  not_owner: {
    status: 403,
    exit: 4,
    title: 'Only the owner of the asset may do this',
    remedy: 'Use the account that owns the asset.',
  },
  policy_refused: {
    status: 403,
    exit: 4,
    title: 'The spending policy does not allow it',
    remedy: 'Nothing was signed. Change the rule named in the detail if you mean it, or wait for the next UTC day.',
  },
  payment_refused: {
    status: 402,
    exit: 7,
    title: 'The payment was not agreed on',
    remedy: 'Look at the price and the wires that the service takes; what was not charged stays yours.',
  },
  call_refused: {
    status: 422,
    exit: 2,
    title: 'The service refused the call',
    remedy: 'Correct what the detail names; nothing was charged.',
  },
  overcharged: {
    status: 402,
    exit: 6,
    title: 'The operator charges more than was agreed',
    remedy: 'Stop paying this operator and take the rest of the channel back: `agorai channel withdraw`.',
  },
  mandate_invalid: {
    status: 403,
    exit: 4,
    title: 'The mandate does not allow it',
    remedy: "Ask the channel's owner for a mandate that fits; the detail says what does not.",
  },
  wallet_declined: {
    status: 403,
    exit: 4,
    title: 'The wallet did not sign',
    remedy: 'Nothing was sent. Ask again and confirm in the wallet if you agree.',
  },

  // Content is not what it claims to be.
  digest_mismatch: {
    status: 422,
    exit: 6,
    title: 'The content does not match its digest',
    remedy: 'Send the bytes that the digest was computed from.',
  },
  length_mismatch: {
    status: 422,
    exit: 6,
    title: 'The content is not as long as stated',
    remedy: 'Send the whole content, and state its length in bytes.',
  },
  key_invalid: {
    status: 422,
    exit: 6,
    title: 'The key does not open the content',
    remedy: 'Deposit the key that the content was encrypted with, sealed to this operator.',
  },
  integrity_failed: {
    status: 422,
    exit: 6,
    title: 'The content was altered',
    remedy: 'Nothing was written. Download it again; if it fails again, the stored copy is damaged.',
  },
  nothing_to_deliver: {
    status: 404,
    exit: 3,
    title: 'The version has no content',
    remedy: 'Collections and live services have none; `agorai show <asset>` says what it is.',
  },
  version_erased: {
    status: 410,
    exit: 3,
    title: 'The content of this version was erased',
    remedy: 'Nobody delivers it any more; look for another version of the asset.',
  },
  taken_down: {
    status: 451,
    exit: 4,
    title: 'This operator does not serve it any more',
    remedy:
      'GET /api/v1/takedowns gives the reason. What was sold on the chain stands, and other operators may serve it.',
  },
  content_missing: {
    status: 409,
    exit: 6,
    title: 'The content is not stored here',
    remedy: 'Upload the content before what refers to it.',
  },
  evaluation_failed: {
    status: 422,
    exit: 6,
    title: 'The model does not do what its manifest states',
    remedy: 'Do not rely on this model; the counts are in the detail.',
  },

  ...contractCodes,
  ...callCodes,
  ...paymentCodes,
  ...sessionCodes,

  // The machine it runs on.
  chain_unavailable: {
    status: 503,
    exit: 8,
    title: 'The chain does not answer',
    remedy: 'Start it, or correct its address (AGORAI_RPC_URL, or --rpc); nothing was accepted.',
  },
  node_unavailable: {
    status: 503,
    exit: 8,
    title: 'The node does not answer',
    remedy: 'Start it with `npm start`, or give its address with --node.',
  },
  not_ready: {
    status: 503,
    exit: 8,
    title: 'The node is not ready',
    remedy: 'Send requests elsewhere until it is; the detail names what it waits for.',
  },
  database_unavailable: {
    status: 503,
    exit: 8,
    title: 'The database does not answer',
    remedy: 'Start it, or correct DATABASE_URL; nothing was changed.',
  },
  reorg_too_deep: {
    status: 503,
    exit: 8,
    title: 'The chain went back further than the index can follow',
    remedy: 'Check the RPC endpoint; to accept its history start with a fresh index.',
  },
  chain_damaged: {
    status: 503,
    exit: 8,
    title: 'The saved local chain is damaged',
    remedy: 'Restore the folder from a backup, or start over with --fresh.',
  },
  busy: {
    status: 503,
    exit: 8,
    title: 'The node is busy',
    remedy: 'Try again in a few seconds; nothing was accepted.',
  },
  rate_limited: {
    status: 429,
    exit: 8,
    title: 'Too much was asked for in too short a time',
    remedy: 'Ask again after the seconds in Retry-After; what was read so far counts.',
  },
  storage_unavailable: {
    status: 503,
    exit: 8,
    title: 'The store cannot be reached',
    remedy: 'Try again in a moment; nothing was acknowledged. An operator finds the reason in the log.',
  },
  journal_damaged: {
    status: 503,
    exit: 8,
    title: 'The journal is damaged before its end',
    remedy: 'Restore the journal from a backup; it was not changed.',
  },
  key_store_locked: {
    status: 503,
    exit: 8,
    title: 'The master keys cannot be opened',
    remedy: 'Correct the setting named in the detail; nothing was changed.',
  },
  key_store_damaged: {
    status: 503,
    exit: 8,
    title: 'A kept key is damaged',
    remedy: 'Restore it from a backup of the keys by `agorai-node restore`; it was not changed.',
  },
  kms_unavailable: {
    status: 503,
    exit: 8,
    title: 'The key management service does not answer',
    remedy: 'Start it, or correct AGORAI_KMS_URL; nothing was changed.',
  },
  backup_invalid: {
    status: 422,
    exit: 8,
    title: 'The backup cannot be used',
    remedy: 'Take another backup; the detail names what is wrong with this one. Nothing was changed.',
  },
  backup_expired: {
    status: 410,
    exit: 8,
    title: 'The backup of the keys is too old',
    remedy: 'Take a later one: keys that were erased since then must not come back. Nothing was changed.',
  },
  storage_full: {
    status: 507,
    exit: 8,
    title: 'The disk is full',
    remedy: 'Free some space and try again; nothing was acknowledged.',
  },
  port_in_use: {
    status: 503,
    exit: 8,
    title: 'The port is in use',
    remedy: 'Stop the other program, or choose a port with --port.',
  },
  folder_read_only: {
    status: 503,
    exit: 8,
    title: 'The data folder cannot be written',
    remedy: 'Make it writable, or choose another with --data-dir.',
  },
  folder_locked: {
    status: 503,
    exit: 8,
    title: 'Another node is using this data folder',
    remedy: 'Stop the other node, or choose another folder with --data-dir.',
  },
  config_invalid: {
    status: 503,
    exit: 2,
    title: 'The configuration is not valid',
    remedy: 'Correct the setting named in the detail.',
  },
  internal: {
    status: 500,
    exit: 1,
    title: 'Something went wrong here',
    remedy: 'Try again; if it stays, report it with the request id.',
  },
} as const satisfies Record<string, { status: number; exit: number; title: string; remedy: string }>

export type ErrorCode = keyof typeof errorCodes
