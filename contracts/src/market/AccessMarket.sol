// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IAccessMarket} from "./IAccessMarket.sol";

/// @title AccessMarket
/// @notice Keeps the offers of assets and the passes of buyers. It never holds money.
contract AccessMarket is IAccessMarket {
    /* STORAGE */

    // An offer in one word: token (160 bits), mantissa (40), exponent (8), usage (8), state (8), duration (32, 0 is perpetual).
    uint256 internal constant MANTISSA_SHIFT = 160;
    uint256 internal constant EXPONENT_SHIFT = 200;
    uint256 internal constant USAGE_SHIFT = 208;
    uint256 internal constant STATE_SHIFT = 216;
    uint256 internal constant STATE_OPEN = 1;
    uint256 internal constant STATE_CLOSED = 2;
    uint256 internal constant MANTISSA_MAX = type(uint40).max;
    uint256 internal constant INDEX_BITS = 16;

    IAssetRegistry internal immutable _registry;
    IRevenueLedger internal immutable _ledger;

    mapping(uint256 offerId => uint256) internal _offers;
    mapping(uint256 offerId => mapping(address holder => Pass)) internal _passes;

    constructor(IAssetRegistry registry, IRevenueLedger ledger) {
        _registry = registry;
        _ledger = ledger;
    }

    /* OFFERS */

    /// @inheritdoc IAccessMarket
    function listOffer(uint256 asset, uint16 index, address token, uint256 price, Usage usage)
        external
        returns (uint256 offerId)
    {
        _requireOwner(asset);
        offerId = asset << INDEX_BITS | index;
        if (_offers[offerId] != 0) revert AccessMarket_OfferExists(offerId);
        if (usage == Usage.Exclusive) revert AccessMarket_UsageUnsupported(usage);
        bool isFree = price == 0 && token == address(0);
        if (!isFree && !_ledger.isTokenAllowed(token)) revert AccessMarket_TokenNotAllowed(token);
        _offers[offerId] =
            uint256(uint160(token)) | _packPrice(price) | uint256(usage) << USAGE_SHIFT | STATE_OPEN << STATE_SHIFT;
        emit OfferListed(offerId, asset, token, price, usage);
    }

    /// @inheritdoc IAccessMarket
    function closeOffer(uint256 offerId) external {
        uint256 asset = offerId >> INDEX_BITS;
        _requireOwner(asset);
        uint256 word = _openOffer(offerId);
        _offers[offerId] = word ^ (STATE_OPEN ^ STATE_CLOSED) << STATE_SHIFT;
        emit OfferClosed(offerId, asset);
    }

    /* PASSES */

    /// @inheritdoc IAccessMarket
    function buy(Purchase calldata purchase) external returns (uint256 amount) {
        address token;
        (token, amount) = _grant(purchase, msg.sender);
        if (amount != 0) _ledger.payFor(msg.sender, purchase.version, token, amount);
    }

    /// @inheritdoc IAccessMarket
    function buyWithAuthorization(Purchase calldata purchase, IRevenueLedger.Authorization calldata authorization)
        external
        returns (uint256 amount)
    {
        address token;
        (token, amount) = _grant(purchase, authorization.from);
        if (amount != authorization.amount) revert AccessMarket_AmountMismatch(amount, authorization.amount);
        bytes32 context = _contextOf(purchase, authorization.from);
        _ledger.payWithAuthorization(purchase.version, token, authorization, context);
    }

    /* VIEWS */

    /// @inheritdoc IAccessMarket
    function authorizationNonceOf(Purchase calldata purchase, address holder) external view returns (bytes32) {
        return keccak256(abi.encode(address(this), purchase.version, _contextOf(purchase, holder)));
    }

    /// @inheritdoc IAccessMarket
    function offerOf(uint256 offerId) external view returns (Offer memory) {
        uint256 word = _offers[offerId];
        return Offer({
            token: address(uint160(word)),
            price: _priceOf(word),
            usage: Usage(uint8(word >> USAGE_SHIFT)),
            open: _isOpen(word)
        });
    }

    /// @inheritdoc IAccessMarket
    function passOf(uint256 offerId, address holder) external view returns (Pass memory) {
        return _passes[offerId][holder];
    }

    /// @inheritdoc IAccessMarket
    function isEntitled(uint256 offerId, address holder, uint256 version) external view returns (bool) {
        if (_passes[offerId][holder].purchases == 0) return false;
        return _registry.assetOf(version) == offerId >> INDEX_BITS;
    }

    /* INTERNAL */

    /// @dev Checks what the buyer agreed to and stores the pass. The payment follows; if it fails, nothing happened.
    function _grant(Purchase calldata purchase, address holder) internal returns (address token, uint256 amount) {
        uint256 offerId = purchase.offerId;
        uint256 word = _openOffer(offerId);
        uint256 current = _registry.currentVersion(offerId >> INDEX_BITS);
        if (current != purchase.version) revert AccessMarket_VersionChanged(purchase.version, current);
        amount = _priceOf(word);
        if (amount > purchase.amountMax) revert AccessMarket_PriceAboveMax(amount, purchase.amountMax);
        Pass storage pass = _passes[offerId][holder];
        uint32 purchases = pass.purchases;
        if (purchases != 0) revert AccessMarket_PassHeld(offerId, holder);
        if (purchase.nonce != purchases) revert AccessMarket_NonceInvalid(purchases, purchase.nonce);
        _passes[offerId][holder] = Pass({grantedAt: uint40(block.timestamp), purchases: purchases + 1});
        token = address(uint160(word));
        emit PassGranted(offerId, current, holder, token, amount, purchase.nonce);
    }

    function _requireOwner(uint256 asset) internal view {
        (address owner,) = _registry.ratesOf(asset);
        // A later version has an owner too, but only an asset can be offered.
        if (owner != msg.sender || _registry.assetOf(asset) != asset) revert AccessMarket_NotOwner(msg.sender, asset);
    }

    function _openOffer(uint256 offerId) internal view returns (uint256 word) {
        word = _offers[offerId];
        if (!_isOpen(word)) revert AccessMarket_OfferClosed(offerId);
    }

    function _isOpen(uint256 word) internal pure returns (bool) {
        return uint8(word >> STATE_SHIFT) == STATE_OPEN;
    }

    function _contextOf(Purchase calldata purchase, address holder) internal pure returns (bytes32) {
        return keccak256(abi.encode(purchase.offerId, holder, purchase.amountMax, purchase.nonce));
    }

    function _priceOf(uint256 word) internal pure returns (uint256) {
        return uint40(word >> MANTISSA_SHIFT) * 10 ** uint8(word >> EXPONENT_SHIFT);
    }

    /// @dev A price is a mantissa and a power of ten; one with more digits than that has no exact form.
    function _packPrice(uint256 price) internal pure returns (uint256) {
        uint256 mantissa = price;
        uint256 exponent;
        while (mantissa > MANTISSA_MAX) {
            if (mantissa % 10 != 0) revert AccessMarket_PriceInexact(price);
            mantissa /= 10;
            ++exponent;
        }
        return mantissa << MANTISSA_SHIFT | exponent << EXPONENT_SHIFT;
    }
}
