// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {Places} from "../deployment/Places.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IAccessMarket} from "./IAccessMarket.sol";
import {Offer, OfferLib} from "./Offer.sol";

/// @title OfferBook
/// @notice Keeps what is offered, alone and in bundles. It moves no money.
abstract contract OfferBook is IAccessMarket {
    /* STORAGE */

    struct Bundle {
        address owner;
        uint16 discountBps;
    }

    uint256 internal constant BPS = 10_000;
    uint256 internal constant INDEX_BITS = 16;
    uint256 internal constant QUANTITY_MAX = 3_650;
    uint256 internal constant MEMBERS_MAX = 16;
    /// @dev What the market holds of a token stays within the bits that passes and streams have for it.
    uint256 internal constant HELD_MAX = type(uint112).max;

    IAssetRegistry internal immutable _registry;
    IRevenueLedger internal immutable _ledger;

    mapping(uint256 offerId => Offer) internal _offers;
    /// @dev Only of offers that say so in their word.
    mapping(uint256 offerId => uint256) internal _brackets;
    mapping(uint256 offerId => bytes32) internal _gates;

    /// @inheritdoc IAccessMarket
    mapping(bytes32 bundleId => Bundle) public bundleOf;

    constructor() {
        _registry = IAssetRegistry(Places.registryOf(msg.sender));
        _ledger = IRevenueLedger(Places.ledgerOf(msg.sender));
    }

    /* OFFERS */

    /// @inheritdoc IAccessMarket
    function listOffer(uint256 asset, uint16 index, OfferTerms calldata terms) external returns (uint256 offerId) {
        uint256 version = _registry.versionForBuyer(asset);
        _requireOwner(asset);
        return _list(asset, index, version, terms);
    }

    /// @inheritdoc IAccessMarket
    function listFirstOffers(uint256 asset, OfferTerms[] calldata offers) external {
        if (msg.sender != address(_registry)) revert AccessMarket_NotRegistry(msg.sender);
        for (uint256 i; i < offers.length; ++i) {
            _list(asset, uint16(i), asset, offers[i]);
        }
    }

    /// @inheritdoc IAccessMarket
    function closeOffer(uint256 offerId) external {
        uint256 asset = offerId >> INDEX_BITS;
        Offer offer = _openOffer(offerId);
        _requireOwner(asset);
        _offers[offerId] = offer.close();
        emit OfferClosed(offerId, asset);
    }

    /* BUNDLES */

    /// @inheritdoc IAccessMarket
    function listBundle(uint256[] calldata offerIds, uint16 discountBps) external returns (bytes32 bundleId) {
        uint256 count = offerIds.length;
        bool isInvalid = count < 2 || count > MEMBERS_MAX || discountBps > BPS;
        address token;
        for (uint256 i; i < count && !isInvalid; ++i) {
            uint256 offerId = offerIds[i];
            Offer offer = _openOffer(offerId);
            _requireOwner(offerId >> INDEX_BITS);
            // An exclusive sale ends all others, so nothing can be sold with it.
            isInvalid = offer.isExclusive();
            for (uint256 j; j < i; ++j) {
                if (offerIds[j] == offerId) isInvalid = true;
            }
            if (offer.price() == 0) continue;
            // One maximum for all needs one token.
            if (token != address(0) && token != offer.token()) isInvalid = true;
            token = offer.token();
        }
        bundleId = _bundleIdOf(msg.sender, offerIds, discountBps);
        if (isInvalid || bundleOf[bundleId].owner != address(0)) revert AccessMarket_BundleInvalid();
        bundleOf[bundleId] = Bundle({owner: msg.sender, discountBps: discountBps});
        emit BundleListed(bundleId, msg.sender, offerIds, discountBps);
    }

    /// @inheritdoc IAccessMarket
    function closeBundle(bytes32 bundleId) external {
        // The owner is part of the id, so there is nobody else's to close.
        if (bundleOf[bundleId].owner != msg.sender) revert AccessMarket_BundleUnknown(bundleId);
        delete bundleOf[bundleId];
        emit BundleClosed(bundleId);
    }

    /* VIEWS */

    /// @inheritdoc IAccessMarket
    function offerOf(uint256 offerId) external view returns (OfferTerms memory terms, bool open, uint256 listedAt) {
        Offer offer = _offers[offerId];
        terms = OfferTerms({
            token: offer.token(),
            price: offer.price(),
            usage: offer.usageOf(),
            flags: offer.flags(),
            refundHours: uint16(offer.refundHours()),
            gate: _gates[offerId],
            brackets: Pricing.unpackBrackets(_brackets[offerId])
        });
        return (terms, offer.isOpen(), offer.listedAt());
    }

    /// @inheritdoc IAccessMarket
    function priceOf(uint256 offerId, uint256 quantity) external view returns (uint256) {
        return _priceOf(offerId, _openOffer(offerId), quantity);
    }

    /* INTERNAL */

    function _list(uint256 asset, uint16 index, uint256 version, OfferTerms calldata terms)
        internal
        returns (uint256 offerId)
    {
        offerId = asset << INDEX_BITS | index;
        if (_offers[offerId].isListed()) revert AccessMarket_OfferExists(offerId);
        (address token, uint256 price) = (terms.token, terms.price);
        _checkTerms(terms);
        if (price != 0 && _registry.isFreeOnly(version)) revert AccessMarket_CommercialUseRefused(asset);
        bool isFree = price == 0 && token == address(0);
        if (!isFree && !_ledger.isTokenAllowed(token)) revert AccessMarket_TokenNotAllowed(token);
        Offer offer = OfferLib.pack(terms);
        _offers[offerId] = offer;
        if (offer.isGated()) _gates[offerId] = terms.gate;
        if (offer.isBracketed()) _brackets[offerId] = Pricing.packBrackets(terms.brackets);
        if (price != 0 && _isHeld(offer)) _allowLedger(token);
        emit OfferListed(offerId, asset, token, terms);
    }

    function _checkTerms(OfferTerms calldata terms) private pure {
        if (terms.price > HELD_MAX) revert AccessMarket_PriceTooLarge(terms.price);
        uint256 flags = terms.flags;
        bool isTimed = flags & OfferLib.TIMED_FLAG != 0;
        bool isInvalid = flags > OfferLib.FLAGS_MASK
            // A pass that may be moved would pass the gate.
            || (terms.gate != 0 && flags & OfferLib.TRANSFERABLE_FLAG != 0)
            // A timed pass is given back day by day, and only its days have brackets.
            || (isTimed ? terms.refundHours != 0 : terms.brackets.length != 0);
        if (terms.usage == Usage.Exclusive) {
            // An exclusive sale is perpetual and final, and nobody means to end all sales for nothing.
            isInvalid = isInvalid || isTimed || terms.refundHours != 0 || terms.price == 0;
        }
        if (isInvalid) revert AccessMarket_TermsInvalid();
    }

    /// @dev What waits here enters the ledger by an allowance like any other money, so the ledger measures it too.
    function _allowLedger(address token) private {
        if (IERC20(token).allowance(address(this), address(_ledger)) > HELD_MAX) return;
        SafeTransferLib.safeApprove(token, address(_ledger), type(uint256).max);
    }

    function _openOffer(uint256 offerId) internal view returns (Offer offer) {
        offer = _offers[offerId];
        if (!offer.isOpen()) revert AccessMarket_OfferClosed(offerId);
    }

    function _priceOf(uint256 offerId, Offer offer, uint256 quantity) internal view returns (uint256 price) {
        price = offer.price();
        if (offer.isPlain() && quantity == 1) return price;
        if (offer.isTimed()) {
            if (quantity == 0 || quantity > QUANTITY_MAX) revert AccessMarket_QuantityInvalid(quantity);
            return Pricing.ofDays(price, offer.isBracketed() ? _brackets[offerId] : 0, quantity);
        }
        if (quantity != 1) revert AccessMarket_QuantityInvalid(quantity);
        if (offer.isExclusive()) return Pricing.decayed(price, block.timestamp - offer.listedAt());
    }

    /// @dev Whether what is paid for it may still go back, and so waits in the market.
    function _isHeld(Offer offer) internal pure returns (bool) {
        return !offer.isPlain() && (offer.isTimed() || offer.refundHours() != 0);
    }

    function _requireOwner(uint256 asset) internal view {
        if (_ownerOf(asset) != msg.sender) revert AccessMarket_NotOwner(msg.sender, asset);
    }

    function _ownerOf(uint256 asset) internal view returns (address owner) {
        (owner,) = _registry.ratesOf(asset);
    }

    function _bundleIdOf(address owner, uint256[] memory offerIds, uint16 discountBps) internal pure returns (bytes32) {
        return keccak256(abi.encode(owner, offerIds, discountBps));
    }
}
