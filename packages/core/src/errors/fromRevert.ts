import { accessMarketAbi } from '../generated/index.js'
import { AgoraiError } from './AgoraiError.js'
import type { ErrorCode } from './codes.js'

/** Reverts that people can do something about. Every other one is a `transaction_reverted`, with its name and values. */
const codes: Record<string, ErrorCode> = {
  AssetRegistry_NotOwner: 'not_owner',
  AssetRegistry_RatesInvalid: 'rates_invalid',
  AssetRegistry_ParentsUnordered: 'parents_invalid',
  AssetRegistry_EdgesTooMany: 'edges_too_many',
  AssetRegistry_VersionUnknown: 'not_found',
  RevenueLedger_VersionUnknown: 'not_found',
  AccessMarket_NotOwner: 'not_owner',
  AccessMarket_OfferClosed: 'offer_closed',
  AccessMarket_VersionChanged: 'version_changed',
  AccessMarket_PriceAboveMax: 'price_above_max',
  AccessMarket_PassHeld: 'pass_held',
  TestUSD_ChainNotLocal: 'chain_not_local',
  TestUSD_BadSignature: 'signature_invalid',
  TestUSD_AuthorizationExpired: 'request_expired',
  TestUSD_AuthorizationUsed: 'nonce_used',
  // Of the libraries that the contracts and tokens are built on.
  InsufficientBalance: 'funds_missing',
  TransferFromFailed: 'funds_missing',
  InvalidPermit: 'signature_invalid',
  PermitExpired: 'request_expired',
  NotOwnerNorApproved: 'not_owner',
  TransferFromIncorrectOwner: 'not_owner',
  TokenDoesNotExist: 'not_found',
}
const codeOfRevert: ReadonlyMap<string, ErrorCode> = new Map(Object.entries(codes))

/**
 * The error that a contract's revert means: the one place where reverts are decoded.
 *
 * @param errorName Name of the custom error, or Solidity's `Error` or `Panic`.
 * @param args Its values, in the order of its declaration.
 * @returns The values stand in `details` under the names of the declaration, the revert's name under `revert`.
 */
export function fromRevert(errorName: string, args: readonly unknown[]): AgoraiError {
  // Each ABI carries the errors of all contracts, since a call reverts with the error of whatever it called.
  const declared = accessMarketAbi.find((item) => item.type === 'error' && item.name === errorName)
  const names = declared?.inputs.map((input) => input.name) ?? []
  const values = args.map((value, index) => [names[index] ?? `value${index}`, toShown(value)] as const)
  const said = values.map(([name, value]) => `${name} ${value}`).join(', ')
  const revert = toShown(errorName)
  return new AgoraiError(
    codeOfRevert.get(errorName) ?? 'transaction_reverted',
    `The contract answered ${revert}${said && `: ${said}`}.`,
    { details: { revert, ...Object.fromEntries(values) } },
  )
}

/** A foreign token may revert with any text, so it is shown short and in printable characters only. */
const toShown = (value: unknown): string =>
  String(value)
    .slice(0, 200)
    .replace(/[^\x20-\x7e]/g, '?')
