// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "./IAssetRegistry.sol";

/// @title VersionWord
/// @notice All that the registry knows of a version but its commitment and edges, in 96 bits: the spare ones of an asset's
/// owner slot hold its first version's, with the asset's own marks; a later version's stands below its asset's id.
library VersionWord {
    // A version's own parts.
    uint256 internal constant ROYALTY_MASK = (1 << 13) - 1;
    uint256 internal constant OWED_SHIFT = 13;
    uint256 internal constant OWED_MASK = (1 << 14) - 1;
    uint256 internal constant FEE_SHIFT = 27;
    uint256 internal constant FEE_MASK = (1 << 9) - 1;
    uint256 internal constant CONTRIBUTOR_SHIFT = 36;
    uint256 internal constant CONTRIBUTOR_MASK = (1 << 14) - 1;
    uint256 internal constant SERVE_SHIFT = 50;
    uint256 internal constant SERVE_MASK = (1 << 14) - 1;
    uint256 internal constant KIND_SHIFT = 64;
    uint256 internal constant KIND_MASK = (1 << 4) - 1;
    uint256 internal constant TERMS_SHIFT = 68;
    uint256 internal constant TERMS_MASK = (1 << 4) - 1;
    uint256 internal constant DEPTH_SHIFT = 72;
    uint256 internal constant DEPTH_MASK = (1 << 3) - 1;
    uint256 internal constant FREE_ONLY = 1 << 75;
    uint256 internal constant ROYALTIES_SHIFT = 76;
    uint256 internal constant ROYALTIES_MASK = (1 << 5) - 1;
    uint256 internal constant HAS_SUPPLIES = 1 << 81;
    uint256 internal constant ERASED = 1 << 82;
    // The asset's marks.
    uint256 internal constant RENEWED = 1 << 83;
    uint256 internal constant RETIRED = 1 << 84;
    uint256 internal constant SOLD_EXCLUSIVELY = 1 << 85;
    uint256 internal constant CURRENT_ERASED = 1 << 86;
    uint256 internal constant TILL_SET = 1 << 87;
    uint256 internal constant RELEASED = 1 << 88;
    uint256 internal constant NOT_FOR_SALE = RETIRED | SOLD_EXCLUSIVELY | CURRENT_ERASED;
    // A later version's asset.
    uint256 internal constant ASSET_SHIFT = 96;

    function ofTerms(uint256 royaltyBps_, uint256 serveBps_, uint256 flags) internal pure returns (uint256) {
        return royaltyBps_ | serveBps_ << SERVE_SHIFT | flags << TERMS_SHIFT;
    }

    function ofRates(uint256 feeBps_, uint256 owedBps_, uint256 contributorBps_) internal pure returns (uint256) {
        return owedBps_ << OWED_SHIFT | feeBps_ << FEE_SHIFT | contributorBps_ << CONTRIBUTOR_SHIFT;
    }

    function ofKind(IAssetRegistry.Kind kind_) internal pure returns (uint256) {
        return uint256(kind_) << KIND_SHIFT;
    }

    function ofSupplyDepth(uint256 depth) internal pure returns (uint256) {
        return depth << DEPTH_SHIFT;
    }

    function ofRoyalties(uint256 count) internal pure returns (uint256) {
        return count << ROYALTIES_SHIFT;
    }

    function withAsset(uint256 word, uint256 asset_) internal pure returns (uint256) {
        return word | asset_ << ASSET_SHIFT;
    }

    function asset(uint256 word) internal pure returns (uint256) {
        return word >> ASSET_SHIFT;
    }

    function kind(uint256 word) internal pure returns (IAssetRegistry.Kind) {
        return IAssetRegistry.Kind(word >> KIND_SHIFT & KIND_MASK);
    }

    function royaltyBps(uint256 word) internal pure returns (uint256) {
        return word & ROYALTY_MASK;
    }

    function owedBps(uint256 word) internal pure returns (uint256) {
        return word >> OWED_SHIFT & OWED_MASK;
    }

    function feeBps(uint256 word) internal pure returns (uint256) {
        return word >> FEE_SHIFT & FEE_MASK;
    }

    function contributorBps(uint256 word) internal pure returns (uint256) {
        return word >> CONTRIBUTOR_SHIFT & CONTRIBUTOR_MASK;
    }

    function serveBps(uint256 word) internal pure returns (uint256) {
        return word >> SERVE_SHIFT & SERVE_MASK;
    }

    function supplyDepth(uint256 word) internal pure returns (uint256) {
        return word >> DEPTH_SHIFT & DEPTH_MASK;
    }

    /// @notice How many ancestors it owes.
    function royalties(uint256 word) internal pure returns (uint256) {
        return word >> ROYALTIES_SHIFT & ROYALTIES_MASK;
    }

    function rates(uint256 word) internal pure returns (IAssetRegistry.Rates memory) {
        return IAssetRegistry.Rates({
            feeBps: uint16(feeBps(word)), owedBps: uint16(owedBps(word)), contributorBps: uint16(contributorBps(word))
        });
    }

    function terms(uint256 word) internal pure returns (IAssetRegistry.Terms memory) {
        return IAssetRegistry.Terms({
            royaltyBps: uint16(royaltyBps(word)),
            serveBps: uint16(serveBps(word)),
            flags: uint8(word >> TERMS_SHIFT & TERMS_MASK)
        });
    }

    function allowsDerivatives(uint256 word) internal pure returns (bool) {
        return word & 1 << TERMS_SHIFT != 0;
    }

    function needsConsent(uint256 word) internal pure returns (bool) {
        return word & 2 << TERMS_SHIFT != 0;
    }

    function allowsCommercialUse(uint256 word) internal pure returns (bool) {
        return word & 8 << TERMS_SHIFT != 0;
    }
}
