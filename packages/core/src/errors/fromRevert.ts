import { accessMarketAbi } from '../generated/index.js'
import { AgoraiError } from './AgoraiError.js'
import type { ErrorCode } from './codes.js'

/** Reverts that people can do something about. Every other one is a `transaction_reverted`, with its name and values. */
const codes: Record<string, ErrorCode> = {
  AssetRegistry_KindInvalid: 'publication_invalid',
  AssetRegistry_DigestZero: 'publication_invalid',
  AssetRegistry_TermsInvalid: 'terms_invalid',
  AssetRegistry_RatesInvalid: 'rates_invalid',
  AssetRegistry_FeeTooHigh: 'fee_too_high',
  AssetRegistry_VersionsUnordered: 'parents_invalid',
  AssetRegistry_VersionUnknown: 'not_found',
  AssetRegistry_EdgesTooMany: 'edges_too_many',
  AssetRegistry_SuppliersTooMany: 'suppliers_too_many',
  AssetRegistry_SuppliersRefused: 'suppliers_refused',
  AssetRegistry_SupplyTooDeep: 'supply_too_deep',
  AssetRegistry_TermsRefuse: 'terms_refuse',
  AssetRegistry_VersionRetired: 'version_retired',
  AssetRegistry_ConsentMissing: 'consent_missing',
  AssetRegistry_ConsentUsed: 'consent_used',
  AssetRegistry_BadSignature: 'signature_invalid',
  AssetRegistry_SignatureExpired: 'request_expired',
  AssetRegistry_ContributorsShrunk: 'contributors_shrunk',
  AssetRegistry_NotOwner: 'not_owner',
  AssetRegistry_NotGovernor: 'role_missing',
  AssetRegistry_NotMarket: 'role_missing',
  AssetRegistry_NotForSale: 'not_for_sale',
  RevenueLedger_AmountZero: 'amount_zero',
  RevenueLedger_LengthsDiffer: 'invalid_request',
  RevenueLedger_VersionUnknown: 'not_found',
  RevenueLedger_TokenNotAllowed: 'token_not_allowed',
  RevenueLedger_TokenAllowed: 'token_allowed',
  RevenueLedger_TokenUnsupported: 'token_unsupported',
  RevenueLedger_TotalTooLarge: 'amount_too_large',
  RevenueLedger_ContributionInvalid: 'contribution_invalid',
  RevenueLedger_MemberInvalid: 'member_invalid',
  RevenueLedger_LienInvalid: 'lien_invalid',
  RevenueLedger_LiensTooMany: 'liens_too_many',
  RevenueLedger_BadPayee: 'payee_invalid',
  RevenueLedger_NotGovernor: 'role_missing',
  RevenueLedger_NotArbiter: 'role_missing',
  RevenueLedger_NotMarket: 'role_missing',
  RevenueLedger_NotOwner: 'not_owner',
  AccessMarket_NotOwner: 'not_owner',
  AccessMarket_NotRegistry: 'role_missing',
  AccessMarket_NotGovernor: 'role_missing',
  AccessMarket_NotGuardian: 'role_missing',
  AccessMarket_Paused: 'market_paused',
  AccessMarket_OfferExists: 'offer_exists',
  AccessMarket_OfferClosed: 'offer_closed',
  AccessMarket_TermsInvalid: 'offer_invalid',
  AccessMarket_PriceInexact: 'price_invalid',
  AccessMarket_PriceTooLarge: 'price_invalid',
  AccessMarket_CommercialUseRefused: 'commercial_use_refused',
  AccessMarket_TokenNotAllowed: 'token_not_allowed',
  AccessMarket_TokenUnsupported: 'token_unsupported',
  AccessMarket_VersionChanged: 'version_changed',
  AccessMarket_QuantityInvalid: 'quantity_invalid',
  AccessMarket_PriceAboveMax: 'price_above_max',
  AccessMarket_NonceInvalid: 'nonce_invalid',
  AccessMarket_NotAdmitted: 'not_admitted',
  AccessMarket_PassHeld: 'pass_held',
  AccessMarket_PassMissing: 'pass_missing',
  AccessMarket_PassSoulbound: 'pass_soulbound',
  AccessMarket_RefundClosed: 'refund_closed',
  AccessMarket_RefundOpen: 'refund_open',
  AccessMarket_BundleUnknown: 'not_found',
  AccessMarket_BundleInvalid: 'bundle_invalid',
  AccessMarket_AmountMismatch: 'amount_mismatch',
  AccessMarket_BadSignature: 'signature_invalid',
  AccessMarket_SignatureExpired: 'request_expired',
  AccessMarket_BadPayee: 'payee_invalid',
  AccessMarket_AccrualBehind: 'accrual_behind',
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
