// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "./IAccessMarket.sol";

/// @notice An offer in one word, lowest bits first: token (160 bits), mantissa (40) and decimal exponent (8) of the price,
/// usage (3), state (2), flags (2), whether it has a gate (1) and brackets (1) in words of their own, and a time (39): the
/// refund window in hours, or of an exclusive offer the second it was listed at.
type Offer is uint256;

using OfferLib for Offer global;

/// @title OfferLib
/// @notice Packs and reads offers. What the terms may be is checked by the market.
library OfferLib {
    uint256 internal constant MANTISSA_SHIFT = 160;
    uint256 internal constant EXPONENT_SHIFT = 200;
    uint256 internal constant USAGE_SHIFT = 208;
    uint256 internal constant STATE_SHIFT = 211;
    uint256 internal constant FLAGS_SHIFT = 213;
    uint256 internal constant TIME_SHIFT = 217;

    uint256 internal constant USAGE_MASK = 7;
    uint256 internal constant STATE_MASK = 3;
    uint256 internal constant FLAGS_MASK = 3;
    uint256 internal constant OPEN = 1 << STATE_SHIFT;
    uint256 internal constant CLOSED = 2 << STATE_SHIFT;
    uint256 internal constant TIMED_FLAG = 1;
    uint256 internal constant TRANSFERABLE_FLAG = 2;
    uint256 internal constant TIMED = TIMED_FLAG << FLAGS_SHIFT;
    uint256 internal constant TRANSFERABLE = TRANSFERABLE_FLAG << FLAGS_SHIFT;
    uint256 internal constant GATED = 1 << 215;
    uint256 internal constant BRACKETED = 1 << 216;

    uint256 internal constant MANTISSA_MAX = type(uint40).max;
    uint256 internal constant EXCLUSIVE = uint256(IAccessMarket.Usage.Exclusive);

    function pack(IAccessMarket.OfferTerms calldata terms) internal view returns (Offer) {
        uint256 usage = uint256(terms.usage);
        uint256 time = usage == EXCLUSIVE ? block.timestamp : terms.refundHours;
        uint256 word = uint256(uint160(terms.token)) | _packPrice(terms.price) | usage << USAGE_SHIFT | OPEN
            | uint256(terms.flags) << FLAGS_SHIFT | time << TIME_SHIFT;
        if (terms.gate != 0) word |= GATED;
        if (terms.brackets.length != 0) word |= BRACKETED;
        return Offer.wrap(word);
    }

    function close(Offer offer) internal pure returns (Offer) {
        return Offer.wrap(Offer.unwrap(offer) ^ (OPEN ^ CLOSED));
    }

    function token(Offer offer) internal pure returns (address) {
        return address(uint160(Offer.unwrap(offer)));
    }

    /// @dev Of a listed offer it is what was packed, so the product fits.
    function price(Offer offer) internal pure returns (uint256) {
        uint256 word = Offer.unwrap(offer);
        unchecked {
            return uint40(word >> MANTISSA_SHIFT) * 10 ** uint8(word >> EXPONENT_SHIFT);
        }
    }

    function usageOf(Offer offer) internal pure returns (IAccessMarket.Usage) {
        return IAccessMarket.Usage(Offer.unwrap(offer) >> USAGE_SHIFT & USAGE_MASK);
    }

    function flags(Offer offer) internal pure returns (uint8) {
        return uint8(Offer.unwrap(offer) >> FLAGS_SHIFT & FLAGS_MASK);
    }

    function isListed(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) >> STATE_SHIFT & STATE_MASK != 0;
    }

    function isOpen(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) & OPEN != 0;
    }

    /// @dev Perpetual, final, for everyone and at one price: nothing of what makes an offer special is set.
    function isPlain(Offer offer) internal pure returns (bool) {
        return (Offer.unwrap(offer) >> FLAGS_SHIFT | TRANSFERABLE_FLAG) == TRANSFERABLE_FLAG;
    }

    function isTimed(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) & TIMED != 0;
    }

    function isTransferable(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) & TRANSFERABLE != 0;
    }

    function isGated(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) & GATED != 0;
    }

    function isBracketed(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) & BRACKETED != 0;
    }

    function isExclusive(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) >> USAGE_SHIFT & USAGE_MASK == EXCLUSIVE;
    }

    /// @dev Not of exclusive offers, which are final.
    function refundHours(Offer offer) internal pure returns (uint256) {
        return offer.isExclusive() ? 0 : Offer.unwrap(offer) >> TIME_SHIFT;
    }

    /// @dev Of exclusive offers only.
    function listedAt(Offer offer) internal pure returns (uint256) {
        return offer.isExclusive() ? Offer.unwrap(offer) >> TIME_SHIFT : 0;
    }

    /// @dev A price is a mantissa and a power of ten; one with more digits than that has no exact form.
    function _packPrice(uint256 price_) private pure returns (uint256) {
        uint256 mantissa = price_;
        uint256 exponent;
        while (mantissa > MANTISSA_MAX) {
            if (mantissa % 10 != 0) revert IAccessMarket.AccessMarket_PriceInexact(price_);
            mantissa /= 10;
            ++exponent;
        }
        return mantissa << MANTISSA_SHIFT | exponent << EXPONENT_SHIFT;
    }
}
