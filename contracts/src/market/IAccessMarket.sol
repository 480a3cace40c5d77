// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";

/// @title IAccessMarket
/// @notice Offers of assets and the passes that buyers hold. A sale is final at once: its price goes to the ledger in the
/// same transaction. A pass opens every version of the asset.
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

    /// @param price Base units of `token` for one perpetual pass; 0 is a free offer, which skips the ledger. At most 12
    /// significant digits (mantissa below 2^40, decimal exponent below 256).
    struct Offer {
        address token;
        uint256 price;
        Usage usage;
        bool open;
    }

    /// @notice What a buyer agrees to.
    /// @param version The asset's current version as the buyer saw it.
    /// @param amountMax Most that the buyer pays, in base units of the offer's token.
    /// @param nonce Number of purchases that the holder made of this offer before this one, so a retry moves no money.
    struct Purchase {
        uint256 offerId;
        uint256 version;
        uint256 amountMax;
        uint32 nonce;
    }

    /// @param purchases Purchases made so far; 0 means that there is no pass.
    struct Pass {
        uint40 grantedAt;
        uint32 purchases;
    }

    /* ERRORS */

    error AccessMarket_NotOwner(address caller, uint256 asset);
    error AccessMarket_OfferExists(uint256 offerId);
    error AccessMarket_OfferClosed(uint256 offerId);
    error AccessMarket_PriceInexact(uint256 price);
    error AccessMarket_UsageUnsupported(Usage usage);
    error AccessMarket_TokenNotAllowed(address token);
    error AccessMarket_VersionChanged(uint256 expected, uint256 current);
    error AccessMarket_PriceAboveMax(uint256 price, uint256 amountMax);
    error AccessMarket_NonceInvalid(uint256 expected, uint256 given);
    error AccessMarket_PassHeld(uint256 offerId, address holder);
    error AccessMarket_AmountMismatch(uint256 price, uint256 authorized);

    /* EVENTS */

    event OfferListed(
        uint256 indexed offerId, uint256 indexed asset, address indexed token, uint256 price, Usage usage
    );
    event OfferClosed(uint256 indexed offerId, uint256 indexed asset);
    event PassGranted(
        uint256 indexed offerId,
        uint256 indexed version,
        address indexed holder,
        address token,
        uint256 amount,
        uint32 nonce
    );

    /* FUNCTIONS */

    /// @notice Lists a perpetual offer of an asset that the caller owns, under an unused `index`.
    /// @return offerId `asset << 16 | index`.
    function listOffer(uint256 asset, uint16 index, address token, uint256 price, Usage usage)
        external
        returns (uint256 offerId);

    /// @notice Stops new purchases of an offer. Passes already granted stay. Its index is not used again.
    function closeOffer(uint256 offerId) external;

    /// @notice Buys a pass for the caller, by allowance given to the ledger.
    /// @return amount Base units paid.
    function buy(Purchase calldata purchase) external returns (uint256 amount);

    /// @notice Buys a pass for `authorization.from`, by its EIP-3009 authorization to the ledger. Anyone may relay it.
    /// @dev Its nonce must be `authorizationNonceOf(purchase, from)`: the relayer can change nothing.
    function buyWithAuthorization(Purchase calldata purchase, IRevenueLedger.Authorization calldata authorization)
        external
        returns (uint256 amount);

    /// @notice The EIP-3009 nonce that a buyer signs: keccak256(abi.encode(market, version, context)) with
    /// context = keccak256(abi.encode(offerId, holder, amountMax, nonce)).
    function authorizationNonceOf(Purchase calldata purchase, address holder) external view returns (bytes32);

    function offerOf(uint256 offerId) external view returns (Offer memory);
    function passOf(uint256 offerId, address holder) external view returns (Pass memory);

    /// @notice Whether `holder` may open `version`: it holds a pass of `offerId`, and that offer is of the version's asset.
    function isEntitled(uint256 offerId, address holder, uint256 version) external view returns (bool);
}
