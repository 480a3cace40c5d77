// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";

/// @title IAccessMarket
/// @notice Offers of assets and the passes that buyers hold. A final sale goes to the ledger in the same transaction;
/// money that may still go back waits here: until its refund window ends, or while a timed pass runs.
/// @dev Money enters the ledger for the asset's version at that moment. EIP-712 domain "Agorai", version "1".
interface IAccessMarket {
    /* TYPES */

    /// @notice What a pass allows its holder to do with the asset.
    enum Usage {
        Evaluation,
        Personal,
        Internal,
        Inference,
        Train,
        Redistribute,
        Exclusive
    }

    /// @notice From day `fromDay` of a purchase on, a day costs `bps` of the price. Days before keep theirs.
    struct Bracket {
        uint16 fromDay;
        uint16 bps;
    }

    /// @notice What is offered.
    /// @param price Base units of `token`: of a perpetual pass, or of one day of a timed one. 0 is free and skips the
    /// ledger. At most 12 significant digits (mantissa below 2^40). Of an exclusive offer it is the reserve p: the price
    /// is max(p, 10·p·2^(−t / 24 h)), t after its listing.
    /// @param flags Sum of: 1 timed; 2 holders may transfer their passes.
    /// @param refundHours Hours in which the buyer of a perpetual pass may give it back, no questions; 0 is final.
    /// @param gate Root of the accounts that may buy (OpenZeppelin's standard Merkle tree of `address`); 0 is everyone.
    /// @param brackets Of timed offers, at most 3, days ascending from 1 on and bps descending from below 10,000.
    struct OfferTerms {
        address token;
        uint256 price;
        Usage usage;
        uint8 flags;
        uint16 refundHours;
        bytes32 gate;
        Bracket[] brackets;
    }

    /// @notice What a buyer agrees to.
    /// @param version The asset's current version as the buyer saw it.
    /// @param holder Who receives the pass; 0 is the payer. What is refunded later goes to the holder.
    /// @param quantity Days of a timed pass, at most 3,650; 1 of a perpetual one.
    /// @param amountMax Most that the payer pays, in base units of the offer's token.
    /// @param nonce Number of purchases made for this holder of this offer before this one, so a retry moves no money.
    /// @param proof That the holder is behind the offer's gate.
    struct Purchase {
        uint256 offerId;
        uint256 version;
        address holder;
        uint16 quantity;
        uint256 amountMax;
        uint32 nonce;
        bytes32[] proof;
    }

    /// @notice An EIP-2612 permit of the payer to the ledger. One that was used already is no error.
    struct Permit {
        uint256 amount;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @param purchases Purchases made so far.
    /// @param grantedAt When the latest was made, unix seconds.
    /// @param expiry The pass holds before this second; 2^40 − 1 is perpetual, 0 is no pass.
    /// @param refundUntil Until then a perpetual pass may be given back; 0 when it is final.
    /// @param amount What waits here: of a perpetual pass the price, of a timed one its price per day.
    struct Pass {
        uint24 purchases;
        uint40 grantedAt;
        uint40 expiry;
        uint40 refundUntil;
        uint112 amount;
    }

    /// @notice Money of an asset's timed passes, in one token. Days are unix seconds / 86,400.
    /// @param day First day that is not accrued yet.
    /// @param rate What all running passes pay on that day.
    /// @param earned Accrued, and not yet in the ledger.
    struct Stream {
        uint32 day;
        uint112 rate;
        uint112 earned;
    }

    /* ERRORS */

    error AccessMarket_NotOwner(address caller, uint256 asset);
    error AccessMarket_NotRegistry(address caller);
    error AccessMarket_NotGovernor(address caller);
    error AccessMarket_NotGuardian(address caller);
    error AccessMarket_Paused(uint256 until);
    error AccessMarket_OfferExists(uint256 offerId);
    error AccessMarket_OfferClosed(uint256 offerId);
    /// @notice The terms contradict one another, or an allowed range.
    error AccessMarket_TermsInvalid();
    error AccessMarket_PriceInexact(uint256 price);
    error AccessMarket_PriceTooLarge(uint256 price);
    /// @notice The asset was built from one whose terms let nobody sell what is built from it.
    error AccessMarket_CommercialUseRefused(uint256 asset);
    error AccessMarket_TokenNotAllowed(address token);
    error AccessMarket_TokenUnsupported(address token, uint256 expected, uint256 received);
    error AccessMarket_VersionChanged(uint256 expected, uint256 current);
    error AccessMarket_QuantityInvalid(uint256 quantity);
    error AccessMarket_PriceAboveMax(uint256 price, uint256 amountMax);
    error AccessMarket_NonceInvalid(uint256 expected, uint256 given);
    error AccessMarket_NotAdmitted(address holder);
    error AccessMarket_PassHeld(uint256 offerId, address holder);
    error AccessMarket_PassMissing(uint256 offerId, address holder);
    error AccessMarket_PassSoulbound(uint256 offerId);
    error AccessMarket_RefundClosed(uint256 offerId, address holder);
    error AccessMarket_RefundOpen(uint256 offerId, address holder);
    error AccessMarket_BundleUnknown(bytes32 bundleId);
    error AccessMarket_BundleInvalid();
    error AccessMarket_AmountMismatch(uint256 price, uint256 authorized);
    error AccessMarket_BadSignature(address signer);
    error AccessMarket_SignatureExpired(uint256 expiry);
    error AccessMarket_BadPayee(address payee);
    /// @notice More than `ACCRUAL_DAYS_MAX` days have not been accrued: call `accrue` first.
    error AccessMarket_AccrualBehind(uint256 asset, address token);

    /* EVENTS */

    event OfferListed(uint256 indexed offerId, uint256 indexed asset, address indexed token, OfferTerms terms);
    event OfferClosed(uint256 indexed offerId, uint256 indexed asset);
    /// @notice A pass was bought, renewed or given. `amount` was paid by `payer`.
    /// @param expiry The pass holds before this second; 2^40 − 1 is perpetual.
    /// @param refundUntil 0 when the sale is final or the pass is timed.
    event PassGranted(
        uint256 indexed offerId,
        uint256 indexed version,
        address indexed holder,
        address payer,
        uint256 amount,
        uint32 nonce,
        uint40 expiry,
        uint40 refundUntil
    );
    /// @notice A pass was given back before its end; `amount` went to the holder.
    event PassRefunded(uint256 indexed offerId, address indexed holder, uint256 amount);
    /// @notice A refund window ended and the price entered the ledger.
    event PassReleased(uint256 indexed offerId, address indexed holder, uint256 indexed version, uint256 amount);
    event PassTransferred(uint256 indexed offerId, address indexed from, address indexed to);
    /// @notice What timed passes of an asset earned before `day` entered the ledger.
    event RevenueAccrued(
        uint256 indexed asset, address indexed token, uint256 indexed version, uint256 day, uint256 amount
    );
    event BundleListed(bytes32 indexed bundleId, address indexed owner, uint256[] offerIds, uint16 discountBps);
    event BundleClosed(bytes32 indexed bundleId);
    /// @notice New purchases are stopped before this second; 0 is not at all.
    event Paused(uint256 until);
    event GuardianSet(address indexed guardian);

    /* OFFERS */

    /// @notice Lists an offer of an asset that the caller owns, under an unused `index`.
    /// @return offerId `asset << 16 | index`.
    function listOffer(uint256 asset, uint16 index, OfferTerms calldata terms) external returns (uint256 offerId);

    /// @notice Lists the first offers of an asset that was just published, at indexes from 0. Only the registry calls.
    function listFirstOffers(uint256 asset, OfferTerms[] calldata offers) external;

    /// @notice Stops new purchases and renewals of an offer. Passes already granted run on. Its index is not used again.
    function closeOffer(uint256 offerId) external;

    /// @notice Lists offers of assets that the caller owns to be bought together, each at its own price less
    /// `discountBps` of 10,000: a member's share of the bundle is that of its stand-alone price.
    function listBundle(uint256[] calldata offerIds, uint16 discountBps) external returns (bytes32 bundleId);

    function closeBundle(bytes32 bundleId) external;

    /* BUYING */

    /// @notice Buys, renews or gives a pass, by the caller's allowance to the ledger.
    /// @return amount Base units paid.
    function buy(Purchase calldata purchase) external returns (uint256 amount);

    /// @notice The same, by a permit of the caller's in the same transaction.
    function buyWithPermit(Purchase calldata purchase, Permit calldata permit) external returns (uint256 amount);

    /// @notice The same, by an EIP-3009 authorization: to the ledger when the sale is final, else to the market. Anyone
    /// may relay it.
    /// @dev Its nonce must be `authorizationNonceOf(purchase, from)`: the relayer can change nothing.
    function buyWithAuthorization(Purchase calldata purchase, IRevenueLedger.Authorization calldata authorization)
        external
        returns (uint256 amount);

    /// @notice The same for `payer`, who signed the purchase; by its allowance, or by a permit when that has a deadline.
    /// Anyone may relay it. EIP-712: Purchase(uint256 offerId,uint256 version,address payer,address holder,
    /// uint32 quantity,uint256 amountMax,uint32 nonce,uint256 expiry)
    function buyFor(
        address payer,
        Purchase calldata purchase,
        uint256 expiry,
        bytes calldata signature,
        Permit calldata permit
    ) external returns (uint256 amount);

    /// @notice Buys every offer of a bundle, in its order, by the caller's allowance to the ledger.
    /// @param amountMax Most that all cost together.
    function buyBundle(bytes32 bundleId, Purchase[] calldata purchases, uint256 amountMax)
        external
        returns (uint256 amount);

    /* HOLDING */

    /// @notice Gives the caller's pass back. A perpetual one returns its price while its refund window is open, a timed
    /// one the price of every day that has not begun.
    function refund(uint256 offerId) external returns (uint256 amount);

    /// @notice Moves a pass that its offer allows to be moved, with what may be refunded of it.
    function transferPass(uint256 offerId, address to) external;

    /* MONEY THAT BECAME FINAL */

    /// @notice Pays into the ledger what passes with an ended refund window cost. Anyone may call.
    function release(uint256 offerId, address[] calldata holders) external;

    /// @notice Pays into the ledger what timed passes of an asset earned on days that have ended, at most `daysMax` of
    /// them. Anyone may call.
    /// @return amount Base units that entered the ledger.
    function accrue(uint256 asset, address token, uint256 daysMax) external returns (uint256 amount);

    /* GOVERNED */

    /// @notice Stops new purchases for `seconds_`, at most 14 days from now. Only the guardian. It moves no money, and
    /// stops no refund, release, accrual or collection.
    function pause(uint256 seconds_) external;
    /// @notice Ends a pause. Only the governor.
    function unpause() external;
    function setGuardian(address guardian) external;

    /* VIEWS */

    /// @notice The EIP-3009 nonce that a buyer signs: keccak256(abi.encode(market, version, context)), where context is
    /// keccak256(abi.encode(offerId, holder, quantity, amountMax, nonce)) and holder is never 0.
    function authorizationNonceOf(Purchase calldata purchase, address payer) external view returns (bytes32);

    /// @return terms As listed, less the brackets' array when there are none.
    /// @return open Whether it can be bought.
    /// @return listedAt Unix seconds, of exclusive offers; else 0.
    function offerOf(uint256 offerId) external view returns (OfferTerms memory terms, bool open, uint256 listedAt);

    /// @notice Price of `quantity` now, in base units.
    function priceOf(uint256 offerId, uint256 quantity) external view returns (uint256);

    /// @return owner Zero when there is no such bundle.
    function bundleOf(bytes32 bundleId) external view returns (address owner, uint16 discountBps);

    function passOf(uint256 offerId, address holder) external view returns (Pass memory);
    function streamOf(uint256 asset, address token) external view returns (Stream memory);
    /// @notice By how much the rate of a stream changes when `day` begins.
    function rateChangeOf(uint256 asset, address token, uint256 day) external view returns (int256);

    /// @notice Whether `holder` may open `version` now: it holds a running pass of `offerId`, and that offer is of the
    /// version's asset.
    function isEntitled(uint256 offerId, address holder, uint256 version) external view returns (bool);

    function pausedUntil() external view returns (uint256);
    function guardian() external view returns (address);
}
